/**
 * IRC messages (RFC 1459 §2.3, RFC 2812): one line each.
 * @module
 */
import { decodeUtf8, encodeUtf8 } from "../bytes.ts";

/** The longest line, in bytes, with its end. */
export const MAX_LINE_BYTES: number = 512;

/** One message. */
export interface Message {
  /** Who it is from: `nick!user@host`, a server, or `""`. */
  readonly prefix: string;
  /** The command: a word, or three digits. */
  readonly command: string;
  /** Its parameters; only the last one may hold spaces. */
  readonly params: readonly string[];
}

/** A line cannot be sent: it would be another line, or several. */
export class IRCBadMessage extends Error {
  /** Stable identifier of this kind of error. */
  readonly code = "IRC_BAD_MESSAGE";
  /** The name of the class. */
  override readonly name = "IRCBadMessage";
}

/**
 * Reads a line.
 *
 * @returns `null` for an empty one.
 */
export function parseMessage(line: string): Message | null {
  let rest = line;
  if (rest.startsWith("@")) rest = rest.slice(rest.indexOf(" ") + 1 || rest.length).trimStart(); // tags of IRCv3
  let prefix = "";
  if (rest.startsWith(":")) {
    const space = rest.indexOf(" ");
    if (space < 0) return null;
    prefix = rest.slice(1, space);
    rest = rest.slice(space + 1);
  }
  const colon = rest.startsWith(":") ? 0 : rest.indexOf(" :");
  const words = (colon < 0 ? rest : rest.slice(0, colon)).split(" ").filter((word) => word !== "");
  if (words.length === 0) return null;
  const params = words.slice(1);
  if (colon >= 0) params.push(rest.slice(colon + 2));
  return { prefix, command: words[0]!.toUpperCase(), params };
}

/**
 * Writes a line, without its end.
 *
 * @throws {IRCBadMessage} If it holds what would make another message of it.
 */
export function formatMessage(command: string, params: readonly string[] = [], prefix = ""): string {
  const words = [prefix === "" ? command : `:${prefix} ${command}`];
  params.forEach((param, i) => {
    const last = i === params.length - 1;
    if (last && (param === "" || param.startsWith(":") || param.includes(" "))) words.push(`:${param}`);
    else if (param === "" || param.includes(" ") || param.startsWith(":")) {
      throw new IRCBadMessage("Cannot send a message: only the last parameter may be empty or hold spaces");
    } else words.push(param);
  });
  const line = words.join(" ");
  if (/[\r\n\0]/.test(line)) throw new IRCBadMessage("Cannot send a message: it holds a line's end");
  return line;
}

/** The nick of `nick!user@host`. */
export function nickOf(prefix: string): string {
  const end = prefix.search(/[!@]/);
  return end < 0 ? prefix : prefix.slice(0, end);
}

/** The beginning of a text: at most so many bytes of UTF-8, and no half of a character. */
export function cutText(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  const bytes = encodeUtf8(text);
  return bytes.length <= maxBytes ? text : decodeUtf8(bytes.subarray(0, characterEnd(bytes, maxBytes)));
}

function characterEnd(bytes: Uint8Array, at: number): number {
  while ((bytes[at]! & 0xc0) === 0x80) at--;
  return at;
}

/**
 * Cuts text into pieces of at most so many bytes of UTF-8: at line ends, else between words, else between characters.
 *
 * @param text What to cut.
 * @param maxBytes How long a piece may be.
 */
export function splitText(text: string, maxBytes: number): string[] {
  if (maxBytes < 4) throw new RangeError(`Cannot cut text into pieces of ${maxBytes} bytes`);
  const pieces: string[] = [];
  for (const line of text.split(/\r\n|\r|\n|\0/)) {
    let rest = encodeUtf8(line);
    while (rest.length > maxBytes) {
      let end = rest.lastIndexOf(32, maxBytes);
      let skip = 1;
      if (end <= 0) {
        end = characterEnd(rest, maxBytes);
        skip = 0;
      }
      pieces.push(decodeUtf8(rest.subarray(0, end)));
      rest = rest.subarray(end + skip);
    }
    if (rest.length > 0) pieces.push(decodeUtf8(rest));
  }
  return pieces;
}
