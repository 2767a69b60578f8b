/**
 * Text out of bytes. Short strings come again and again in what programs send each other (the keys of records, names
 * of methods): they are looked up in a table of those met before, which is faster than making them and lets the engine
 * find properties by them without hashing.
 * @module
 */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

// 1,024 slots, each with the last short string that fell there.
const SLOTS = 1024;
const met: string[] = new Array(SLOTS).fill("");
/** Strings up to this many bytes are remembered. */
const SHORT = 24;

/** The host's faster way to one-byte strings and UTF-8, where there is one. */
interface HostBuffer {
  utf8Slice(start: number, end: number): string;
}
const utf8Slice = (globalThis as { Buffer?: { prototype: HostBuffer } }).Buffer?.prototype.utf8Slice;

/** The text of some bytes, from UTF-8; malformed bytes become U+FFFD. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT) return shortText(bytes, start, end);
  if (utf8Slice !== undefined) return utf8Slice.call(bytes as never, start, end);
  return decoder.decode(bytes.subarray(start, end));
}

/** As {@linkcode decodeText}, for text that is likely to have been met before. */
export function shortText(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length > SHORT) return decodeText(bytes, start, end);
  let hash = length;
  for (let i = start; i < end; i++) hash = (hash * 31 + bytes[i]!) | 0;
  const slot = (hash ^ (hash >>> 10)) & (SLOTS - 1);
  const known = met[slot]!;
  if (known.length === length) {
    let i = 0;
    while (i < length && known.charCodeAt(i) === bytes[start + i]) i++;
    // Text of as many characters as bytes is ASCII, so that characters and bytes are the same.
    if (i === length) return known;
  }
  let text = "";
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte > 127) return decoder.decode(bytes.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  met[slot] = text;
  return text;
}
