/**
 * `Deferred`: a result that is not there yet, with the callbacks that wait for it. How they are run stands in
 * `_chain.ts`.
 *
 * ```text
 *                 value ──► onSuccess ──► onSuccess ──►   (a callback that throws, or returns a Failure,
 *   callback(v)                 │ ▲          │ ▲            crosses down; an errback that returns anything
 *   errback(e)                  ▼ │          ▼ │            else crosses up)
 *                 failure ─► onFailure ──► onFailure ──►
 * ```
 * @module
 */
import { isDeferred, isFailure } from "./_brand.ts";
import * as chains from "./_chain.ts";
import { Chain, type Step } from "./_chain.ts";
import { followDebugging, noteCreated, storyOf } from "./_debug.ts";
import { Wait } from "./_wait.ts";
import { AlreadyCalledError, CancelledError, TimeoutError } from "./errors.ts";
import { Failure } from "./failure.ts";

let debugging = false;
followDebugging((on) => debugging = on);

/** Where time comes from: a reactor, or a `Clock` in tests. All times are seconds. */
export interface TimeProvider {
  /** Calls `f` after `seconds`. */
  callLater<A extends unknown[]>(seconds: number, f: (...args: A) => unknown, ...args: A): {
    /** Takes the call back. */
    cancel(): void;
    /** True until the call ran or was cancelled. */
    active(): boolean;
  };
  /** The present time, in seconds from some fixed point; it never runs backwards. */
  seconds(): number;
}

/**
 * A result that will be there later. Whoever makes the result keeps the Deferred and fires it once, with
 * {@linkcode Deferred.callback} or {@linkcode Deferred.errback}; whoever wants it adds callbacks, which run
 * synchronously, in order, each with what the one before returned.
 *
 * A callback may return a Deferred or a promise: the chain then waits for it. After adding a callback use the
 * returned reference, whose type is the new one (the object is the same).
 *
 * @example
 * ```ts
 * import { Deferred } from "@ropewalk/deferred";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: string[] = [];
 * const d = new Deferred<number>();
 * d.addCallback((n) => n + 1).addCallback((n) => seen.push(`got ${n}`));
 * d.callback(41);
 * assertEquals(seen, ["got 42"]);
 * ```
 */
export class Deferred<T = unknown> implements PromiseLike<T> {
  // The fields of a Chain, private here; `chainOf` shows them to the functions that run it.
  declare private flags: number;
  declare private result: unknown;
  declare private head: unknown;
  declare private tail: unknown;

  /**
   * Makes a Deferred that has not fired.
   *
   * @param canceller Called by {@linkcode cancel} while there is no result. It should stop the work, and may fire
   * the Deferred itself; if it does not, the Deferred fails with `CancelledError`.
   */
  constructor(canceller?: ((d: Deferred<T>) => void) | null) {
    this.flags = 0;
    this.result = canceller;
    this.head = null;
    this.tail = null;
    if (debugging) noteCreated(this);
  }

  /** True for a Deferred of this or of another copy of this package. */
  static is(value: unknown): value is Deferred<unknown> {
    return isDeferred(value);
  }

  /** True once the Deferred was fired, even if its chain is waiting for another one by now. */
  get called(): boolean {
    return chains.isCalled(chainOf(this));
  }

  /**
   * Fires with a value: the callbacks run before this returns. A Failure starts down the second lane instead.
   *
   * @param value The result; it may be left out where `undefined` is one.
   * @throws {AlreadyCalledError} If it was fired before.
   * @throws {TypeError} If `value` is a Deferred: return it from a callback, or use {@linkcode chainDeferred}.
   */
  callback(...value: undefined extends T ? [value?: T | Failure] : [value: T | Failure]): void;
  callback(value?: T | Failure): void {
    let failed = false;
    if (typeof value === "object" && value !== null) {
      if (isDeferred(value)) {
        throw new TypeError(
          "Cannot fire a Deferred with another Deferred: return it from a callback instead",
        );
      }
      failed = isFailure(value);
    }
    if (chains.isCalled(chainOf(this))) tooLate(chainOf(this));
    else chains.fire(chainOf(this), value, failed);
  }

  /**
   * Fires with a failure: the errbacks run before this returns.
   *
   * @param reason What went wrong.
   * @throws {AlreadyCalledError} If it was fired before.
   * @throws {TypeError} If `reason` is neither an `Error` nor a {@linkcode Failure}.
   */
  errback(reason: Error | Failure): void {
    const failure = Failure.is(reason) ? reason : new Failure(reason);
    if (failure !== reason && !isError(reason)) {
      throw new TypeError(`Cannot fail a Deferred: an Error or a Failure is needed, not ${typeof reason}`);
    }
    if (chains.isCalled(chainOf(this))) tooLate(chainOf(this));
    else chains.fire(chainOf(this), failure, true);
  }

