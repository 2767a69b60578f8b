/**
 * What a path between two simulated hosts is like.
 * @module
 */

/** The conditions of a path. They hold for each direction by itself. */
export interface LinkOptions {
  /** How long everything takes at least, one way. @default 0.001 */
  latencySeconds?: number;
  /** How much longer it may take, evenly spread. Datagrams overtake each other by it; streams keep their order. @default 0 */
  jitterSeconds?: number;
  /** How fast bytes leave, for each connection and for all datagrams together. @default Infinity */
  bandwidthBytesPerSecond?: number;
  /** The probability that a datagram is lost; on a stream, that a piece has to be sent again. @default 0 */
  loss?: number;
  /** The probability that a datagram comes twice. @default 0 */
  duplication?: number;
  /** The probability that a datagram is held up for as long again as ten latencies, so that others overtake it. @default 0 */
  reordering?: number;
}

/** The same, each one decided. */
export type Link = Readonly<Required<LinkOptions>>;

const PROBABILITIES = ["loss", "duplication", "reordering"] as const;
const TIMES = ["latencySeconds", "jitterSeconds"] as const;

/** Two programs of one host talk over this. */
export const LOCAL_LINK: Link = {
  latencySeconds: 0.000_02,
  jitterSeconds: 0,
  bandwidthBytesPerSecond: Infinity,
  loss: 0,
  duplication: 0,
  reordering: 0,
};

const DEFAULT_LINK: Link = { ...LOCAL_LINK, latencySeconds: 0.001 };

/**
 * Decides what is left open, and checks the rest.
 *
 * @throws {RangeError} If a probability is not from 0 to 1, a time is negative, or the bandwidth is not above 0.
 */
export function decideLink(options: LinkOptions, base: Link = DEFAULT_LINK): Link {
  const link = {
    latencySeconds: options.latencySeconds ?? base.latencySeconds,
    jitterSeconds: options.jitterSeconds ?? base.jitterSeconds,
    bandwidthBytesPerSecond: options.bandwidthBytesPerSecond ?? base.bandwidthBytesPerSecond,
    loss: options.loss ?? base.loss,
    duplication: options.duplication ?? base.duplication,
    reordering: options.reordering ?? base.reordering,
  };
  for (const name of PROBABILITIES) {
    if (!(link[name] >= 0 && link[name] <= 1)) {
      throw new RangeError(`Cannot set up a link: ${name} is ${link[name]}, not a probability from 0 to 1`);
    }
  }
  for (const name of TIMES) {
    if (!(link[name] >= 0 && link[name] < Infinity)) {
      throw new RangeError(`Cannot set up a link: ${name} is ${link[name]}`);
    }
  }
  if (!(link.bandwidthBytesPerSecond > 0)) {
    throw new RangeError(`Cannot set up a link: bandwidthBytesPerSecond is ${link.bandwidthBytesPerSecond}`);
  }
  return link;
}
