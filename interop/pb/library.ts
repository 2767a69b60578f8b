/**
 * A server of ours with what `beyond_test.ts` asks for, and Twisted does not have: streams, and an object that is taken back.
 * As a program it prints its port.
 * @module
 */
import { PBServerFactory, Referenceable, revoke, Root } from "@ropewalk/spread";
import { reactor } from "@ropewalk/reactor";
import type { IPv4Address, ListeningPort } from "@ropewalk/reactor/core";

class Key extends Referenceable {
  remote_turn(): string {
    return "open";
  }
}

/** What is served. */
export class Library extends Root {
  readonly #key = new Key();
  #made = 0;
  #ended = 0;

  remote_key(): Key {
    return this.#key;
  }
  remote_takeBack(): void {
    revoke(this.#key);
  }
  async *remote_count(to: number): AsyncGenerator<number> {
    try {
      for (let i = 0; i < to; i++) {
        this.#made++;
        yield await Promise.resolve(i);
      }
    } finally {
      this.#ended++;
    }
  }
  /** How many numbers were made, and how many streams have ended. */
  remote_counted(): number[] {
    return [this.#made, this.#ended];
  }
}

/** Serves a library on a free port of this machine. */
export function serveLibrary(): ListeningPort {
  return reactor.listenTCP(0, new PBServerFactory(new Library()), { hostname: "127.0.0.1" });
}

if (import.meta.main) console.log((serveLibrary().getHost() as IPv4Address).port);