  /**
   * Adds a callback for either lane; only the one of the lane that the result comes in on is called.
   *
   * @param onSuccess Called with a value, synchronously: before `callback()` returns, or now if the Deferred has its
   * result already.
   * @param onFailure Called with a failure, likewise; without it failures pass.
   * @returns This Deferred, with the type of what they return.
   */
  addCallbacks<U, F extends Failure>(
    onSuccess: (value: T) => U | Deferred<U> | PromiseLike<U> | Failure,
    onFailure: (failure: Failure) => F,
  ): Deferred<U | OnlyAny<F>>;
  /** The same where either side may give a value, a Deferred or a promise. */
  addCallbacks<U = never, V = never>(
    onSuccess: (value: T) => U | Deferred<U> | PromiseLike<U> | Failure,
    onFailure?: ((failure: Failure) => V | Deferred<V> | PromiseLike<V> | Failure) | null,
  ): Deferred<U | V>;
  /** The same where what they return is a mixture: `number | Deferred<string> | Promise<boolean>`. */
  addCallbacks<R, S = never>(
    onSuccess: (value: T) => R,
    onFailure?: ((failure: Failure) => S) | null,
  ): Deferred<Outcome<R> | Outcome<S>>;
  addCallbacks(onSuccess: Step, onFailure?: Step | null): unknown {
    chains.add(chainOf(this), onSuccess ?? null, onFailure ?? null);
    return this;
  }

  /**
   * Adds a callback for a value; a failure passes it by.
   *
   * @param f Called with the value and `args`, synchronously: before `callback()` returns, or now if the Deferred
   * has its result already.
   * @param args Further arguments for `f`.
   * @returns This Deferred, with the type of what `f` returns.
   */
  addCallback<F extends Failure, A extends unknown[] = []>(
    f: (value: T, ...args: A) => F,
    ...args: A
  ): Deferred<OnlyAny<F>>;
  /** The same where `f` may give a value, a Deferred or a promise. */
  addCallback<U = never, A extends unknown[] = []>(
    f: (value: T, ...args: A) => U | Deferred<U> | PromiseLike<U> | Failure,
    ...args: A
  ): Deferred<U>;
  /** The same where what `f` returns is a mixture: `number | Deferred<string> | Promise<boolean>`. */
  addCallback<R, A extends unknown[] = []>(f: (value: T, ...args: A) => R, ...args: A): Deferred<Outcome<R>>;
  addCallback(f: Step, ...args: unknown[]): unknown {
    chains.add(chainOf(this), args.length === 0 ? f : withArguments(f, ...args), null);
    return this;
  }

  /**
   * Adds a callback for a failure; a value passes it by. What it returns becomes the result, unless that is a Failure
   * or it throws.
   *
   * @param f Called with the failure and `args`, synchronously, as with {@linkcode addCallback}.
   * @param args Further arguments for `f`.
   * @returns This Deferred, with the type of what `f` returns added.
   */
  addErrback<F extends Failure, A extends unknown[] = []>(
    f: (failure: Failure, ...args: A) => F,
    ...args: A
  ): Deferred<T | OnlyAny<F>>;
  /** The same where `f` may give a value, a Deferred or a promise. */
  addErrback<U = never, A extends unknown[] = []>(
    f: (failure: Failure, ...args: A) => U | Deferred<U> | PromiseLike<U> | Failure,
    ...args: A
  ): Deferred<T | U>;
  /** The same where what `f` returns is a mixture: `number | Deferred<string> | Promise<boolean>`. */
  addErrback<R, A extends unknown[] = []>(
    f: (failure: Failure, ...args: A) => R,
    ...args: A
  ): Deferred<T | Outcome<R>>;
  addErrback(f: Step, ...args: unknown[]): unknown {
    chains.add(chainOf(this), null, args.length === 0 ? f : withArguments(f, ...args));
    return this;
  }

  /**
   * Adds one callback for both lanes: it gets the value or the Failure, and what it returns is the result.
   *
   * @param f Called with either and `args`, synchronously, as with {@linkcode addCallback}.
   * @param args Further arguments for `f`.
   * @returns This Deferred, with the type of what `f` returns.
   */
  addBoth<U = never, A extends unknown[] = []>(
    f: (result: T | Failure, ...args: A) => U | Deferred<U> | PromiseLike<U> | Failure,
    ...args: A
  ): Deferred<U>;
  /** The same where what `f` returns is a mixture: `number | Deferred<string> | Promise<boolean>`. */
  addBoth<R, A extends unknown[] = []>(
    f: (result: T | Failure, ...args: A) => R,
    ...args: A
  ): Deferred<Outcome<R>>;
  addBoth(f: Step, ...args: unknown[]): unknown {
    const step = args.length === 0 ? f : withArguments(f, ...args);
    chains.add(chainOf(this), step, step);
    return this;
  }

