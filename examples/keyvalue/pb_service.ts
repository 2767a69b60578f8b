/**
 * The store over Perspective Broker, for Twisted programs and our own; and the same store seen from the far end.
 */
import type { Deferred } from "@ropewalk/deferred";
import { type Broker, PBServerFactory, type RemoteReference, Root } from "@ropewalk/spread";
import { type Entry, KeyError, type KeyValueStore, type Store } from "./store.ts";
import { ServiceStats } from "./service_stats.ts";

export class KeyValueRoot extends Root {
  readonly stats = new ServiceStats("PB");

  constructor(readonly store: KeyValueStore) {
    super();
  }

  remote_get(key: unknown): string {
    this.stats.operations++;
    return this.store.get(text(key));
  }

  remote_set(key: unknown, value: unknown): void {
    this.stats.operations++;
    this.store.set(text(key), text(value));
  }

  remote_delete(key: unknown): void {
    this.stats.operations++;
    this.store.delete(text(key));
  }

  remote_entries(): Entry[] {
    this.stats.operations++;
    return this.store.entries();
  }
}
