/**
 * How much a peer may send, and how long it may take.
 * @module
 */

/** The limits of the HTTP/1.1 server. Sizes are bytes, times are seconds. */
export interface HTTPLimits {
  /** The request line, without its line end; beyond it 414. @default 8192 */
  maxRequestLineBytes: number;
  /** One header line; beyond it 431. @default 8192 */
  maxHeaderLineBytes: number;
  /** All headers of a request together, and all trailers; beyond it 431. @default 16384 */
  maxHeaderBytes: number;
  /** How many header lines; beyond it 431. @default 100 */
  maxHeaders: number;
  /** The body of a request; beyond it 413. @default 16777216 */
  maxBodyBytes: number;
  /** The line with a chunk's size and its extensions; beyond it 400. @default 1024 */
  maxChunkLineBytes: number;
  /** What is kept of pipelined requests while one is answered; beyond it the connection is not read. @default 16384 */
  maxHeldBytes: number;
  /** How long a connection may be idle between requests, and a body or a response may stand still. @default 60 */
  timeoutSeconds: number;
  /** How long the head of a request may take, from its first byte; beyond it 408. @default 30 */
  headerTimeoutSeconds: number;
  /** How long a connection that is being closed may take to drain before it is cut. @default 15 */
  abortSeconds: number;
}

/** The defaults of {@linkcode HTTPLimits}. */
export const DEFAULT_LIMITS: Readonly<HTTPLimits> = {
  maxRequestLineBytes: 8192,
  maxHeaderLineBytes: 8192,
  maxHeaderBytes: 16_384,
  maxHeaders: 100,
  maxBodyBytes: 16_777_216,
  maxChunkLineBytes: 1024,
  maxHeldBytes: 16_384,
  timeoutSeconds: 60,
  headerTimeoutSeconds: 30,
  abortSeconds: 15,
};

/**
 * The defaults with some of them replaced.
 *
 * @throws {RangeError} If a limit is negative or not a number.
 */
export function limitsFrom(options: Partial<HTTPLimits>): HTTPLimits {
  const limits = { ...DEFAULT_LIMITS };
  for (const name of Object.keys(DEFAULT_LIMITS) as (keyof HTTPLimits)[]) {
    const value = options[name];
    if (value === undefined) continue;
    if (!(value >= 0)) throw new RangeError(`Cannot set ${name}: ${value} is no limit`);
    limits[name] = value;
  }
  return limits;
}
