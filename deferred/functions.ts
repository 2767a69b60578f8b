/**
 * Small functions that make Deferreds out of values, errors, calls and promises.
 * @module
 */
import { Deferred, fromForeign, type Outcome } from "./deferred.ts";
import { Failure } from "./failure.ts";

/**
 * A Deferred that has fired already: with `undefined`, or with the value given.
 *
 * @returns The Deferred.
 * @throws {TypeError} If `value` is a Deferred.
 *
 * @example
 * ```ts
 * import { succeed } from "@ropewalk/deferred";
 * import { assertEquals } from "@std/assert";
 *
 * let seen = 0;
 * succeed(42).addCallback((n) => seen = n);
 * assertEquals(seen, 42);
 * ```
 */
export function succeed(): Deferred<void>;
/** The same with a value. */
export function succeed<T>(value: T): Deferred<T>;
export function succeed(value?: unknown): Deferred<unknown> {
  const d = new Deferred<unknown>();
  d.callback(value);
  return d;
}

/**
 * A Deferred that has failed already.
 *
 * @param reason What went wrong.
 * @returns The Deferred. Give it an errback, or it is reported as unhandled.
 * @throws {TypeError} If `reason` is neither an `Error` nor a `Failure`.
 *
 * @example
 * ```ts
 * import { fail } from "@ropewalk/deferred";
 * import { assertEquals } from "@std/assert";
 *
 * let seen = "";
 * fail(new Error("no such page")).addErrback((failure) => seen = failure.getErrorMessage());
 * assertEquals(seen, "no such page");
 * ```
 */
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
 * @returns The Deferred that `f` returned, or one for what it returned or threw.
 *
 * @example
 * ```ts
 * import { maybeDeferred } from "@ropewalk/deferred";
 * import { assertEquals } from "@std/assert";
 *
 * let seen: unknown;
 * maybeDeferred(JSON.parse, "{").addErrback((failure) => seen = failure.check(SyntaxError));
 * assertEquals(seen, SyntaxError);
 * ```
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
 * Calls a plain function now, and wraps what it returns or throws; {@linkcode maybeDeferred} under the name that
 * Twisted gives it where the function is known to return no Deferred.
 *
 * @param f The function.
 * @param args Its arguments.
 * @returns A Deferred for the result.
 *
 * @example
 * ```ts
 * import { execute } from "@ropewalk/deferred";
 * import { assertEquals } from "@std/assert";
 *
 * let seen = 0;
 * execute(Math.max, 3, 7).addCallback((n) => seen = n);
 * assertEquals(seen, 7);
 * ```
 */
export function execute<R, A extends unknown[]>(f: (...args: A) => R, ...args: A): Deferred<Outcome<R>> {
  return maybeDeferred(f, ...args);
}

/**
 * Starts something that can be aborted, and ties the two together: cancelling the Deferred aborts the signal.
 *
 * @param start Called at once, with the signal to hand on: `(signal) => fetch(url, { signal })`.
 * @returns A Deferred for what the promise settles to. After a cancel it fails with `CancelledError` at once.
 *
 * @example
 * ```ts
 * import { abortable, CancelledError } from "@ropewalk/deferred";
 * import { assertEquals } from "@std/assert";
 *
 * let aborted = false;
 * const d = abortable((signal) => {
 *   signal.onabort = () => aborted = true;
 *   return new Promise<string>(() => {}); // the work, which takes its time
 * });
 * d.addErrback((failure) => void failure.trap(CancelledError));
 * d.cancel();
 * assertEquals(aborted, true);
 * ```
 */
export function abortable<T>(start: (signal: AbortSignal) => PromiseLike<T>): Deferred<T> {
  const controller = new AbortController();
  let promise: PromiseLike<T>;
  try {
    promise = start(controller.signal);
  } catch (error) {
    return fail(new Failure(error));
  }
  return Deferred.fromPromise(promise, controller);
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
