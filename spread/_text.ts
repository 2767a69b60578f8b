/**
 * Text out of bytes. Names (the keys of records, methods, types) come again and again: they are looked up in a table of
 * those met before, which is faster than making them and gives the engine the very string it knows properties by.
 * @module
 */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

// 1,024 slots, each with the last name that fell there.
const SLOTS = 1024;
const names: string[] = new Array(SLOTS).fill("");
const values: string[] = new Array(SLOTS).fill("");
/** Names up to this many bytes are remembered. */
const LONGEST_NAME = 32;
/** Other text up to this many bytes is: beyond, the host's decoder is faster. */
const LONGEST_VALUE = 8;

/** The host's faster way to UTF-8, where there is one. */
interface HostBuffer {
  utf8Slice(start: number, end: number): string;
}
const utf8Slice = (globalThis as { Buffer?: { prototype: HostBuffer } }).Buffer?.prototype.utf8Slice;

function make(bytes: Uint8Array, start: number, end: number): string {
  if (utf8Slice !== undefined) return utf8Slice.call(bytes as never, start, end);
  return decoder.decode(bytes.subarray(start, end));
}

/** The text of some bytes, from UTF-8; malformed bytes become U+FFFD. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > LONGEST_VALUE) return make(bytes, start, end);
  const slot = slotOf(bytes, start, end);
  const known = values[slot]!;
  return same(known, bytes, start, end) ? known : values[slot] = make(bytes, start, end);
}

/** As {@linkcode decodeText}, for text that is likely to have been met before. */
export function nameText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > LONGEST_NAME) return make(bytes, start, end);
  const slot = slotOf(bytes, start, end);
  const known = names[slot]!;
  return same(known, bytes, start, end) ? known : names[slot] = asKey(make(bytes, start, end));
}

// The string as an object holds it for a key: the engine finds properties by that one without hashing it again.
function asKey(text: string): string {
  for (const key in { [text]: 0 }) return key;
  return text;
}

function slotOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let i = start; i < end; i++) hash = hash * 31 + bytes[i]! | 0;
  return (hash ^ hash >>> 10) & SLOTS - 1;
}

function same(known: string, bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  // Text of as many characters as bytes is ASCII if every character is its byte, and below 0x80.
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i]!;
    if (known.charCodeAt(i) !== byte || byte > 0x7f) return false;
  }
  return true;
}
