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
/** The largest buffer that a busy connection reads into. */
export const LARGE = 65_536;

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

/** Gives back what {@linkcode takeSmall} gave; no read may be pending on it. Larger buffers are ignored. */
export function giveBack(buffer: Uint8Array): void {
  if (buffer.length === SMALL && free.length < MOST_FREE) free.push(buffer);
}
