/**
 * Small buffers for connections that wait: cut from slabs, so that ten thousand idle connections cost five megabytes.
 *
 * ```text
 *   slab  [ 512 | 512 | 512 | … ]   256 KiB; a slot goes to one connection while it reads little
 * ```
 *
 * A pending read owns its buffer until it completes, so buffers cannot be shared between connections that wait.
 * @module
 */

/** The size of a slot. */
export const SMALL = 512;

const SLAB = 262_144;
const MOST_FREE = 4096; // slots kept for re-use; what a burst left beyond goes to the collector
const free: Uint8Array[] = [];

/** A slot that nobody uses. */
export function takeSmall(): Uint8Array {
  if (free.length === 0) {
    const slab = new ArrayBuffer(SLAB);
    for (let at = 0; at < SLAB; at += SMALL) free.push(new Uint8Array(slab, at, SMALL));
  }
  return free.pop()!;
}

/** Gives back what {@linkcode takeSmall} gave; no read may be pending on it. */
export function giveSmall(slot: Uint8Array): void {
  if (free.length < MOST_FREE) free.push(slot);
}

const POOL = 16_384;
const POOLED = 1024; // larger copies get memory of their own

let pool = new Uint8Array(POOL);
let used = 0;

/**
 * A copy that may be kept: nothing writes to it again. Small ones share a piece of memory, since asking for memory costs
 * more than the copy; one that is kept keeps at most 16 KiB.
 */
export function copyToKeep(view: Uint8Array): Uint8Array {
  const { length } = view;
  if (length > POOLED) return view.slice();
  if (used + length > POOL) {
    pool = new Uint8Array(POOL);
    used = 0;
  }
  const copy = pool.subarray(used, used + length);
  copy.set(view);
  used += length;
  return copy;
}
