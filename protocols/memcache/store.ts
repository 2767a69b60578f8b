/**
 * What a memcached-compatible server serves: a store of keys and values.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import type { ReactorTime } from "@ropewalk/reactor/core";

/** What is stored under a key. */
export interface MemCacheItem {
  /** The value. */
  readonly value: Uint8Array;
  /** A number that belongs to the client. */
  readonly flags: number;
  /** Changes whenever the item does. */
  readonly cas: number;
}

/** A value, a Deferred or a promise of it. */
export type Eventually<T> = T | Deferred<T> | PromiseLike<T>;

/** A store that the server can serve. Each method may answer now or later. */
export interface MemCacheStore {
  /** The item of a key, or `null`. */
  get(key: string): Eventually<MemCacheItem | null>;
  /** Stores a value. `expireSeconds` is from now; 0 for never. */
  set(key: string, value: Uint8Array, flags: number, expireSeconds: number): Eventually<unknown>;
  /** Stores another value of a key, which lives as long as before. @default {@linkcode set}, for ever */
  update?(key: string, value: Uint8Array, flags: number): Eventually<unknown>;
  /**
   * Has a key live `expireSeconds` from now; 0 for ever. Its `cas` stays.
   *
   * @returns False if it is missing.
   * @default {@linkcode get} and {@linkcode set}
   */
  touch?(key: string, expireSeconds: number): Eventually<boolean>;
  /** Deletes a key. @returns False if it is missing. */
  delete(key: string): Eventually<boolean>;
  /** Forgets everything. */
  clear(): Eventually<unknown>;
  /** Figures for `stats`. */
  stats?(): Readonly<Record<string, string | number>>;
}

/**
 * A store in memory.
 *
 * @example
 * ```ts
 * import { MemCacheServer, MemoryMemCacheStore } from "@ropewalk/protocols/memcache";
 * import { Factory } from "@ropewalk/protocols";
 * import type { ReactorTime } from "@ropewalk/reactor/core";
 *
 * function cache(reactor: ReactorTime) {
 *   return Factory.forProtocol(MemCacheServer, new MemoryMemCacheStore(reactor));
 * }
 * ```
 */
export class MemoryMemCacheStore implements MemCacheStore {
  readonly #items = new Map<string, { item: MemCacheItem; expires: number }>();
  #cas = 0;
  #bytes = 0; // of all values

  /**
   * An empty store.
   *
   * @param reactor Tells when a key has expired.
   * @param maxItems How many keys there may be; beyond that the oldest go.
   * @param maxBytes How many bytes all values together may have; beyond that the oldest go.
   */
  constructor(
    readonly reactor: Pick<ReactorTime, "seconds">,
    readonly maxItems = 100_000,
    readonly maxBytes: number = 64 * 1024 * 1024,
  ) {}

  /** The item of a key, or `null`. */
  get(key: string): MemCacheItem | null {
    const found = this.#items.get(key);
    if (found === undefined) return null;
    if (found.expires > this.reactor.seconds()) return found.item;
    this.#remove(key);
    return null;
  }

  /** Stores a value. */
  set(key: string, value: Uint8Array, flags: number, expireSeconds: number): void {
    this.#put(key, value, flags, this.#moment(expireSeconds));
  }

  /** Stores another value of a key, which lives as long as before. */
  update(key: string, value: Uint8Array, flags: number): void {
    this.#put(key, value, flags, this.#items.get(key)?.expires ?? Infinity);
  }

  /** Has a key live `expireSeconds` from now. */
  touch(key: string, expireSeconds: number): boolean {
    if (this.get(key) === null) return false;
    this.#items.get(key)!.expires = this.#moment(expireSeconds);
    return true;
  }

  #moment(expireSeconds: number): number {
    return expireSeconds === 0 ? Infinity : this.reactor.seconds() + expireSeconds;
  }

  #put(key: string, value: Uint8Array, flags: number, expires: number): void {
    this.#remove(key); // so that it becomes the newest
    this.#items.set(key, { item: { value, flags, cas: ++this.#cas }, expires });
    this.#bytes += value.length;
    while (this.#items.size > this.maxItems || (this.#bytes > this.maxBytes && this.#items.size > 1)) {
      this.#remove(this.#items.keys().next().value!);
    }
  }

  /** Deletes a key. */
  delete(key: string): boolean {
    const there = this.get(key) !== null;
    this.#remove(key);
    return there;
  }

  /** Forgets everything. */
  clear(): void {
    this.#items.clear();
    this.#bytes = 0;
  }

  /** How many keys there are. */
  stats(): Record<string, number> {
    return { curr_items: this.#items.size, bytes: this.#bytes };
  }

  #remove(key: string): void {
    const found = this.#items.get(key);
    if (found === undefined) return;
    this.#items.delete(key);
    this.#bytes -= found.item.value.length;
  }
}