  /**
   * Gives this Deferred's result to another one; here it becomes `undefined`.
   *
   * @param other Fired with the result; if it was fired before, this chain fails with `AlreadyCalledError`.
   * @returns This Deferred, which has no value any more.
   */
  chainDeferred(other: Deferred<T>): Deferred<void> {
    const handOver = (result: T | Failure): void => (other as Deferred<unknown>).callback(result);
    return this.addCallbacks(handOver, handOver);
  }

  /** Holds the chain until {@linkcode unpause} was called as many times as `pause`. */
  pause(): void {
    chains.pause(chainOf(this));
  }

  /**
   * Takes one {@linkcode pause} back; with the last one the callbacks that can run do so now.
   *
   * @throws {RangeError} If it is not paused.
   */
  unpause(): void {
    if (!chains.unpause(chainOf(this))) throw new RangeError("Cannot unpause a Deferred: it is not paused");
  }

  /**
   * Gives up waiting. Without a result yet, the canceller is called, and if it did not fire the Deferred it fails with
   * `CancelledError`; without a canceller one late result is let pass in silence. While the chain waits for another
   * Deferred, that one is cancelled, and what it makes of it is the result. With a result this does nothing.
   *
   * @throws What the canceller throws; the Deferred is then as it was.
   */
  cancel(): void {
    const target = chains.innermost(chainOf(this));
    if (target === null || chains.isCalled(target)) return;
    const canceller = target.result as ((d: unknown) => void) | null | undefined;
    if (canceller == null) chains.expectLateResult(target);
    else canceller(target);
    if (!chains.isCalled(target)) chains.fire(target, new Failure(new CancelledError()), true);
  }

  /**
   * Cancels the Deferred if it has not fired after some time, and then turns `CancelledError` into `TimeoutError`.
   * Errbacks that were added before see the `CancelledError` and may deal with it.
   *
   * @param seconds How long to wait.
   * @param clock A reactor, or a `Clock`.
   * @param onTimeoutCancel Called with the result and `seconds` in place of that conversion; its result stands.
   * @returns This Deferred.
   */
  addTimeout<U = T>(
    seconds: number,
    clock: TimeProvider,
    onTimeoutCancel?: (result: T | Failure, seconds: number) => U | Deferred<U> | PromiseLike<U> | Failure,
  ): Deferred<T | U> {
    let timedOut = false;
    const call = clock.callLater(seconds, () => {
      timedOut = true;
      this.cancel();
    });
    return this.addBoth((result): unknown => {
      if (call.active()) call.cancel();
      if (!timedOut) return result;
      if (onTimeoutCancel) return onTimeoutCancel(result, seconds);
      if (Failure.is(result) && result.check(CancelledError)) throw new TimeoutError(seconds);
      return result;
    }) as Deferred<T | U>;
  }

  /**
   * Cancels the Deferred when a signal aborts: at once if that has happened already. The signal is let go as soon as
   * the chain has come to this point.
   *
   * @param signal An `AbortController`'s, or `AbortSignal.timeout(…)`.
   * @returns This Deferred.
   */
  cancelOnAbort(signal: AbortSignal): Deferred<T> {
    const abort = () => this.cancel();
    signal.addEventListener("abort", abort);
    const d = this.addBoth((result) => {
      signal.removeEventListener("abort", abort);
      return result;
    });
    if (signal.aborted) abort();
    return d;
  }

  /**
   * As a promise's `then`: the chain keeps its result, and a failure counts as handled (by the promise).
   *
   * @param onfulfilled Called with the value, in a microtask.
   * @param onrejected Called with the very object that was thrown, in a microtask.
   * @returns A promise for what they return.
   */
  then<U = T, V = never>(
    onfulfilled?: ((value: T) => U | PromiseLike<U>) | null,
    onrejected?: ((reason: unknown) => V | PromiseLike<V>) | null,
  ): Promise<U | V> {
    return this.toPromise().then(onfulfilled, onrejected);
  }

  /**
   * As a promise's `catch`; see {@linkcode then}.
   *
   * @param onrejected Called with the very object that was thrown, in a microtask.
   * @returns A promise for the value, or for what `onrejected` returns.
   */
  catch<V = never>(onrejected?: ((reason: unknown) => V | PromiseLike<V>) | null): Promise<T | V> {
    return this.toPromise().catch(onrejected);
  }

