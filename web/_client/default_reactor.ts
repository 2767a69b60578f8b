/**
 * The reactor of the short ways, which are given none.
 * @module
 */
import type { ClientReactor } from "./endpoints.ts";

/** Where `@ropewalk/reactor` leaves the program's reactor. */
const KEY = Symbol.for("ropewalk.reactor");

/**
 * The program's reactor.
 *
 * @throws {TypeError} If the program has not imported `@ropewalk/reactor`.
 */
export function defaultReactor(): ClientReactor {
  const found = (globalThis as { [KEY]?: ClientReactor })[KEY];
  if (found === undefined) {
    throw new TypeError("Cannot make a request: give a `reactor`, or import @ropewalk/reactor");
  }
  return found;
}
