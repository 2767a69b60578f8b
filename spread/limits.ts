/**
 * How much a peer may send, and we to it.
 * @module
 */

/** The longest string and the longest list of Twisted's banana: 640 KiB, or as many elements. */
export const SIZE_LIMIT: number = 640 * 1024;

/** The most digits (base 128) that a number may have on the wire: |n| < 2^448. */
export const PREFIX_LIMIT = 64;

/** Limits of a decoder. */
export interface BananaLimits {
  /** The longest string, and the most elements of a list. @default 655360 */
  maxSizeBytes?: number;
  /** The most digits of a number. @default 64 */
  maxPrefixDigits?: number;
  /** How deep lists may be nested. @default 1000 */
  maxDepth?: number;
  /** The size of one whole message. @default 16777216 (16 MiB) */
  maxMessageBytes?: number;
}

/** {@linkcode BananaLimits} with every field filled in. */
export type ResolvedLimits = Readonly<Required<BananaLimits>>;

/** The defaults. */
export const DEFAULT_LIMITS: ResolvedLimits = {
  maxSizeBytes: SIZE_LIMIT,
  maxPrefixDigits: PREFIX_LIMIT,
  maxDepth: 1000,
  maxMessageBytes: 16 * 1024 * 1024,
};

/** Fills in the defaults. */
export function resolveLimits(limits: BananaLimits = {}): ResolvedLimits {
  return { ...DEFAULT_LIMITS, ...limits };
}