  /**
   * As a promise's `finally`; see {@linkcode then}.
   *
   * @param onfinally Called without arguments, in a microtask.
   * @returns A promise for the same result.
   */
  finally(onfinally?: (() => void) | null): Promise<T> {
    return this.toPromise().finally(onfinally);
  }

  /**
   * A promise for the result as it is at this point of the chain. The chain keeps its result, and a failure counts as
   * handled: if the promise drops it, the host reports an unhandled rejection.
   *
   * @param options `signal`: when it aborts, the Deferred is cancelled.
   * @returns The promise; it rejects with the very object that was thrown.
   */
  toPromise(options: { signal?: AbortSignal } = {}): Promise<T> {
    if (options.signal) this.cancelOnAbort(options.signal);
    return new Promise<T>((resolve, reject) => {
      chains.add(chainOf(this), (value: T) => {
        resolve(value);
        return value;
      }, (failure: Failure) => {
        reject(failure.value);
        chains.noteObserved(chainOf(this));
        return failure;
      });
    });
  }

  /**
   * A Deferred that fires with what a promise settles to, in the microtask after it.
   *
   * @param promise The promise; `failure.value` is what it rejects with.
   * @param controller Aborted when the Deferred is cancelled.
   * @returns The Deferred. What the promise settles to after a cancel is dropped.
   */
  static fromPromise<T>(promise: PromiseLike<T>, controller?: AbortController): Deferred<T> {
    const d = new Deferred<T>(controller ? () => controller.abort(new CancelledError()) : null);
    const settle = (result: unknown, failed: boolean) => {
      if (!d.called) chains.fire(chainOf(d), result, failed); // else it was cancelled: nobody waits any more
    };
    promise.then((value) => settle(value, false), (reason) => settle(new Failure(reason), true));
    return d;
  }

  /**
   * Makes `const value = yield* deferred` a typed wait inside `inlineCallbacks`. It takes the result: the Deferred's
   * own becomes `undefined`, as after any callback that returns nothing.
   *
   * @returns An iterator for `yield*`, not for loops.
   */
  [Symbol.iterator](): Iterator<Deferred<T>, T, unknown> {
    return new Wait(chainOf(this)) as Iterator<Deferred<T>, T, unknown>;
  }

  /** `[Deferred not fired]`, `[Deferred fired: 42]`: its state, for messages. */
  toString(): string {
    return `[Deferred ${chains.describe(chainOf(this))}]`;
  }
}

// `instanceof Chain` is how `_chain.ts` knows its own; `extends` would cost every `new Deferred` a call of super().
Object.setPrototypeOf(Deferred.prototype, Chain.prototype);
chains.setConverter((thenable) =>
  chainOf(
    Deferred.is(thenable) ? fromForeign(thenable) : Deferred.fromPromise(thenable as PromiseLike<unknown>),
  )
);

/** A Deferred as the functions that run it see it. */
export function chainOf(d: Deferred<never> | Deferred<unknown>): Chain {
  return d as unknown as Chain;
}

/** What a callback's return value becomes: Deferreds and promises are waited for, Failures change lanes. */
export type Outcome<R> = Exclude<Awaited<R>, Failure>;

/**
 * What is left of a type that fits `Failure`: nothing, for a callback that only ever fails adds no value to the
 * chain; but `any` fits too, and stays `any`.
 */
export type OnlyAny<F> = 0 extends 1 & F ? F : never;

/** A Deferred of ours for one of another copy of this package: through its public methods only. */
export function fromForeign<T>(foreign: Deferred<T>): Deferred<T> {
  const d = new Deferred<unknown>(() => foreign.cancel());
  foreign.addBoth((result) => d.callback(result));
  return d as Deferred<T>;
}

/**
 * For a canceller that could not settle the matter: `d`, without a result, waits for a new Deferred that is fired in its
 * place later. Cancelling it then cancels that one, with the same canceller.
 */
export function postpone(d: Deferred<never> | Deferred<unknown>): Deferred<unknown> {
  const chain = chainOf(d);
  const later = new Deferred<unknown>(chain.result as ((d: unknown) => void) | null);
  chains.waitFor(chain, chainOf(later));
  return later;
}

// Only for callbacks that were given arguments of their own; all others stand in the chain as they are.
function withArguments(f: Step, ...args: unknown[]): Step {
  return (input) => (f as (input: unknown, ...args: unknown[]) => unknown)(input, ...args);
}

function tooLate(chain: Chain): void {
  if (chains.takeLateResult(chain)) return;
  throw new AlreadyCalledError(`Cannot fire a Deferred: it was fired already${storyOf(chain)}`);
}

// An Error of another realm is no `instanceof Error` of ours.
function isError(value: unknown): boolean {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}
