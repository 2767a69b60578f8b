/**
 * What SOCKS 4, 4a and 5 (RFC 1928, 1929) put on the wire.
 * @module
 */
import { decodeUtf8, encodeUtf8 } from "../bytes.ts";

/** Where to, for one request. */
export interface SOCKSTarget {
  /** A name or an address in text form. */
  readonly host: string;
  /** The port. */
  readonly port: number;
}

/**
 * The text form of an address of 4 or 16 bytes. An IPv4 address inside an IPv6 one is written as what it is: whoever
 * allows or forbids addresses sees it in one form only.
 */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.every((byte, i) => i >= 12 || byte === (i < 10 ? 0 : 255))) return bytes.subarray(12).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[i * 2]! << 8 | bytes[i * 2 + 1]!).toString(16));
  return groups.join(":").replace(/(?:^|:)0(?::0)+(?::|$)/, "::");
}

/**
 * A host in the one form in which it is shown: addresses that were sent as names (`127.1`, `::ffff:7f00:1`) would be
 * taken for addresses by the system, too.
 *
 * @returns `null` for what is neither a name nor an address.
 */
export function plainHost(host: string): string | null {
  if (host.includes(":")) {
    const words = wordsOf(host);
    return words === null
      ? null
      : addressText(Uint8Array.from(words.flatMap((word) => [word >> 8, word & 255])));
  }
  if (!/(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$/i.test(host)) return host;
  const url = `http://${host}/`; // no name ends with a number
  return /^[0-9a-fx.]+$/i.test(host) && URL.canParse(url) ? new URL(url).hostname : null;
}

// The eight words of an IPv6 address, or `null` for what is none.
function wordsOf(host: string): number[] | null {
  const url = `http://[${host}]/`;
  if (!/^[0-9a-f:.]+$/i.test(host) || !URL.canParse(url)) return null;
  const [head = "", tail] = new URL(url).hostname.slice(1, -1).split("::");
  const words = (text = "") => text === "" ? [] : text.split(":").map((word) => parseInt(word, 16));
  const [before, after] = [words(head), words(tail)];
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** An address, as SOCKS 5 writes it: its type, then the bytes. */
export function addressBytes(host: string): Uint8Array {
  const quad = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host);
  if (quad !== null && quad.slice(1).every((part) => Number(part) < 256)) {
    return Uint8Array.from([1, ...quad.slice(1).map(Number)]);
  }
  const words = host.includes(":") ? wordsOf(host) : null;
  if (words !== null) return Uint8Array.from([4, ...words.flatMap((word) => [word >> 8, word & 255])]);
  const name = encodeUtf8(host);
  if (name.length === 0 || name.length > 255) {
    throw new RangeError("Cannot ask for a host: its name has 1 to 255 bytes");
  }
  return Uint8Array.from([3, name.length, ...name]);
}

/** Takes bytes from the front of a buffer; `null` as soon as there are too few. */
export class Reader {
  #at = 0;
  constructor(readonly bytes: Uint8Array) {}

  /** How many were taken. */
  get used(): number {
    return this.#at;
  }

  /** The next bytes. */
  take(length: number): Uint8Array | null {
    if (this.bytes.length - this.#at < length) return null;
    this.#at += length;
    return this.bytes.slice(this.#at - length, this.#at);
  }

  /** A text that ends with a NUL. @returns `null` if there is no end yet, `undefined` if it is too long. */
  takeZeroEnded(maxBytes: number): string | null | undefined {
    const end = this.bytes.indexOf(0, this.#at);
    if (end < 0) return this.bytes.length - this.#at > maxBytes ? undefined : null;
    if (end - this.#at > maxBytes) return undefined;
    const text = decodeUtf8(this.bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return text;
  }

  /** An address of SOCKS 5 and a port. @returns `undefined` if its type is unknown. */
  takeTarget(): SOCKSTarget | null | undefined {
    const kind = this.take(1);
    if (kind === null) return null;
    let length = kind[0] === 1 ? 4 : 16;
    if (kind[0] === 3) {
      const prefix = this.take(1);
      if (prefix === null) return null;
      length = prefix[0]!;
    } else if (kind[0] !== 1 && kind[0] !== 4) return undefined;
    const host = this.take(length);
    const port = host === null ? null : this.take(2);
    if (host === null || port === null) return null;
    return { host: kind[0] === 3 ? decodeUtf8(host) : addressText(host), port: port[0]! << 8 | port[1]! };
  }
}
