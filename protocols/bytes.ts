/**
 * Bytes and text: what parsers of text protocols need, at the speed of the host.
 *
 * A one-byte string (latin1) of a chunk has one character for each byte, so an index into it is an offset into the
 * chunk, and the engine's string search is vectorised where that of typed arrays is not.
 *
 * @example
 * ```ts
 * import { latin1 } from "@ropewalk/protocols/bytes";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(latin1(new Uint8Array([65, 0xff, 10])).indexOf("\n"), 2);
 * ```
 *
 * @module
 */

type Slice = (this: Uint8Array, start: number, end: number) => string;

type Write = (this: Uint8Array, text: string, offset: number, length: number) => number;

interface HostBuffer {
  prototype: { latin1Slice?: Slice; latin1Write?: Write };
}

// The host's Buffer where there is one (Deno, Node, Bun); a browser has none. Deno must not be asked for the module in
// this way: it puts another MessageChannel in place of the program's, whose messages overtake promises.
const hostBuffer: HostBuffer | undefined = (() => {
  const host = globalThis as {
    Buffer?: HostBuffer;
    process?: { getBuiltinModule?: (name: string) => { Buffer?: HostBuffer } | undefined };
  };
  try {
    return host.Buffer ?? host.process?.getBuiltinModule?.("node:buffer")?.Buffer;
  } catch {
    return undefined;
  }
})();

const hostSlice = hostBuffer?.prototype.latin1Slice;
const hostWrite = hostBuffer?.prototype.latin1Write;

const encoder = new TextEncoder();
// Malformed bytes become U+FFFD; a byte-order mark is kept, as it is part of what was sent.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const strictDecoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** Bytes above 0x7F in a one-byte string: what may be more than ASCII. */
const HIGH = /[\x80-\xff]/;

/** No bytes at all. */
export const NO_BYTES: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** Without the host's help. Exported for its test: both ways must agree. */
export function portableLatin1(bytes: Uint8Array, start: number, end: number): string {
  const part = bytes.subarray(start, end);
  try {
    const text = strictDecoder.decode(part);
    if (text.length === part.length) return text; // so it was all ASCII
  } catch {
    // not UTF-8
  }
  let text = "";
  for (let i = 0; i < part.length; i += 8192) {
    text += String.fromCharCode.apply(null, part.subarray(i, i + 8192) as unknown as number[]);
  }
  return text;
}

/**
 * The one-byte string of some bytes: character `i` is byte `start + i`.
 *
 * @param bytes The bytes.
 * @param start Where to begin.
 * @param end Where to stop.
 */
export function latin1(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  return hostSlice !== undefined ? hostSlice.call(bytes, start, end) : portableLatin1(bytes, start, end);
}

/**
 * The bytes of a one-byte string, the reverse of {@linkcode latin1}.
 *
 * @param text Characters from U+0000 to U+00FF; of others the low byte is taken.
 */
export function fromLatin1(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  if (hostWrite !== undefined && text.length > 32) hostWrite.call(bytes, text, 0, text.length); // a call costs 100 ns
  else for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** True if a one-byte string holds anything but ASCII. */
export function hasHighBytes(text: string): boolean {
  return HIGH.test(text);
}

/** True if none of some bytes is above 0x7F. Four at a time: many times as fast as asking a string or one by one. */
export function isAscii(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
  let i = start;
  for (; i < end && ((bytes.byteOffset + i) & 3) !== 0; i++) if (bytes[i]! > 0x7f) return false;
  const count = (end - i) >> 2;
  if (count > 0) {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset + i, count);
    for (let word = 0; word < count; word++) if ((words[word]! & 0x80808080) !== 0) return false;
    i += count * 4;
  }
  for (; i < end; i++) if (bytes[i]! > 0x7f) return false;
  return true;
}

/** Decodes UTF-8; malformed bytes become U+FFFD, a byte-order mark is kept. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/**
 * Decodes UTF-8 strictly.
 *
 * @throws {TypeError} If the bytes are not UTF-8.
 */
export function decodeUtf8Strictly(bytes: Uint8Array): string {
  return strictDecoder.decode(bytes);
}

/** Encodes text as UTF-8. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** The bytes themselves, or the text as UTF-8. */
export function toBytes(data: Uint8Array | string): Uint8Array {
  return typeof data === "string" ? encoder.encode(data) : data;
}

/** Joins pieces into one new array. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** True if both hold the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
