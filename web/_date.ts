/**
 * Dates of HTTP (RFC 9110 §5.6.7), and the one for now made once a second.
 * @module
 */
let second = -1;
let text = "";

/**
 * The lines `Server` and `Date` for now.
 *
 * @param now Milliseconds since the epoch.
 */
export function serverAndDate(now: number): string {
  const thisSecond = Math.floor(now / 1000);
  if (thisSecond !== second) {
    second = thisSecond;
    text = `Server: ${SERVER}\r\nDate: ${httpDate(now)}\r\n`;
  }
  return text;
}

let okSecond = -1;
let okPlain = "";
let okTyped = "";

/**
 * How most answers begin: status 200, `Server` and `Date`, then `Content-Length: `.
 *
 * @param now Milliseconds since the epoch.
 * @param type The line for the type, if there is one.
 */
export function okHead(now: number, type: "" | typeof DEFAULT_TYPE): string {
  const lines = serverAndDate(now);
  if (okSecond !== second) {
    okSecond = second;
    okPlain = `HTTP/1.1 200 OK\r\n${lines}Content-Length: `;
    okTyped = `HTTP/1.1 200 OK\r\n${lines}${DEFAULT_TYPE}Content-Length: `;
  }
  return type === "" ? okPlain : okTyped;
}

/** The line for a body whose type was not said. */
export const DEFAULT_TYPE = "Content-Type: text/html; charset=utf-8\r\n";

/** What the header `Server` says. */
export const SERVER = "Ropewalk";

/** A date as HTTP writes it. @param milliseconds Since the epoch. */
export function httpDate(milliseconds: number): string {
  return new Date(milliseconds).toUTCString();
}

/**
 * Reads a date of HTTP in any of its three forms.
 *
 * @returns Milliseconds since the epoch, or `null` if it is none of them.
 */
export function parseHTTPDate(value: string): number | null {
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(value)) return null;
  const asctime = /^\w{3} (\w{3}) ([ \d]\d) (\d\d:\d\d:\d\d) (\d{4})$/.exec(value);
  const normal = asctime === null ? value : `${asctime[2]} ${asctime[1]} ${asctime[4]} ${asctime[3]} GMT`;
  const time = Date.parse(normal);
  return Number.isNaN(time) ? null : time;
}
