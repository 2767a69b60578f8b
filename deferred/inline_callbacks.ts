/**
 * `inlineCallbacks`: Deferreds in code that reads from top to bottom.
 * @module
 */
import { isFailure } from "./_brand.ts";
import { add, Chain, fire, fromThenable, hasFailed, isIdle, settle, take } from "./_chain.ts";
import { followDebugging } from "./_debug.ts";
import { placeOfWait, traced } from "./_trace.ts";
import { chainOf, Deferred, postpone } from "./deferred.ts";
import { NotACoroutineError } from "./errors.ts";
import { Failure } from "./failure.ts";
import { fail, isThenable, succeed, toDeferred } from "./functions.ts";

let debugging = false;
followDebugging((on) => debugging = on);

/** What a generator that `inlineCallbacks` drives looks like. */
export type DeferredGenerator<R> = Generator<unknown, R, unknown>;

/**
 * Turns a generator function into a function that returns a Deferred. Inside, `yield*` waits for a Deferred and gives
 * its typed result; a plain `yield` waits for Deferreds and promises alike, untyped, and gives other values back at
 * once. Failures are thrown into the generator as the original error; what it returns fires the Deferred. Cancelling
 * the Deferred cancels the one that is being waited for.
 *
 * The function runs synchronously up to its first wait for something that is not there, and goes on inside the
 * `callback()` that brings it.
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
    const generator = asGenerator<R>(f.apply(this, args));
    if (generator === null) {
      throw new TypeError(
        `Cannot drive ${f.name || "the function"}: inlineCallbacks needs a generator function`,
      );
    }
    return drive<R>(generator, f.name);
  };
}

/**
 * A Deferred for something that runs already: a promise (an `async` function's), or a generator, which is driven as
 * `inlineCallbacks` would. A Deferred is returned as it is.
 *
 * @param coroutine What runs already.
 * @returns The Deferred for its result.
 * @throws {NotACoroutineError} For anything else.
 *
 * @example
 * ```ts
 * import { ensureDeferred } from "@ropewalk/deferred";
 *
 * async function answer(): Promise<number> {
 *   return await Promise.resolve(42);
 * }
 * ensureDeferred(answer()).addCallback((n) => console.assert(n === 42));
 * ```
 */
export function ensureDeferred<T>(coroutine: PromiseLike<T> | DeferredGenerator<T>): Deferred<Awaited<T>> {
  if (Deferred.is(coroutine) || isThenable(coroutine)) return toDeferred(coroutine) as Deferred<Awaited<T>>;
  const generator = asGenerator<T>(coroutine);
  if (generator !== null) return drive<T>(generator, "");
  throw new NotACoroutineError("Cannot make a Deferred: a promise, a generator or a Deferred is needed");
}

// Every generator function has a prototype of its own, so `generator.next` is looked up anew for each; these are not.
const GENERATOR: object = Object.getPrototypeOf(function* () {}.prototype);
const { next: NEXT, throw: THROW } = GENERATOR as Generator<unknown, unknown, unknown>;
function Native(): void {}
Native.prototype = GENERATOR;
const Own = Chain; // a constant of this module's is known when the loop is compiled, an imported one is not

function isGenerator(value: unknown): value is DeferredGenerator<never> {
  return value instanceof (Native as unknown as new () => object);
}

// A generator of another realm, or an object that behaves like one, is driven by a generator of ours.
function asGenerator<R>(value: unknown): DeferredGenerator<R> | null {
  if (isGenerator(value)) return value;
  if (
    typeof value !== "object" || value === null || typeof (value as { next?: unknown }).next !== "function" ||
    typeof (value as { throw?: unknown }).throw !== "function"
  ) return null;
  const iterator = value as DeferredGenerator<R>;
  return (function* (): DeferredGenerator<R> {
    return yield* { [Symbol.iterator]: () => iterator };
  })();
}

