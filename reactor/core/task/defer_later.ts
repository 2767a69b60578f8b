/**
 * `deferLater`: a function's result, some time from now.
 * @module
 */
import { Deferred, type Outcome } from "@ropewalk/deferred";
import type { ReactorTime } from "../interfaces.ts";

/**
 * Calls a function later, and gives its result. Cancelling the Deferred takes the call back.
 *
 * @param clock A reactor, or a `Clock`.
 * @param seconds How long to wait.
 * @param f What to call; without one the Deferred fires with `undefined`.
 * @param args Its arguments.
 */
export function deferLater(clock: ReactorTime, seconds: number): Deferred<void>;
/** As above, with a function to call. */
export function deferLater<R, A extends unknown[]>(
  clock: ReactorTime,
  seconds: number,
  f: (...args: A) => R,
  ...args: A
): Deferred<Outcome<R>>;
export function deferLater(
  clock: ReactorTime,
  seconds: number,
  f?: (...args: unknown[]) => unknown,
  ...args: unknown[]
): Deferred<unknown> {
  const d = new Deferred<unknown>(() => call.cancel());
  const call = clock.callLater(seconds, () => d.callback(undefined));
  return f === undefined ? d : d.addCallback(() => f(...args));
}
