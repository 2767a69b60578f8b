/**
 * The one channel for errors that nobody handled. Every module of Ropewalk reports here: unhandled
 * Failures, exceptions thrown by a protocol's method or by a delayed call.
 * @module
 */
import { Failure } from "./failure.ts";

/**
 * Receives an error nobody handled.
 *
 * @param failure The error.
 * @param context Where it came up, in words: `"Unhandled error in Deferred"`.
 */
export type ErrorReporter = (failure: Failure, context: string) => void;

let reporter: ErrorReporter = reportToConsole;

/** The reporter in force until another is set: writes to the console's error stream. */
export function reportToConsole(failure: Failure, context: string): void {
  console.error(`${context}: ${failure.getTraceback()}`);
}

/**
 * Reports an error that nobody handled. Never throws, whatever the reporter does.
 *
 * @param error A Failure, or anything that was thrown.
 * @param context Where it came up, in words.
 */
export function reportError(error: unknown, context = "Unhandled error"): void {
  const failure = Failure.is(error) ? error : new Failure(error);
  try {
    reporter(failure, context);
  } catch (problem) {
    console.error(`The error reporter failed (${problem}) on ${context}: ${failure.getTraceback()}`);
  }
}

/**
 * Replaces the reporter for the whole program (this copy of the package).
 *
 * @param handler The new one.
 * @returns The one that was in force, so that it can be put back.
 */
export function setErrorReporter(handler: ErrorReporter): ErrorReporter {
  const previous = reporter;
  reporter = handler;
  return previous;
}
