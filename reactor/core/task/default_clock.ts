/**
 * The clock of those who were given none. Only the outermost, convenient entry (`@ropewalk/reactor`) sets it.
 * @module
 */
import type { ReactorTime } from "../interfaces.ts";

let clock: ReactorTime | null = null;

/** Sets the clock of those who were given none. */
export function setDefaultClock(reactor: ReactorTime): void {
  clock = reactor;
}

/**
 * The clock of those who were given none.
 * @throws {TypeError} If nobody has set one.
 */
export function defaultClock(): ReactorTime {
  if (clock === null) {
    throw new TypeError("Cannot tell the time: hand in a clock, or import @ropewalk/reactor");
  }
  return clock;
}
