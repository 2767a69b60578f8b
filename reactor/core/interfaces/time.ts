/**
 * Time: calls that are still to come, and the clock that makes them.
 * @module
 */
import type { TimeProvider } from "@ropewalk/deferred";

/** A call that `callLater` has arranged. */
export interface DelayedCall {
  /**
   * Takes the call back.
   * @throws {AlreadyCalled} If it has run, or is running.
   * @throws {AlreadyCancelled} If it was cancelled before.
   */
  cancel(): void;
  /** Puts it off to `seconds` from now. Throws as {@linkcode cancel} does. */
  reset(seconds: number): void;
  /** Puts it off by `seconds` more (a negative number brings it nearer). Throws as {@linkcode cancel} does. */
  delay(seconds: number): void;
  /** True until it has run or was cancelled. */
  active(): boolean;
  /** When it is due, on the clock of {@linkcode ReactorTime.seconds}. */
  getTime(): number;
}

/** The clock of a reactor. All times are seconds. */
export interface ReactorTime extends TimeProvider {
  /** The present time, in seconds from some fixed point; it never runs backwards. */
  seconds(): number;
  /**
   * The time as it was when this was first called in the present turn: for what asks for each packet, where to ask the
   * system costs more than the rest. Without it {@linkcode seconds} does.
   */
  turnSeconds?(): number;
  /**
   * Calls `f(...args)` in a later turn, `seconds` from now at the earliest; calls for the same time run in the order
   * in which they were arranged.
   *
   * @throws {RangeError} If `seconds` is negative or not a number.
   */
  callLater<A extends unknown[]>(seconds: number, f: (...args: A) => unknown, ...args: A): DelayedCall;
  /** The calls that are still to come, in no particular order. */
  getDelayedCalls(): DelayedCall[];
}
