/**
 * Access logs: one line or record for each answer.
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Request } from "./request.ts";

/** What is known of one answered request. */
export interface AccessRecord {
  /** The client's address. */
  client: string;
  /** The user that basic authorization named; empty without. */
  user: string;
  /** Milliseconds since the epoch. */
  time: number;
  /** The method. */
  method: string;
  /** The target, as it was sent. */
  uri: string;
  /** `HTTP/1.1` */
  protocol: string;
  /** The status; 0 if the client went away before there was an answer. */
  status: number;
  /** Bytes of body that were sent. */
  bytes: number;
  /** Where the client says it came from; empty if it does not. */
  referer: string;
  /** What the client says it is; empty if it does not. */
  userAgent: string;
}

/** Hears of every answered request. */
export type AccessLogger = (record: AccessRecord) => void;

/**
 * How answers are logged: in the combined format, the same with the client that a proxy in front names (the first of
 * `X-Forwarded-For`: whoever reaches the site without the proxy can claim to be anybody), as JSON, not at all, or by a
 * function.
 */
export type AccessLog = "combined" | "proxied" | "json" | "none" | AccessLogger;

/** What is known of a request that is done; `proxied` if a proxy in front says who the client is. */
export function accessRecord(request: Request, time: number, proxied = false): AccessRecord {
  return {
    client: (proxied ? forwardedFor(request) : request.getClientIP()) ?? "-",
    user: request.getUser(),
    time,
    method: request.method,
    uri: request.uri,
    protocol: request.clientproto,
    status: request.startedWriting ? request.code : 0,
    bytes: request.sentLength,
    referer: request.getHeader("referer") ?? "",
    userAgent: request.getHeader("user-agent") ?? "",
  };
}

function forwardedFor(request: Request): string | undefined {
  const first = request.requestHeaders.getRawHeaders("x-forwarded-for")[0];
  return first === undefined ? undefined : first.split(",")[0]!.trim();
}

/** What would end a quoted field or a line. */
function quoted(text: string): string {
  return text.replace(/["\\]|[^\x20-\x7e]/gu, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    const code = character.codePointAt(0)!;
    return code > 0xff ? `\\u{${code.toString(16)}}` : `\\x${code.toString(16).padStart(2, "0")}`;
  });
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `22/Nov/2026:23:58:40 +0000` */
function stamp(time: number): string {
  const iso = new Date(time).toISOString();
  return `${iso.slice(8, 10)}/${MONTHS[Number(iso.slice(5, 7)) - 1]}/${iso.slice(0, 4)}:${
    iso.slice(11, 19)
  } +0000`;
}

/**
 * A record as a line of the combined log format, as Twisted writes it.
 *
 * @param record What is known of a request.
 *
 * @example
 * ```ts
 * import { combinedLine } from "@ropewalk/web";
 * import { assertEquals } from "@std/assert";
 *
 * const line = combinedLine({
 *   client: "127.0.0.1", user: "", time: 0, method: "GET", uri: "/", protocol: "HTTP/1.1",
 *   status: 200, bytes: 10, referer: "", userAgent: "curl",
 * });
 * assertEquals(line, '"127.0.0.1" - - [01/Jan/1970:00:00:00 +0000] "GET / HTTP/1.1" 200 10 "-" "curl"');
 * ```
 */
export function combinedLine(record: AccessRecord): string {
  const { client, user, time, method, uri, protocol, status, bytes, referer, userAgent } = record;
  return `"${quoted(client)}" - ${user === "" ? "-" : quoted(user).replaceAll(" ", "\\x20")} [${
    stamp(time)
  }] ` +
    `"${quoted(`${method} ${uri} ${protocol}`)}" ${status === 0 ? "-" : status} ${
      bytes === 0 ? "-" : bytes
    } ` +
    `"${quoted(referer) || "-"}" "${quoted(userAgent) || "-"}"`;
}

/**
 * The function for a kind of log; `null` for none. Lines go to LogTape, category `ropewalk.web.access`, level info, or to
 * `write` if it is given.
 */
export function accessLogger(
  log: AccessLog,
  write: ((line: string) => void) | null,
): ((request: Request, time: number) => void) | null {
  const proxied = log === "proxied";
  if (write !== null) {
    const hear = typeof log === "function" ? log : null;
    const lineOf = log === "json" ? (record: AccessRecord) => JSON.stringify(record) : combinedLine;
    return (request, time) => {
      const record = accessRecord(request, time, proxied);
      write(lineOf(record));
      hear?.(record);
    };
  }
  if (log === "none") return null;
  if (typeof log === "function") return (request, time) => log(accessRecord(request, time));
  const logger = getLogger(["ropewalk", "web", "access"]);
  return (request, time) => {
    if (!logger.isEnabledFor("info")) return;
    const record = accessRecord(request, time, proxied);
    if (log === "json") logger.info("{json}", { ...record, json: JSON.stringify(record) });
    else logger.info("{line}", { ...record, line: combinedLine(record) });
  };
}
