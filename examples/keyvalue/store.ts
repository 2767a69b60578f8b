/**
 * The store: keys live for some seconds, and every `set` renews them. It has no idea who serves it, and its clock is
 * handed in, so a test moves time by hand.
 */
import type { Deferred } from "@ropewalk/deferred";
import type { DelayedCall, ReactorTime } from "@ropewalk/reactor/core";
import { PBError } from "@ropewalk/spread";

/**
 * There is no such key. A Twisted program at the other end of PB traps it as its own `KeyError`; being a `PBError` it
 * is no accident, and is not logged.
 */
export class KeyError extends PBError {
  static override readonly wireName: string = "builtins.KeyError";

  constructor(readonly key: string) {
    super(`no such key: ${key}`);
  }
}

/** A key or value that could not be served by every one of the services. */
export class ValueError extends PBError {
  static override readonly wireName: string = "builtins.ValueError";
}

/** The store is in another process, and there is no way to it just now. */
export class StoreUnreachable extends PBError {
  constructor(options?: ErrorOptions) {
    super("the store cannot be reached; try again in a moment", options);
  }
}

/** One key, as status pages and PB's `entries` show it. */
export interface Entry {
  key: string;
  value: string;
  secondsLeft: number;
}

/** What a service needs of a store. The answers may be there at once, or come from another process. */
export interface Store {
  get(key: string): string | Deferred<string>;
  set(key: string, value: string): void | Deferred<void>;
  delete(key: string): void | Deferred<void>;
  entries(): Entry[] | Deferred<Entry[]>;
}

export const MAX_KEY_LENGTH = 250;
export const MAX_VALUE_LENGTH = 65_536;
export const MAX_ENTRIES = 100_000;

export class KeyValueStore implements Store {
  readonly #items = new Map<string, { value: string; expiry: DelayedCall }>();

  constructor(readonly clock: ReactorTime, readonly ttlSeconds = 15) {}

  get(key: string): string {
    return this.#find(key).value;
  }

  set(key: string, value: string): void {
    this.#check(key, value);
    const item = this.#items.get(key);
    if (item === undefined) {
      const expiry = this.clock.callLater(this.ttlSeconds, () => this.#items.delete(key));
      this.#items.set(key, { value, expiry });
    } else {
      item.value = value;
      item.expiry.reset(this.ttlSeconds);
    }
  }

  delete(key: string): void {
    this.#find(key).expiry.cancel();
    this.#items.delete(key);
  }

  entries(): Entry[] {
    const now = this.clock.seconds();
    return [...this.#items].map(([key, { value, expiry }]) => ({
      key,
      value,
      secondsLeft: Math.max(0, Math.round((expiry.getTime() - now) * 1000) / 1000),
    }));
  }

  /** Forgets everything, so that no timer is left behind. */
  clear(): void {
    for (const { expiry } of this.#items.values()) expiry.cancel();
    this.#items.clear();
  }

  #find(key: string): { value: string; expiry: DelayedCall } {
    const item = this.#items.get(key);
    if (item === undefined) throw new KeyError(key);
    return item;
  }

  #check(key: string, value: string): void {
    if (!/^[^\s\p{Cc}]+$/u.test(key) || key.length > MAX_KEY_LENGTH) {
      throw new ValueError(`a key is 1 to ${MAX_KEY_LENGTH} characters without spaces`);
    }
    if (/[\r\n]/.test(value) || value.length > MAX_VALUE_LENGTH) {
      throw new ValueError(`a value is one line of at most ${MAX_VALUE_LENGTH} characters`);
    }
    if (!this.#items.has(key) && this.#items.size >= MAX_ENTRIES) throw new ValueError("the store is full");
  }
}
