/**
 * `Deferred`: a result that is not there yet, with the callbacks that wait for it.
 *
 * ```text
 *                 value ──► onSuccess ──► onSuccess ──►   (a callback that throws, or returns a Failure,
 *   callback(v)                 │ ▲          │ ▲            crosses down; an errback that returns anything
 *   errback(e)                  ▼ │          ▼ │            else crosses up)
 *                 failure ─► onFailure ──► onFailure ──►
 * ```
 *
 * The chain is a singly linked list; taking and adding a callback are O(1), and a chain of Deferreds that wait for
 * each other is a loop with a stack of its own, so depth costs no JavaScript stack.
 * @module
 */
import { DEFERRED, hasBrand } from "./_brand.ts";
import { captureStack, type DebugInfo, getDebugging, story } from "./_debug.ts";
import { forget, remember } from "./_unhandled.ts";
import { AlreadyCalledError, CancelledError, TimeoutError } from "./errors.ts";
import { Failure } from "./failure.ts";

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

type Step = (value: never, ...args: never[]) => unknown;

/** One pair of callbacks. `data` holds extra arguments, or the Deferred that takes over the result (`HAND_OVER`). */
class Link {
  next: Link | null = null;
  constructor(
    readonly onSuccess: Step | null,
    readonly onFailure: Step | null,
    readonly data: unknown[] | Deferred<unknown> | null,
  ) {}
}

// Marks the link that gives the result to the Deferred in `data`, which has been waiting for it.
const HAND_OVER: Step = () => undefined;

// The bits of `#flags`; the count of pauses stands above them.
const CALLED = 1;
const FAILED = 2; // #result is a Failure
const WAITING = 4; // #result is the Deferred whose result we wait for
const RUNNING = 8; // one of our callbacks is on the stack
const FREE_LATE_RESULT = 16; // cancelled without a canceller: one later callback() is ignored
const OBSERVED = 32; // the present failure was seen by then/catch/await
const REMEMBERED = 64; // registered as unhandled
const ONE_PAUSE = 128;
const HELD = WAITING | RUNNING | ~(ONE_PAUSE - 1); // not free to run callbacks

/** The result taken from a Deferred by {@linkcode takeIfFired}; one shared object, to be read at once. */
export interface Taken {
  value: unknown;
  failed: boolean;
}

const taken: Taken = { value: undefined, failed: false };

