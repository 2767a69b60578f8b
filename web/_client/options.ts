/**
 * What can be set about requests: limits of responses, and time-outs of every phase.
 * @module
 */

/** How much a server may send before its response is refused. Sizes are bytes. */
export interface ResponseLimits {
  /** The status line, and each header line. @default 65536 */
  maxHeaderLineBytes: number;
  /** All header lines of a response together, and all trailers. @default 262144 */
  maxHeaderBytes: number;
  /** How many header lines. @default 500 */
  maxHeaders: number;
  /** The body, before any decoding. @default Infinity: it is streamed */
  maxBodyBytes: number;
  /** The line with a chunk's size and its extensions. @default 1024 */
  maxChunkLineBytes: number;
}

/** How long each phase of a request may take, in seconds; `Infinity` is for ever. */
export interface RequestTimeouts {
  /** Connecting, TLS included. @default 30 */
  connectTimeoutSeconds: number;
  /** Waiting for a connection while the pool has as many to this host as it may. @default 300 */
  poolTimeoutSeconds: number;
  /** The server not taking any of a request's body. @default 300 */
  sendTimeoutSeconds: number;
  /** From the request being sent to the head of the response. @default 300 */
  responseTimeoutSeconds: number;
  /** Nothing of the body coming while somebody reads it. @default 300 */
  bodyTimeoutSeconds: number;
  /** All of it, from the call to the last byte of the response. @default Infinity */
  totalTimeoutSeconds: number;
  /** With `Expect: 100-continue`: waiting for the server's word before the body is sent all the same. @default 1 */
  continueTimeoutSeconds: number;
}

const LIMITS: Readonly<ResponseLimits> = {
  maxHeaderLineBytes: 65_536,
  maxHeaderBytes: 262_144,
  maxHeaders: 500,
  maxBodyBytes: Infinity,
  maxChunkLineBytes: 1024,
};

const TIMEOUTS: Readonly<RequestTimeouts> = {
  connectTimeoutSeconds: 30,
  poolTimeoutSeconds: 300,
  sendTimeoutSeconds: 300,
  responseTimeoutSeconds: 300,
  bodyTimeoutSeconds: 300,
  totalTimeoutSeconds: Infinity,
  continueTimeoutSeconds: 1,
};

/** The default limits with some of them replaced. */
export function responseLimits(options: Partial<ResponseLimits>): ResponseLimits {
  return merge(LIMITS, options);
}

/** The default time-outs with some of them replaced. */
export function requestTimeouts(options: Partial<RequestTimeouts>): RequestTimeouts {
  return merge(TIMEOUTS, options);
}

function merge<T extends object>(defaults: Readonly<T>, options: Partial<T>): T {
  const merged: T = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof T & string)[]) {
    const value = options[name];
    if (value === undefined) continue;
    if (!((value as number) >= 0)) throw new RangeError(`Cannot set ${name}: ${value} is no limit`);
    merged[name] = value;
  }
  return merged;
}
