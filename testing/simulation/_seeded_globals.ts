/**
 * Replaces the platform's sources of chance for a while.
 * @module
 */
import type { SeededRandom } from "../random.ts";

/**
 * Calls `f` while `Math.random`, `crypto.getRandomValues` and `crypto.randomUUID` draw from `random`; if `f` returns a
 * promise, until that is settled.
 */
export function withSeededGlobals<R>(random: SeededRandom, f: () => R): R {
  const before = {
    random: Math.random,
    getRandomValues: crypto.getRandomValues,
    randomUUID: crypto.randomUUID,
  };
  const restore = () => {
    Math.random = before.random;
    crypto.getRandomValues = before.getRandomValues;
    crypto.randomUUID = before.randomUUID;
  };
  const fill = (bytes: Uint8Array) => {
    for (let i = 0; i < bytes.length; i++) bytes[i] = random.integer(0, 255);
  };
  Math.random = () => random.number();
  crypto.getRandomValues = <T extends ArrayBufferView | null>(array: T): T => {
    if (array !== null) fill(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    return array;
  };
  crypto.randomUUID = () => {
    const bytes = new Uint8Array(16);
    fill(bytes);
    bytes[6] = bytes[6]! & 0x0f | 0x40;
    bytes[8] = bytes[8]! & 0x3f | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const parts = [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]] as const;
    return parts.map(([from, to]) => hex.slice(from, to)).join("-") as ReturnType<Crypto["randomUUID"]>;
  };
  let result: R;
  try {
    result = f();
  } catch (error) {
    restore();
    throw error;
  }
  if (result instanceof Promise) return result.finally(restore) as R;
  restore();
  return result;
}
