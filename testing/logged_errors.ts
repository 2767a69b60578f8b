/**
 * Sees the errors that nobody handled, so that a test can expect them, or fail on them.
 * @module
 */
import { type ErrorClass, type ErrorReporter, type Failure, setErrorReporter } from "@ropewalk/deferred";

/** An error that was reported. */
export interface LoggedError {
  /** The error. */
  readonly failure: Failure;
  /** Where it came up, in words. */
  readonly context: string;
}

let logged: LoggedError[] = [];
let quiet = false;
let passOn: ErrorReporter = setErrorReporter(note);
// Modules that are imported after this one may set a reporter of their own; this runs when all of them have.
queueMicrotask(tap);

function note(failure: Failure, context: string): void {
  logged.push({ failure, context });
  if (!quiet) passOn(failure, context);
}

/**
 * Takes the errors that were reported because nobody handled them, since the last call or since the test began.
 *
 * @param classes The kinds to take, as classes or wire names; all if there are none. Others stay.
 * @returns Their failures, in order.
 *
 * @example
 * ```ts
 * import { reportError } from "@ropewalk/deferred";
 * import { flushLoggedErrors } from "@ropewalk/testing";
 * import { assertEquals } from "@std/assert";
 *
 * reportError(new RangeError("too far"), "Reported on purpose, by an example");
 * assertEquals(flushLoggedErrors(RangeError).length, 1);
 * assertEquals(flushLoggedErrors().length, 0);
 * ```
 */
export function flushLoggedErrors(...classes: (ErrorClass | string)[]): Failure[] {
  return flushLogged(...classes).map(({ failure }) => failure);
}

/** As {@linkcode flushLoggedErrors}, with the words that say where each came up. */
export function flushLogged(...classes: (ErrorClass | string)[]): LoggedError[] {
  tap();
  const taken: LoggedError[] = [];
  const left: LoggedError[] = [];
  for (const error of logged) {
    (classes.length === 0 || error.failure.check(...classes) ? taken : left).push(error);
  }
  logged = left;
  return taken;
}

/**
 * Begins to collect for one test: what was there before is forgotten, and until the returned function is called errors
 * are only kept, not passed on to the reporter that was in force.
 */
export function collectErrors(): () => void {
  tap();
  logged = [];
  const before = quiet;
  quiet = true;
  return () => void (quiet = before);
}

// Somebody may have set a reporter of their own since: it keeps its place, behind ours.
function tap(): void {
  const current = setErrorReporter(note);
  if (current !== note) passOn = current;
}
