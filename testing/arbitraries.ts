/**
 * Arbitraries for property tests with `fast-check`: bytes as a stream may cut them.
 *
 * @example
 * ```ts
 * import { chunkings } from "@ropewalk/testing/arbitraries";
 * import fc from "fast-check";
 *
 * fc.assert(fc.property(chunkings(new Uint8Array(9)), (chunks) => {
 *   return chunks.every((chunk) => chunk.length > 0);
 * }));
 * ```
 *
 * @module
 */
import { type Arbitrary, constant, integer, uint8Array, uniqueArray } from "fast-check";
import { cutAt } from "./chunks.ts";

export type { Arbitrary };

/** Bytes, and one way of cutting them. */
export interface Chunked {
  /** All of them. */
  readonly bytes: Uint8Array;
  /** The same, cut. */
  readonly chunks: Uint8Array[];
}

/**
 * Ways of cutting some bytes; none of the chunks is empty. It shrinks towards the whole.
 *
 * @param bytes What to cut; text is taken as UTF-8.
 */
export function chunkings(bytes: Uint8Array | string): Arbitrary<Uint8Array[]> {
  const all = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  return cutPoints(all.length).map((points) => cutAt(all, points));
}

/**
 * Bytes of some kind, together with a way of cutting them.
 *
 * @param bytes Makes the bytes. @default any, up to 512 of them
 */
export function chunked(
  bytes: Arbitrary<Uint8Array> = uint8Array({ maxLength: 512 }),
): Arbitrary<Chunked> {
  return bytes.chain((all) => chunkings(all).map((chunks) => ({ bytes: all, chunks })));
}

function cutPoints(length: number): Arbitrary<number[]> {
  if (length < 2) return constant([]);
  return uniqueArray(integer({ min: 1, max: length - 1 }), { maxLength: Math.min(length - 1, 64) })
    .map((points) => points.sort((a, b) => a - b));
}
