/**
 * A store whose keys live for some seconds; every `set` renews them. Its time is handed in.
 */
import type { DelayedCall, ReactorTime } from "@ropewalk/reactor/core";

export class ExpiringStore {
  readonly #items = new Map<string, { value: string; expiry: DelayedCall }>();

  constructor(readonly reactor: ReactorTime, readonly ttlSeconds = 15) {}

  set(key: string, value: string): void {
    this.#items.get(key)?.expiry.cancel();
    const expiry = this.reactor.callLater(this.ttlSeconds, () => this.#items.delete(key));
    this.#items.set(key, { value, expiry });
  }

  get(key: string): string | undefined {
    return this.#items.get(key)?.value;
  }

  get size(): number {
    return this.#items.size;
  }
}
