/**
 * Small functions that make Deferreds out of values, errors and calls.
 * @module
 */
import { Deferred, fromForeign, type Outcome } from "./deferred.ts";
import { Failure } from "./failure.ts";

/** A Deferred that has fired with `value` already. */
export function succeed(): Deferred<void>;
export function succeed<T>(value: T): Deferred<T>;
export function succeed(value?: unknown): Deferred<unknown> {
  const d = new Deferred<unknown>();
  d.callback(value);
  return d;
}

/** A Deferred that has failed already. */
export function fail<T = never>(reason: Error | Failure): Deferred<T> {
  const d = new Deferred<T>();
  d.errback(reason);
  return d;
}

/**
 * Calls a function whose result may be there or not: the answer is a Deferred in either case, failed if the function
 * throws.
 *
 * @param f May return a value, a Deferred or a promise.
 * @param args Its arguments.
 */
export function maybeDeferred<R, A extends unknown[]>(
  f: (...args: A) => R,
  ...args: A
): Deferred<Outcome<R>> {
  let result: unknown;
  try {
    result = f(...args);
  } catch (error) {
    return fail(new Failure(error));
  }
  return toDeferred(result) as Deferred<Outcome<R>>;
}

/**
 * Calls a function now and wraps what it returns or throws. Unlike {@linkcode maybeDeferred} it is for plain functions.
 */
export function execute<R, A extends unknown[]>(f: (...args: A) => R, ...args: A): Deferred<Outcome<R>> {
  return maybeDeferred(f, ...args);
}

/** A Deferred for anything: Deferreds as they are, promises and Failures converted, values fired at once. */
export function toDeferred(result: unknown): Deferred<unknown> {
  if (result instanceof Deferred) return result;
  if (Failure.is(result)) return fail(result);
  if (Deferred.is(result)) return fromForeign(result);
  if (isThenable(result)) return Deferred.fromPromise(result);
  return succeed(result);
}

/** True for promises and all that behave like them. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null &&
    typeof (value as { then?: unknown }).then === "function";
}
