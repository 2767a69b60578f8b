/**
 * MD5 (RFC 1321), for what old protocols demand of it: the challenge of Twisted's logins, and Digest authentication.
 * @module
 */
const SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0);

/**
 * The 16 bytes of a digest by MD5: for the challenges that demand it, and nothing else. It is no protection against
 * anybody who can listen, so run logins over TLS.
 *
 * @param data What is digested.
 */
export function md5(data: Uint8Array): Uint8Array {
  const length = ((data.length + 8) >> 6) + 1 << 6;
  const padded = new Uint8Array(length);
  padded.set(data);
  padded[data.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(length - 8, data.length << 3, true);
  view.setUint32(length - 4, Math.floor(data.length / 2 ** 29), true);
  const state = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
  for (let block = 0; block < length; block += 64) {
    let [a, b, c, d] = state as [number, number, number, number];
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      let f: number;
      let word: number;
      if (round === 0) {
        f = b & c | ~b & d;
        word = i;
      } else if (round === 1) {
        f = d & b | ~d & c;
        word = 5 * i + 1 & 15;
      } else if (round === 2) {
        f = b ^ c ^ d;
        word = 3 * i + 5 & 15;
      } else {
        f = c ^ (b | ~d);
        word = 7 * i & 15;
      }
      const sum = a + f + SINES[i]! + view.getInt32(block + word * 4, true) | 0;
      const shift = SHIFTS[round * 4 + (i & 3)]!;
      a = d;
      d = c;
      c = b;
      b = b + (sum << shift | sum >>> 32 - shift) | 0;
    }
    state[0] = state[0]! + a | 0;
    state[1] = state[1]! + b | 0;
    state[2] = state[2]! + c | 0;
    state[3] = state[3]! + d | 0;
  }
  const digest = new Uint8Array(16);
  const out = new DataView(digest.buffer);
  state.forEach((word, i) => out.setInt32(i * 4, word, true));
  return digest;
}
