/**
 * The header lines of one message: checked byte by byte, sliced only when somebody asks. Server and client share it, and
 * so do trailers.
 *
 * ```text
 *   text    Host: a.example\r\nAccept:  *\/*\r\n          a one-byte string of exactly these lines
 *   spans   0 4  6 15          17 23 26 29               name from/to, value from/to, for each line
 * ```
 * @module
 */
import { decodeUtf8Strictly, fromLatin1, hasHighBytes, latin1 } from "@ropewalk/protocols/bytes";

const TOKEN = 1; // tchar, RFC 9110 §5.6.2
const VALUE = 2; // field-vchar, SP and HTAB, RFC 9110 §5.5
const TARGET = 4; // what a request target may hold, RFC 3986: visible ASCII

/** What each byte may be part of. */
const CLASS = new Uint8Array(256);
for (let c = 0x21; c <= 0x7e; c++) CLASS[c] = VALUE | TARGET;
for (let c = 0x80; c <= 0xff; c++) CLASS[c] = VALUE;
CLASS[0x20] = CLASS[0x09] = VALUE;
for (const c of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  CLASS[c.charCodeAt(0)]! |= TOKEN;
}

/** True for a byte of a token. */
export function isTokenByte(byte: number): boolean {
  return (CLASS[byte]! & TOKEN) !== 0;
}

/** True for a byte of a field's value. */
export function isValueByte(byte: number): boolean {
  return (CLASS[byte]! & VALUE) !== 0;
}

/** True for a byte of a request target. */
export function isTargetByte(byte: number): boolean {
  return (CLASS[byte]! & TARGET) !== 0;
}

/** A message that breaks the rules: the status to answer with, and why. A value, not thrown: peers do this all day. */
export class Fault {
  /**
   * @param status The status a server answers with.
   * @param reason One line for the peer, without details of ours.
   */
  constructor(readonly status: number, readonly reason: string) {}
}

/** The limits that {@linkcode scanHeaders} holds to. */
export interface HeaderLimits {
  /** One line, in bytes. */
  maxHeaderLineBytes: number;
  /** All lines, in bytes. */
  maxHeaderBytes: number;
  /** How many lines. */
  maxHeaders: number;
}

const NOT_A_NAME = new Fault(400, "A header's name is not a token");
const NO_COLON = new Fault(400, "A header line has no colon");
const FOLDED = new Fault(400, "A header is folded over several lines");
const NOT_A_VALUE = new Fault(400, "A header's value holds a control character");
const LINE_TOO_LONG = new Fault(431, "A header line is too long");
const TOO_MANY = new Fault(431, "There are too many headers");
const TOO_LONG = new Fault(431, "The headers are too long");

/** The header lines of one message. Immutable, so requests that repeat their headers share one. */
export class HeaderBlock {
  #map: Map<string, string | string[]> | null = null;

  /**
   * Made by a parser.
   *
   * @param text The lines, each with its CRLF, as a one-byte string.
   * @param spans Four offsets into it for each line: where the name and the value begin and end.
   * @param ascii True if all of it is known to be ASCII.
   */
  constructor(readonly text: string, readonly spans: readonly number[], readonly ascii: boolean = false) {}

  /** How many lines there are. */
  get count(): number {
    return this.spans.length >> 2;
  }

  /** The name in line `index`, as it was sent. */
  name(index: number): string {
    return this.text.slice(this.spans[4 * index]!, this.spans[4 * index + 1]!);
  }

  /** The value in line `index`: UTF-8 where it is that, else a one-byte string. */
  value(index: number): string {
    const raw = this.text.slice(this.spans[4 * index + 2]!, this.spans[4 * index + 3]!);
    return this.ascii ? raw : fieldText(raw);
  }

  /** True if line `index` has this name, given in lower case. */
  isNamed(index: number, lower: string): boolean {
    const start = this.spans[4 * index]!;
    return this.spans[4 * index + 1]! - start === lower.length && this.name(index).toLowerCase() === lower;
  }

  /** The last value under a name, given in lower case. */
  get(lower: string): string | undefined {
    const found = this.#index().get(lower);
    return typeof found === "object" ? found[found.length - 1] : found;
  }

  /** All values under a name, given in lower case, in order. */
  getAll(lower: string): readonly string[] {
    const found = this.#index().get(lower);
    return found === undefined ? [] : typeof found === "object" ? found : [found];
  }

  #index(): Map<string, string | string[]> {
    if (this.#map !== null) return this.#map;
    const map = new Map<string, string | string[]>();
    for (let i = 0; i < this.count; i++) {
      const name = this.name(i).toLowerCase();
      const value = this.value(i);
      const before = map.get(name);
      if (before === undefined) map.set(name, value);
      else if (typeof before === "string") map.set(name, [before, value]);
      else before.push(value);
    }
    return this.#map = map;
  }
}

/** No headers. */
export const EMPTY_BLOCK: HeaderBlock = new HeaderBlock("", []);

function fieldText(raw: string): string {
  if (!hasHighBytes(raw)) return raw;
  try {
    return decodeUtf8Strictly(fromLatin1(raw));
  } catch {
    return raw;
  }
}

/**
 * Checks header lines and finds their parts.
 *
 * @param data The bytes.
 * @param from The first byte of the first line.
 * @param to Just past the CRLF of the last line.
 * @param limits What is too much.
 * @param text The bytes as a one-byte string, if there is one.
 */
export function scanHeaders(
  data: Uint8Array,
  from: number,
  to: number,
  limits: HeaderLimits,
  text?: string,
): HeaderBlock | Fault {
  if (to - from > limits.maxHeaderBytes) return TOO_LONG;
  const spans: number[] = [];
  let high = 0; // of all bytes of values
  let i = from;
  while (i < to) {
    if (spans.length >= 4 * limits.maxHeaders) return TOO_MANY;
    const lineStart = i;
    while ((CLASS[data[i]!]! & TOKEN) !== 0) i++;
    if (data[i] !== 0x3a || i === lineStart) return badName(data, lineStart, i);
    const nameEnd = i++;
    while (data[i] === 0x20 || data[i] === 0x09) i++;
    const valueStart = i;
    for (let byte = data[i]!; (CLASS[byte]! & VALUE) !== 0; byte = data[++i]!) high |= byte;
    if (data[i] !== 0x0d || data[i + 1] !== 0x0a || i + 2 > to) return NOT_A_VALUE;
    if (i - lineStart > limits.maxHeaderLineBytes) return LINE_TOO_LONG;
    let valueEnd = i;
    while (valueEnd > valueStart && (data[valueEnd - 1] === 0x20 || data[valueEnd - 1] === 0x09)) valueEnd--;
    spans.push(lineStart - from, nameEnd - from, valueStart - from, valueEnd - from);
    i += 2;
  }
  return new HeaderBlock(text ?? latin1(data, from, to), spans, high < 0x80);
}

function badName(data: Uint8Array, lineStart: number, at: number): Fault {
  if (at === lineStart && (data[at] === 0x20 || data[at] === 0x09)) return FOLDED;
  return data[at] === 0x0d ? NO_COLON : NOT_A_NAME;
}
