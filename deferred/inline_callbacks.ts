/**
 * `inlineCallbacks`: Deferreds in code that reads from top to bottom.
 * @module
 */
import { NotACoroutineError } from "./errors.ts";
import { Deferred, takeIfFired } from "./deferred.ts";
import { Failure } from "./failure.ts";
import { isThenable, toDeferred } from "./functions.ts";

/** What a generator that `inlineCallbacks` drives looks like. */
export type DeferredGenerator<R> = Generator<unknown, R, unknown>;

/**
 * Turns a generator function into a function that returns a Deferred. Inside, `yield*` waits for a Deferred and gives
 * its typed result; a plain `yield` waits for Deferreds and promises alike, untyped, and gives other values back at
 * once. Failures are thrown into the generator as the original error; what it returns fires the Deferred. Cancelling
 * the Deferred cancels the one that is being waited for.
 *
 * @param f The generator function.
 * @returns A function with the same parameters; it throws a `TypeError` when `f` turns out not to be a generator
 * function.
 *
 * @example
 * ```ts
 * import { inlineCallbacks, succeed } from "@ropewalk/deferred";
 *
 * const sum = inlineCallbacks(function* (a: number, b: number) {
 *   const x = yield* succeed(a);
 *   const y = yield* succeed(b);
 *   return x + y;
 * });
 * sum(20, 22).addCallback((total) => console.assert(total === 42));
 * ```
 */
export function inlineCallbacks<A extends unknown[], R, This = unknown>(
  f: (this: This, ...args: A) => DeferredGenerator<R>,
): (this: This, ...args: A) => Deferred<Awaited<R>> {
  return function (this: This, ...args: A): Deferred<Awaited<R>> {
    const generator = f.apply(this, args);
    if (!isGenerator(generator)) {
      throw new TypeError(
        `Cannot drive ${f.name || "the function"}: inlineCallbacks needs a generator function`,
      );
    }
    return drive<R>(generator);
  };
}

/**
 * A Deferred for something that runs already: a promise (an `async` function's), or a generator, which is driven as
 * `inlineCallbacks` would. A Deferred is returned as it is.
 *
 * @throws {NotACoroutineError} For anything else.
 */
export function ensureDeferred<T>(coroutine: PromiseLike<T> | DeferredGenerator<T>): Deferred<Awaited<T>> {
  if (Deferred.is(coroutine) || isThenable(coroutine)) return toDeferred(coroutine) as Deferred<Awaited<T>>;
  if (isGenerator(coroutine)) return drive<T>(coroutine);
  throw new NotACoroutineError("Cannot make a Deferred: a promise, a generator or a Deferred is needed");
}

function isGenerator(value: unknown): value is DeferredGenerator<never> {
  return typeof value === "object" && value !== null &&
    typeof (value as { next?: unknown }).next === "function" &&
    typeof (value as { throw?: unknown }).throw === "function";
}

function drive<R>(generator: DeferredGenerator<R>): Deferred<Awaited<R>> {
  return new Driver(generator).start() as Deferred<Awaited<R>>;
}

/** Runs one generator. Its two callbacks are bound once; waits that are over already are taken in a loop. */
class Driver {
  readonly #generator: DeferredGenerator<unknown>;
  readonly #result: Deferred<unknown>;
  readonly #onSuccess = (value: unknown): void => this.#resume(value, false);
  readonly #onFailure = (failure: Failure): void => this.#resume(failure.value, true);
  #waitingFor: Deferred<unknown> | null = null;

  constructor(generator: DeferredGenerator<unknown>) {
    this.#generator = generator;
    this.#result = new Deferred<unknown>(() => this.#cancel());
  }

  start(): Deferred<unknown> {
    this.#resume(undefined, false);
    return this.#result;
  }

  #cancel(): void {
    this.#waitingFor?.cancel();
  }

  #resume(input: unknown, failed: boolean): void {
    this.#waitingFor = null;
    for (;;) {
      let step: IteratorResult<unknown, unknown>;
      try {
        step = failed ? this.#generator.throw(input) : this.#generator.next(input);
      } catch (error) {
        this.#finish(fire(new Failure(error)));
        return;
      }
      if (step.done) {
        this.#finish(toDeferred(step.value));
        return;
      }
      const { value } = step;
      if (typeof value !== "object" || value === null || !(Deferred.is(value) || isThenable(value))) {
        input = value;
        failed = false;
        continue;
      }
      const deferred = toDeferred(value);
      const taken = takeIfFired(deferred);
      if (taken === null) {
        this.#waitingFor = deferred;
        deferred.addCallbacks(this.#onSuccess, this.#onFailure);
        return;
      }
      failed = taken.failed;
      input = failed ? (taken.value as Failure).value : taken.value;
    }
  }

  #finish(outcome: Deferred<unknown>): void {
    this.#waitingFor = outcome;
    outcome.addBoth((result) => this.#result.callback(result));
  }
}

function fire(failure: Failure): Deferred<unknown> {
  const d = new Deferred<unknown>();
  d.errback(failure);
  return d;
}
