/**
 * How long a text is once it is encoded.
 * @module
 */
const HIGH = /[^\0-\x7f]/;
/** Longer text is encoded to see: that costs a call, but nothing for each character. */
const SHORT = 128;

const encoder = new TextEncoder();
let room = new Uint8Array(0);

/**
 * How many bytes a text is as UTF-8.
 *
 * @param text Some kibibytes at most.
 */
export function utf8Length(text: string): number {
  const { length } = text;
  if (length <= SHORT && !HIGH.test(text)) return length;
  if (room.length < length * 3) room = new Uint8Array(length * 3);
  return encoder.encodeInto(text, room).written;
}
