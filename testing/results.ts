/**
 * Looks at what a Deferred holds, without waiting.
 * @module
 */
import { type Deferred, type ErrorClass, Failure } from "@ropewalk/deferred";

// The name is the one that test runners show specially; the class of `@std/assert` is not needed for it.
class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/**
 * The value of a Deferred that must have one by now. The Deferred keeps it.
 *
 * @param d The Deferred.
 * @returns Its value.
 * @throws {Error} If it has no result yet, or has failed (the error is then the `cause`).
 */
export function successResultOf<T>(d: Deferred<T>): T {
  const state = String(d);
  const result = peek(d);
  if (result === null) throw new AssertionError(`A value was expected of ${state}, but it has no result yet`);
  if (Failure.is(result.value)) {
    throw new AssertionError(`A value was expected of ${state}:\n${result.value.getTraceback()}`, {
      cause: result.value.value,
    });
  }
  return result.value;
}

/**
 * The failure of a Deferred that must have failed by now. It counts as handled.
 *
 * @param d The Deferred.
 * @param classes The kinds of error that will do, as classes or wire names; any if there are none.
 * @returns The failure.
 * @throws {Error} If it has no result yet, has a value, or failed with another kind of error.
 */
export function failureResultOf(d: Deferred<unknown>, ...classes: (ErrorClass | string)[]): Failure {
  const expected = classes.length === 0 ? "A failure" : `A failure with ${names(classes)}`;
  const state = String(d);
  const result = peek(d);
  if (result === null) {
    throw new AssertionError(`${expected} was expected of ${state}, but it has no result yet`);
  }
  if (!Failure.is(result.value)) throw new AssertionError(`${expected} was expected of ${state}`);
  if (classes.length > 0 && result.value.check(...classes) === undefined) {
    throw new AssertionError(`${expected} was expected of ${state}:\n${result.value.getTraceback()}`, {
      cause: result.value.value,
    });
  }
  return result.value;
}

/**
 * Makes sure that a Deferred has no result yet.
 *
 * @param d The Deferred. It may still be used, and fail, afterwards.
 * @throws {Error} If it has one; a failure counts as handled then.
 */
export function assertNoResult(d: Deferred<unknown>): void {
  const state = String(d);
  let checked = false;
  let has = false;
  d.addBoth((result) => {
    if (checked) return result;
    has = true;
    return Failure.is(result) ? undefined : result;
  });
  checked = true;
  if (has) throw new AssertionError(`No result was expected of ${state}`);
}

/**
 * Makes sure that a Deferred will fail with some kind of error.
 *
 * @param d The Deferred; it may fire later.
 * @param classes The kinds that will do, as classes or wire names.
 * @returns The same Deferred: it fires with the error itself, or fails if there is a value or another error.
 */
export function assertFailure<C extends ErrorClass | string>(
  d: Deferred<unknown>,
  ...classes: C[]
): Deferred<C extends ErrorClass<infer E> ? E : unknown> {
  return d.addCallbacks(
    (value): never => {
      throw new AssertionError(`A failure with ${names(classes)} was expected, but the value is ${value}`);
    },
    (failure) => {
      if (failure.check(...classes) !== undefined) return failure.value as never;
      throw new AssertionError(
        `A failure with ${names(classes)} was expected, not this one:\n${failure.getTraceback()}`,
        { cause: failure.value },
      );
    },
  );
}

// A value is left in place, a failure is taken out. The box is there so that `undefined` can be a result.
function peek<T>(d: Deferred<T>): { value: T | Failure } | null {
  let found: { value: T | Failure } | null = null;
  let looking = true;
  d.addBoth((result) => {
    if (!looking) return result;
    found = { value: result };
    return Failure.is(result) ? undefined : result;
  });
  looking = false;
  return found;
}

function names(classes: readonly (ErrorClass | string)[]): string {
  return classes.map((kind) => typeof kind === "string" ? kind : kind.name).join(" or ");
}
