/**
 * SHA-1 (FIPS 180-4) of short text, synchronously: the opening handshake needs it, and the platform's own is
 * asynchronous. It guards nothing there: it only shows that the server understood the request.
 * @module
 */
import { encodeUtf8 } from "../bytes.ts";

/** The 20 bytes of the hash. */
export function sha1(text: string): Uint8Array {
  const message = encodeUtf8(text);
  const blocks = new Uint8Array(((message.length + 8 >> 6) + 1) * 64);
  blocks.set(message);
  blocks[message.length] = 0x80;
  const view = new DataView(blocks.buffer);
  view.setUint32(blocks.length - 4, message.length * 8);
  const state = Int32Array.of(0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0);
  const w = new Int32Array(80);
  for (let at = 0; at < blocks.length; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + i * 4);
    for (let i = 16; i < 80; i++) {
      const x = w[i - 3]! ^ w[i - 8]! ^ w[i - 14]! ^ w[i - 16]!;
      w[i] = x << 1 | x >>> 31;
    }
    let [a, b, c, d, e] = state as unknown as [number, number, number, number, number];
    for (let i = 0; i < 80; i++) {
      const [f, k] = i < 20
        ? [b & c | ~b & d, 0x5a827999]
        : i < 40
        ? [b ^ c ^ d, 0x6ed9eba1]
        : i < 60
        ? [b & c | b & d | c & d, 0x8f1bbcdc]
        : [b ^ c ^ d, 0xca62c1d6];
      const next = (a << 5 | a >>> 27) + f + e + k + w[i]! | 0;
      e = d;
      d = c;
      c = b << 30 | b >>> 2;
      b = a;
      a = next;
    }
    [a, b, c, d, e].forEach((value, i) => state[i]! += value);
  }
  const hash = new Uint8Array(20);
  const out = new DataView(hash.buffer);
  state.forEach((word, i) => out.setInt32(i * 4, word));
  return hash;
}
