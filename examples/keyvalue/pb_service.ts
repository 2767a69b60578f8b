/**
 * The store over Perspective Broker, for Twisted programs and for our own.
 */
import { type Broker, PBError, PBServerFactory, Root } from "@ropewalk/spread";
import type { Address } from "@ropewalk/reactor/core";
import { ServiceStats } from "./service_stats.ts";
import type { Entry, KeyValueStore } from "./store.ts";

/** What a client gets from `getRootObject()`. */
export class KeyValueRoot extends Root {
  readonly stats = new ServiceStats("PB");

  constructor(readonly store: KeyValueStore) {
    super();
  }

  remote_get(key: string | Uint8Array): string {
    this.stats.operations++;
    return this.store.get(text(key));
  }

  remote_set(key: string | Uint8Array, value: string | Uint8Array): void {
    this.stats.operations++;
    this.store.set(text(key), text(value));
  }

  remote_delete(key: string | Uint8Array): void {
    this.stats.operations++;
    this.store.delete(text(key));
  }

  remote_entries(): Entry[] {
    this.stats.operations++;
    return this.store.entries();
  }
}

/** A port of it, which counts its connections. */
export class KeyValuePBFactory extends PBServerFactory {
  constructor(readonly root: KeyValueRoot) {
    super(root);
  }

  override buildProtocol(address: Address): Broker {
    const { stats } = this.root;
    const broker = super.buildProtocol(address);
    stats.opened();
    broker.notifyOnDisconnect(() => stats.closed());
    return broker;
  }
}

/** A peer may send anything at all: text and bytes will do, the rest is refused in words. */
function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  throw new TextNeeded(`text or bytes are needed, not ${value === null ? "None" : typeof value}`);
}

class TextNeeded extends PBError {
  static override readonly wireName: string = "builtins.TypeError";
}
