/**
 * The contract of a reactor, stated once and run on every host.
 * @module
 */
import type { Reactor } from "../core/interfaces.ts";

/** Declares one test: `Deno.test`, or what stands in for it on another host. */
export type Declare = (name: string, run: () => void | Promise<void>) => void;

/** A host to be tested. */
export interface Host {
  /** Its name, for the tests' names. */
  readonly name: string;
  /** A new reactor. */
  make(): Reactor;
  /** Declares a test. */
  readonly test: Declare;
  /** What this host cannot do, though others can. */
  readonly lacks?: readonly Lack[];
  /** An address that every UDP port of the host hears, where broadcasts are allowed. @default "127.255.255.255" */
  readonly broadcastAddress?: string;
}

/** `reset`: to abort a connection so that the peer hears of it. `refusals`: to hear that datagrams are refused. */
export type Lack = "reset" | "refusals";

const open: AsyncDisposable[] = [];

/** Closes this after the test. (Node 20 does not know `await using`.) */
export function closing<T extends AsyncDisposable>(port: T): T {
  open.push(port);
  return port;
}

/** Declares tests after which {@linkcode closing} closes. */
export function cleaning(declare: Declare): Declare {
  return (name, run) =>
    declare(name, async () => {
      try {
        await run();
      } finally {
        for (const port of open.splice(0)) await port[Symbol.asyncDispose]();
      }
    });
}
