/**
 * The ways in which a stream may cut what was sent.
 * @module
 */

/**
 * Every chunking that a parser should be fed: whole, byte by byte, and cut in two at every point. Each chunk is a copy,
 * so a parser that keeps or writes to one harms no other.
 *
 * @param bytes What is sent; text is taken as UTF-8.
 *
 * @example
 * ```ts
 * import { everySplit } from "@ropewalk/testing";
 * import { assertEquals } from "@std/assert";
 *
 * for (const chunks of everySplit("ab\r\n")) {
 *   assertEquals(chunks.reduce((sum, chunk) => sum + chunk.length, 0), 4);
 * }
 * ```
 */
export function* everySplit(bytes: Uint8Array | string): Generator<Uint8Array<ArrayBuffer>[]> {
  const all = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  if (all.length === 0) {
    yield [];
    return;
  }
  yield [all.slice()];
  if (all.length > 2) yield byteByByte(all);
  for (let at = 1; at < all.length; at++) yield [all.slice(0, at), all.slice(at)];
}

/** Cuts bytes into chunks of one. */
export function byteByByte(bytes: Uint8Array): Uint8Array<ArrayBuffer>[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

/**
 * Cuts bytes at some points.
 *
 * @param bytes What to cut.
 * @param points Offsets in ascending order; those that would make an empty chunk cut nothing.
 */
export function cutAt(bytes: Uint8Array, points: Iterable<number>): Uint8Array<ArrayBuffer>[] {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let from = 0;
  for (const point of points) {
    if (point <= from || point >= bytes.length) continue;
    chunks.push(bytes.slice(from, point));
    from = point;
  }
  if (from < bytes.length) chunks.push(bytes.slice(from));
  return chunks;
}
