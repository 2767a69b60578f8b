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
}
