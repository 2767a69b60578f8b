/**
 * Large buffers for what connections send, used again and again: to ask for 64 KiB costs more than to fill them.
 *
 * ```text
 *   takeLarge(40_000) ──► [ 64 KiB ]  ──► filled, sent ──► giveLarge ──► the next one that is taken
 * ```
 *
 * There are two sizes; what is larger than both is made, and left to the collector.
 * @module
 */

const MEDIUM = 65_536;
const HUGE = 262_144;
const MOST_MEDIUM = 64; // so many of each are kept, four megabytes and two
const MOST_HUGE = 8;

const medium: Uint8Array<ArrayBuffer>[] = [];
const huge: Uint8Array<ArrayBuffer>[] = [];

/**
 * A buffer that nobody uses. What is in it is left over.
 *
 * @param size How many bytes it holds at least.
 */
export function takeLarge(size: number): Uint8Array<ArrayBuffer> {
  if (size <= MEDIUM) return medium.pop() ?? new Uint8Array(MEDIUM);
  if (size <= HUGE) return huge.pop() ?? new Uint8Array(HUGE);
  return new Uint8Array(size);
}

/** Takes back what {@linkcode takeLarge} gave; the host must have finished with it. */
export function giveLarge(buffer: ArrayBuffer): void {
  const size = buffer.byteLength;
  if (size === MEDIUM && medium.length < MOST_MEDIUM) medium.push(new Uint8Array(buffer));
  else if (size === HUGE && huge.length < MOST_HUGE) huge.push(new Uint8Array(buffer));
}
