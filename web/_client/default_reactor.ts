/**
 * The reactor of the short ways, which are given none.
 * @module
 */
import { defaultClock } from "@ropewalk/reactor/core";
import type { ClientReactor } from "./endpoints.ts";

/**
 * The program's reactor.
 *
 * @throws {TypeError} If the program has not imported `@ropewalk/reactor`.
 */
export function defaultReactor(): ClientReactor {
  const clock = defaultClock();
  if ("connectTCP" in clock) return clock as ClientReactor;
  throw new TypeError("Cannot make a request: the default clock is no reactor; give a `reactor`");
}
