/**
 * The errors of `@ropewalk/deferred`, each with a stable `code`.
 * @module
 */
import type { Failure } from "./failure.ts";

/** A Deferred was fired a second time. With debugging on, the message tells where the first time was. */
export class AlreadyCalledError extends Error {
  /** The name of the class. */
  override readonly name = "AlreadyCalledError";
  /** Stable identifier of this kind of error. */
  readonly code = "ALREADY_CALLED";
}

/** The Deferred was cancelled before it had a result. */
export class CancelledError extends Error {
  /** The name of the class. */
  override readonly name = "CancelledError";
  /** Stable identifier of this kind of error. */
  readonly code = "CANCELLED";

  /**
   * Makes the error that `cancel` fails a Deferred with.
   *
   * @param message Says more, where more is known.
   * @param options The `cause`.
   */
  constructor(message = "Cancelled", options?: ErrorOptions) {
    super(message, options);
  }
}

/** A Deferred did not fire in the time that `addTimeout` gave it. */
export class TimeoutError extends Error {
  /** The name of the class. */
  override readonly name = "TimeoutError";
  /** Stable identifier of this kind of error. */
  readonly code = "TIMEOUT";

  /**
   * Makes the error that `addTimeout` fails a Deferred with.
   *
   * @param seconds How long was waited.
   * @param message In place of the usual one.
   * @param options The `cause`.
   */
  constructor(
    /** How long was waited. */
    readonly seconds?: number,
    message?: string,
    options?: ErrorOptions,
  ) {
    super(message ?? (seconds === undefined ? "Timed out" : `Timed out after ${seconds} s`), options);
  }
}

/** The first failure among several Deferreds: what `gatherResults` and `fireOnOneErrback` fail with. */
export class FirstError extends Error {
  /** The name of the class. */
  override readonly name = "FirstError";
  /** Stable identifier of this kind of error. */
  readonly code = "FIRST_ERROR";

  /**
   * Wraps the first failure.
   *
   * @param subFailure The failure itself.
   * @param index Which of the Deferreds it came from, counted from 0.
   */
  constructor(
    /** The failure itself. */
    readonly subFailure: Failure,
    /** Which of the Deferreds it came from, counted from 0. */
    readonly index: number,
  ) {
    super(`Deferred #${index} failed: ${subFailure.getErrorMessage()}`, { cause: subFailure.value });
  }
}

/** Every Deferred given to `race` failed. */
export class FailureGroup extends AggregateError {
  /** The name of the class. */
  override readonly name = "FailureGroup";
  /** Stable identifier of this kind of error. */
  readonly code = "FAILURE_GROUP";

  /**
   * Wraps all the failures.
   *
   * @param failures One for each Deferred, in the order they were given.
   */
  constructor(
    /** One for each Deferred, in the order they were given. */
    readonly failures: readonly Failure[],
  ) {
    super(failures.map((failure) => failure.value), `All ${failures.length} Deferreds failed`);
  }
}

/** `DeferredQueue.put` on a queue that holds as many items as it may. */
export class QueueOverflow extends Error {
  /** The name of the class. */
  override readonly name = "QueueOverflow";
  /** Stable identifier of this kind of error. */
  readonly code = "QUEUE_OVERFLOW";
}

/** `DeferredQueue.get` on a queue that has as many waiters as it may. */
export class QueueUnderflow extends Error {
  /** The name of the class. */
  override readonly name = "QueueUnderflow";
  /** Stable identifier of this kind of error. */
  readonly code = "QUEUE_UNDERFLOW";
}

/** `ensureDeferred` was given something that is neither a promise, a Deferred nor a generator. */
export class NotACoroutineError extends TypeError {
  /** The name of the class. */
  override readonly name = "NotACoroutineError";
  /** Stable identifier of this kind of error. */
  readonly code = "NOT_A_COROUTINE";
}