/** Takes the result of a Deferred that has one and waits for nothing; `null` otherwise. For `inlineCallbacks`. */
export let takeIfFired: (d: Deferred<unknown>) => Taken | null;

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
  #flags = 0;
  #result: unknown = undefined;
  #head: Link | null = null;
  #tail: Link | null = null;
  #canceller: ((d: never) => void) | null; // never: so that a Deferred<T> is a Deferred<unknown>
  #debug: DebugInfo | null;

  /**
   * @param canceller Called by {@linkcode cancel} while there is no result. It should stop the work, and may fire
   * the Deferred itself; if it does not, the Deferred fails with `CancelledError`.
   */
  constructor(canceller?: ((d: Deferred<T>) => void) | null) {
    this.#canceller = canceller ?? null;
    this.#debug = getDebugging() ? { created: captureStack(1), fired: null } : null;
  }

  /** True for a Deferred of this or of another copy of this package. */
  static is(value: unknown): value is Deferred<unknown> {
    return value instanceof Deferred || hasBrand(value, DEFERRED);
  }

  /** True once the Deferred was fired, even if its chain is waiting for another one by now. */
  get called(): boolean {
    return (this.#flags & CALLED) !== 0;
  }

  /**
   * Fires with a value: the callbacks run before this returns. A Failure starts down the second lane instead.
   *
   * @throws {AlreadyCalledError} If it was fired before.
   * @throws {TypeError} If `value` is a Deferred: return it from a callback, or use {@linkcode chainDeferred}.
   */
  callback(...value: undefined extends T ? [value?: T | Failure] : [value: T | Failure]): void;
  callback(value?: T | Failure): void {
    if (Deferred.is(value)) {
      throw new TypeError("Cannot fire a Deferred with another Deferred: return it from a callback instead");
    }
    this.#fire(value, Failure.is(value));
  }

  /**
   * Fires with a failure: the errbacks run before this returns.
   *
   * @param reason What went wrong.
   * @throws {AlreadyCalledError} If it was fired before.
   * @throws {TypeError} If `reason` is neither an `Error` nor a {@linkcode Failure}.
   */
  errback(reason: Error | Failure): void {
    if (Failure.is(reason)) this.#fire(reason, true);
    else if (reason instanceof Error) this.#fire(new Failure(reason), true);
    else throw new TypeError(`Cannot fail a Deferred: an Error or a Failure is needed, not ${typeof reason}`);
  }

  /** Adds a callback for either lane; `null` lets the result pass. */
  addCallbacks<U, F extends Failure>(
    onSuccess: (value: T) => U | Deferred<U> | PromiseLike<U> | Failure,
    onFailure: (failure: Failure) => F,
  ): Deferred<U | OnlyAny<F>>;
  addCallbacks<U = never, V = never>(
    onSuccess: (value: T) => U | Deferred<U> | PromiseLike<U> | Failure,
    onFailure?: ((failure: Failure) => V | Deferred<V> | PromiseLike<V> | Failure) | null,
  ): Deferred<U | V>;
  addCallbacks<R, S = never>(
    onSuccess: (value: T) => R,
    onFailure?: ((failure: Failure) => S) | null,
  ): Deferred<Outcome<R> | Outcome<S>>;
  addCallbacks(onSuccess: Step | null, onFailure?: Step | null): unknown {
    return this.#add(onSuccess, onFailure ?? null, null);
  }

  /**
   * Adds a callback for a value; a failure passes it by.
   *
   * @param f Called with the value and `args`, synchronously: before `callback()` returns, or now if the Deferred
   * has its result already.
   */
  addCallback<F extends Failure, A extends unknown[] = []>(
    f: (value: T, ...args: A) => F,
    ...args: A
  ): Deferred<OnlyAny<F>>;
  addCallback<U = never, A extends unknown[] = []>(
    f: (value: T, ...args: A) => U | Deferred<U> | PromiseLike<U> | Failure,
    ...args: A
  ): Deferred<U>;
  addCallback<R, A extends unknown[] = []>(f: (value: T, ...args: A) => R, ...args: A): Deferred<Outcome<R>>;
  addCallback(f: Step, ...args: unknown[]): unknown {
    return this.#add(f, null, args.length === 0 ? null : args);
  }

  /** Adds a callback for a failure; a value passes it by. What it returns becomes the result. */
  addErrback<F extends Failure, A extends unknown[] = []>(
    f: (failure: Failure, ...args: A) => F,
    ...args: A
  ): Deferred<T | OnlyAny<F>>;
  addErrback<U = never, A extends unknown[] = []>(
    f: (failure: Failure, ...args: A) => U | Deferred<U> | PromiseLike<U> | Failure,
    ...args: A
  ): Deferred<T | U>;
  addErrback<R, A extends unknown[] = []>(
    f: (failure: Failure, ...args: A) => R,
    ...args: A
  ): Deferred<T | Outcome<R>>;
  addErrback(f: Step, ...args: unknown[]): unknown {
    return this.#add(null, f, args.length === 0 ? null : args);
  }

  /** Adds one callback for both lanes: it gets the value or the Failure, and what it returns is the result. */
  addBoth<U = never, A extends unknown[] = []>(
    f: (result: T | Failure, ...args: A) => U | Deferred<U> | PromiseLike<U> | Failure,
    ...args: A
  ): Deferred<U>;
  addBoth<R, A extends unknown[] = []>(
    f: (result: T | Failure, ...args: A) => R,
    ...args: A
  ): Deferred<Outcome<R>>;
  addBoth(f: Step, ...args: unknown[]): unknown {
    return this.#add(f, f, args.length === 0 ? null : args);
  }

  /** Gives this Deferred's result to `other`, which must not have been fired; the result here becomes `undefined`. */
  chainDeferred(other: Deferred<T>): Deferred<void> {
    return this.addCallbacks(
      (value) => other.#fire(value, false),
      (failure) => other.#fire(failure, true),
    );
  }

  /** Holds the chain until {@linkcode unpause} was called as many times as `pause`. */
  pause(): void {
    this.#flags += ONE_PAUSE;
  }

  /** Takes one {@linkcode pause} back; with the last one the callbacks that can run do so now. */
  unpause(): void {
    if (this.#flags < ONE_PAUSE) throw new RangeError("Cannot unpause a Deferred: it is not paused");
    this.#flags -= ONE_PAUSE;
    this.#proceed();
  }

  /**
   * Asks that the work be given up. Without a result the canceller runs, then, if it did not fire the Deferred,
   * `CancelledError` goes down the chain. While the chain waits for another Deferred that one is cancelled instead.
   * With a result in hand nothing happens.
   */
  cancel(): void {
    // deno-lint-ignore no-this-alias -- a loop in place of recursion: chains may be a million long
    let target: Deferred<unknown> = this;
    // deno-lint-ignore no-this-alias -- as above
    let hare: Deferred<unknown> = this; // twice as fast: meets the target if they run in a circle
    while ((target.#flags & WAITING) !== 0) {
      target = target.#result as Deferred<unknown>;
      for (let i = 0; i < 2 && (hare.#flags & WAITING) !== 0; i++) hare = hare.#result as Deferred<unknown>;
      if (hare === target && (hare.#flags & WAITING) !== 0) return; // they wait for each other, for ever
    }
    if ((target.#flags & CALLED) !== 0) return;
    const canceller = target.#canceller;
    if (canceller === null) target.#flags |= FREE_LATE_RESULT;
    else canceller(target as never);
    if ((target.#flags & CALLED) === 0) target.#fire(new Failure(new CancelledError()), true);
  }

  /**
   * Cancels the Deferred if it has not fired after some time, and then turns `CancelledError` into `TimeoutError`.
   * Errbacks that were added before see the `CancelledError` and may deal with it.
   *
   * @param seconds How long to wait.
   * @param clock A reactor, or a `Clock`.
   * @param onTimeoutCancel Called with the result and `seconds` in place of that conversion; its result stands.
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

  /** As a promise's `then`: the chain keeps its result, and a failure counts as handled (by the promise). */
  then<U = T, V = never>(
    onfulfilled?: ((value: T) => U | PromiseLike<U>) | null,
    onrejected?: ((reason: unknown) => V | PromiseLike<V>) | null,
  ): Promise<U | V> {
    return this.toPromise().then(onfulfilled, onrejected);
  }

  /** As a promise's `catch`; see {@linkcode then}. */
  catch<V = never>(onrejected?: ((reason: unknown) => V | PromiseLike<V>) | null): Promise<T | V> {
    return this.toPromise().catch(onrejected);
  }

  /** As a promise's `finally`; see {@linkcode then}. */
  finally(onfinally?: (() => void) | null): Promise<T> {
    return this.toPromise().finally(onfinally);
  }

  /**
   * A promise for the result as it is at this point of the chain. The chain keeps its result.
   *
   * @param options `signal`: when it aborts, the Deferred is cancelled.
   */
  toPromise(options: { signal?: AbortSignal } = {}): Promise<T> {
    const { signal } = options;
    return new Promise<T>((resolve, reject) => {
      const abort = () => this.cancel();
      this.#add(
        (value: T) => {
          signal?.removeEventListener("abort", abort);
          resolve(value);
          return value;
        },
        (failure: Failure) => {
          signal?.removeEventListener("abort", abort);
          reject(failure.value);
          this.#flags |= OBSERVED;
          return failure;
        },
        null,
      );
      if (signal?.aborted) abort();
      else if ((this.#flags & CALLED) === 0 || this.#head !== null) signal?.addEventListener("abort", abort);
    });
  }

  /**
   * A Deferred that fires with what a promise settles to.
   *
   * @param promise The promise; `failure.value` is what it rejects with.
   * @param controller Aborted when the Deferred is cancelled.
   */
  static fromPromise<T>(promise: PromiseLike<T>, controller?: AbortController): Deferred<T> {
    const d = new Deferred<T>(controller ? () => controller.abort(new CancelledError()) : null);
    promise.then(
      (value) => d.#settle(value, false),
      (reason) => d.#settle(new Failure(reason), true),
    );
    return d;
  }

  /**
   * Makes `const value = yield* deferred` a typed wait inside `inlineCallbacks`. It takes the result: the Deferred's
   * own becomes `undefined`, as after any callback that returns nothing.
   */
  [Symbol.iterator](): Iterator<Deferred<T>, T, unknown> {
    return new Wait<T>(this);
  }

  /** `[Deferred waiting]`, `[Deferred fired: 42]`: its state, for messages. */
  toString(): string {
    const flags = this.#flags;
    const paused = flags >= ONE_PAUSE ? ", paused" : "";
    if ((flags & WAITING) !== 0) return `[Deferred waiting on another Deferred${paused}]`;
    if ((flags & CALLED) === 0) return `[Deferred not fired${paused}]`;
    if ((flags & FAILED) !== 0) {
      return `[Deferred failed: ${(this.#result as Failure).getBriefTraceback()}${paused}]`;
    }
    return `[Deferred fired: ${Deferred.#show(this.#result)}${paused}]`;
  }

  static #show(value: unknown): string {
    try {
      return typeof value === "string" ? JSON.stringify(value) : String(value);
    } catch {
      return typeof value;
    }
  }

  #fire(result: unknown, failed: boolean): void {
    const flags = this.#flags;
    if ((flags & CALLED) !== 0) {
      if ((flags & FREE_LATE_RESULT) !== 0) {
        this.#flags = flags & ~FREE_LATE_RESULT;
        return;
      }
      throw new AlreadyCalledError(`Cannot fire a Deferred: it was fired already${story(this.#debug)}`);
    }
    if (this.#debug !== null) this.#debug.fired = captureStack(2);
    this.#flags = failed ? flags | CALLED | FAILED : flags | CALLED;
    this.#result = result;
    this.#proceed();
  }

  // The result of a promise: nobody is there to hear that it came too late.
  #settle(result: unknown, failed: boolean): void {
    if ((this.#flags & CALLED) === 0) this.#fire(result, failed);
  }

  #add(onSuccess: Step | null, onFailure: Step | null, data: unknown[] | null): this {
    this.#append(new Link(onSuccess, onFailure, data));
    this.#proceed();
    return this;
  }

  #append(link: Link): void {
    if (this.#tail === null) this.#head = link;
    else this.#tail.next = link;
    this.#tail = link;
  }

  #proceed(): void {
    if ((this.#flags & (CALLED | HELD)) === CALLED) Deferred.#run(this);
  }

  // Has a result, and nothing that would still change it.
  static #isIdle(d: Deferred<unknown>): boolean {
    return (d.#flags & (CALLED | HELD)) === CALLED && d.#head === null;
  }

  // Runs the callbacks of `start`, and of every Deferred that was waiting for it. `stack` holds those that still have
  // callbacks of their own to run once the one they handed their result to is through.
  static #run(start: Deferred<unknown>): void {
    let stack: Deferred<unknown>[] | null = null;
    let current = start;
    for (;;) {
      if ((current.#flags & REMEMBERED) !== 0) Deferred.#forget(current);
      for (let link = current.#head; link !== null && (current.#flags & HELD) === 0; link = current.#head) {
        current.#head = link.next;
        if (link.next === null) current.#tail = null;
        if (link.onSuccess === HAND_OVER) {
          const waiter = link.data as Deferred<unknown>;
          waiter.#flags &= ~WAITING;
          Deferred.#take(waiter, current);
          if ((waiter.#flags & HELD) !== 0) continue;
          if (current.#head !== null) (stack ??= []).push(current);
          current = waiter;
          continue;
        }
        const step = (current.#flags & FAILED) === 0 ? link.onSuccess : link.onFailure;
        if (step !== null) Deferred.#call(current, step, link.data as unknown[] | null);
      }
      if ((current.#flags & (FAILED | OBSERVED | HELD)) === FAILED && current.#head === null) {
        current.#flags |= REMEMBERED;
        remember(current, current.#result as Failure, current.#debug);
      }
      if (stack === null || stack.length === 0) return;
      current = stack.pop()!;
    }
  }

  static #call(current: Deferred<unknown>, step: Step, args: unknown[] | null): void {
    let result: unknown;
    const input = current.#result;
    current.#flags |= RUNNING;
    try {
      result = args === null
        ? (step as (value: unknown) => unknown)(input)
        : (step as (value: unknown, ...args: unknown[]) => unknown)(input, ...args);
    } catch (error) {
      current.#result = new Failure(error);
      current.#flags = current.#flags & ~(RUNNING | OBSERVED) | FAILED;
      return;
    }
    current.#flags &= ~RUNNING;
    if (typeof result === "object" && result !== null) Deferred.#adopt(current, result);
    else {
      current.#result = result;
      current.#flags &= ~(FAILED | OBSERVED);
    }
  }

  // A callback returned an object: a Deferred or promise is waited for, a Failure crosses lanes.
  static #adopt(current: Deferred<unknown>, result: object): void {
    if (result instanceof Deferred) {
      if (result === current) {
        current.#result = new Failure(new TypeError("Cannot wait for a Deferred in its own callback"));
        current.#flags = current.#flags & ~OBSERVED | FAILED;
      } else if (Deferred.#isIdle(result)) {
        Deferred.#take(current, result);
      } else {
        current.#flags = current.#flags & ~(FAILED | OBSERVED) | WAITING;
        current.#result = result;
        result.#append(new Link(HAND_OVER, HAND_OVER, current));
      }
    } else if (Failure.is(result)) {
      if (current.#result !== result) current.#flags &= ~OBSERVED;
      current.#result = result;
      current.#flags |= FAILED;
    } else if (hasBrand(result, DEFERRED)) {
      Deferred.#adopt(current, fromForeign(result as Deferred<unknown>));
    } else if (typeof (result as { then?: unknown }).then === "function") {
      Deferred.#adopt(current, Deferred.fromPromise(result as PromiseLike<unknown>));
    } else {
      current.#result = result;
      current.#flags &= ~(FAILED | OBSERVED);
    }
  }

  // `to` gets the result of `from`, which keeps nothing: a failure has one owner, and is reported once.
  static #take(to: Deferred<unknown>, from: Deferred<unknown>): void {
    if ((from.#flags & REMEMBERED) !== 0) Deferred.#forget(from);
    to.#result = from.#result;
    to.#flags = to.#flags & ~(FAILED | OBSERVED) | (from.#flags & FAILED);
    from.#result = undefined;
    from.#flags &= ~(FAILED | OBSERVED);
  }

  static #forget(d: Deferred<unknown>): void {
    d.#flags &= ~REMEMBERED;
    forget(d);
  }

  static {
    takeIfFired = (d: Deferred<unknown>): Taken | null => {
      if (!Deferred.#isIdle(d)) return null;
      if ((d.#flags & REMEMBERED) !== 0) Deferred.#forget(d);
      taken.value = d.#result;
      taken.failed = (d.#flags & FAILED) !== 0;
      d.#result = undefined;
      d.#flags &= ~(FAILED | OBSERVED);
      return taken;
    };
  }
}

Object.defineProperty(Deferred.prototype, DEFERRED, { value: true });

/** What a callback's return value becomes: Deferreds and promises are waited for, Failures change lanes. */
export type Outcome<R> = Exclude<Awaited<R>, Failure>;

/**
 * What is left of a type that fits `Failure`: nothing, for a callback that only ever fails adds no value to the
 * chain; but `any` fits too, and stays `any`.
 */
export type OnlyAny<F> = 0 extends 1 & F ? F : never;

/** A Deferred of ours for one of another copy of this package: through its public methods only. */
export function fromForeign<T>(foreign: Deferred<T>): Deferred<T> {
  const d = new Deferred<T>(() => foreign.cancel());
  foreign.addBoth((result: unknown) => {
    if (Failure.is(result)) d.errback(result);
    else (d as Deferred<unknown>).callback(result);
  });
  return d;
}

/** The iterator behind `yield*`: hands the Deferred to whoever drives the generator, unless it has fired already. */
class Wait<T> implements Iterator<Deferred<T>, T, unknown> {
  #deferred: Deferred<T> | null;

  constructor(deferred: Deferred<T>) {
    this.#deferred = deferred;
  }

  next(value?: unknown): IteratorResult<Deferred<T>, T> {
    const deferred = this.#deferred;
    if (deferred === null) return { done: true, value: value as T };
    this.#deferred = null;
    const fired = takeIfFired(deferred as Deferred<unknown>);
    if (fired === null) return { done: false, value: deferred };
    if (fired.failed) throw (fired.value as Failure).value;
    return { done: true, value: fired.value as T };
  }

  throw(error: unknown): IteratorResult<Deferred<T>, T> {
    throw error;
  }

  return(value: unknown): IteratorResult<Deferred<T>, T> {
    return { done: true, value: value as T };
  }
}
