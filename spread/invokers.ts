/**
 * What a value that refers to objects needs to know of the connection it goes over: a broker, for its part.
 * @module
 */

/** What knows the connection that a value is sent over: the broker. */
export interface JellyInvoker {
  /** The number under which the peer may call `target`; each call of this is one more receipt of it. */
  registerReference(target: object): number;
  /** Takes back one {@linkcode registerReference}: the message was not sent after all. */
  unregisterReference(target: object): void;
  /** Tells whether `reference` leads to an object of this connection's peer, and which. */
  ownReference(reference: object): number | string | null;
  /** As {@linkcode ownReference}, for caches. */
  ownCache(cache: object): number | null;
  /** The number of a cacheable that the peer has, or 0; counts as one more receipt. */
  cachedAs(cacheable: object): number;
  /** A number for a cacheable that the peer gets now, on behalf of `perspective`. */
  cacheRemotely(cacheable: object, perspective: unknown): number;
  /** Takes back one receipt of a cacheable. */
  uncacheRemotely(cacheable: object): void;
  /** The observer that stands for the peer's copy of a cacheable. */
  observerOf(cacheable: object): object;
}

/** What knows the connection that a value came over: the broker. */
export interface UnjellyInvoker {
  /** A reference to an object of the peer; counts as one more receipt. */
  remote(number: number | string, perspective: unknown): unknown;
  /** An object of ours that came home. */
  local(number: number | string): unknown;
  /** A cacheable of ours that came home. */
  localCache(number: number): unknown;
  /** A cache that was received before; counts as one more receipt. */
  cached(number: number): unknown;
  /** A cache that is received now; its state comes next. */
  newCache(number: number, cache: object): void;
}