// Takes what is there already in a loop of its own, for most generators never need more. At the first thing that is not
// simply there, a Driver takes over.
function drive<R>(generator: DeferredGenerator<R>, name: string): Deferred<Awaited<R>> {
  let step: IteratorResult<unknown, unknown> | null = null;
  if (!debugging) {
    let input: unknown;
    try {
      for (;;) {
        step = NEXT.call(generator, input);
        const { value } = step;
        if (step.done || !(value instanceof Own) || !isIdle(value) || hasFailed(value)) break;
        input = take(value);
      }
    } catch (error) {
      return fail(new Failure(error));
    }
    if (step.done && typeof step.value !== "object") return succeed(step.value) as Deferred<Awaited<R>>;
  }
  const driver = new Driver(generator, name);
  const { result } = driver;
  advance(driver, step, undefined, null);
  return result as unknown as Deferred<Awaited<R>>;
}

/** Runs a generator that may have to wait. */
class Driver {
  result: Chain; // after a cancellation another one, which the first waits for
  waitingFor: Chain | null = null;
  place = ""; // where the generator waits, with debugging on
  cancelled = false; // while the generator was running: its next wait is cancelled
  readonly onSuccess: (value: unknown) => void;
  readonly onFailure: (failure: Failure) => void;

  constructor(readonly generator: DeferredGenerator<unknown>, readonly name: string) {
    this.result = chainOf(new Deferred<unknown>(() => this.cancel()));
    this.onSuccess = (value) => advance(this, null, value, null);
    this.onFailure = (failure) => advance(this, null, undefined, failure);
  }

  // The generator may catch the CancelledError and wait for something else; the result is not decided then.
  cancel(): void {
    if (this.waitingFor === null) this.cancelled = true;
    else (this.waitingFor as unknown as Deferred).cancel();
    const result = this.result as unknown as Deferred;
    if (!result.called) this.result = chainOf(postpone(result));
  }
}

// Runs a generator until it has to wait, from a step that was taken already or from what it waited for.
function advance(
  driver: Driver,
  taken: IteratorResult<unknown, unknown> | null,
  input: unknown,
  failure: Failure | null, // thrown into the generator in place of `input`
): void {
  driver.waitingFor = null;
  const { generator } = driver;
  for (let step = taken;; step = null) {
    if (step === null) {
      try {
        if (debugging) step = tracedStep(generator, input, failure);
        else step = failure === null ? NEXT.call(generator, input) : THROW.call(generator, failure.value);
      } catch (error) {
        fire(driver.result, failureOf(error, failure, driver.place), true);
        return;
      }
    }
    const { value } = step;
    if (step.done) {
      settle(driver.result, value);
      return;
    }
    failure = null;
    input = value;
    if (typeof value !== "object" || value === null) continue;
    const chain = value instanceof Own ? value : fromThenable(value);
    if (chain === null) {
      if (isFailure(value)) failure = value as Failure;
      continue;
    }
    if (debugging) driver.place = placeOfWait(chain, driver.name);
    if (isIdle(chain)) {
      if (hasFailed(chain)) failure = take(chain) as Failure;
      else input = take(chain);
      continue;
    }
    driver.waitingFor = chain;
    add(chain, driver.onSuccess, driver.onFailure);
    if (driver.cancelled && driver.waitingFor !== null) {
      driver.cancelled = false;
      (driver.waitingFor as unknown as Deferred).cancel();
    }
    return;
  }
}

// A failure that only passed through stays the same one, and remembers the place.
function failureOf(error: unknown, thrown: Failure | null, place: string): Failure {
  if (thrown === null || thrown.value !== error) return new Failure(error);
  if (place !== "") thrown.addFrame(place);
  return thrown;
}

function tracedStep(
  generator: DeferredGenerator<unknown>,
  input: unknown,
  failure: Failure | null,
): IteratorResult<unknown, unknown> {
  return traced(() =>
    failure === null ? NEXT.call(generator, input) : THROW.call(generator, failure.value)
  ) as IteratorResult<unknown, unknown>;
}
