/**
 * `DeferredLock` and `DeferredSemaphore`: taking turns at something.
 * @module
 */
import { Fifo } from "./_fifo.ts";
import { Deferred, type Outcome } from "./deferred.ts";
import { maybeDeferred, succeed } from "./functions.ts";

/**
 * Lets a number of users at something at a time; the others wait in line. Each `acquire` that fired is owed one
 * `release`.
 *
 * @example
 * ```ts
 * import { DeferredSemaphore, inlineCallbacks, succeed } from "@ropewalk/deferred";
 * import { assertEquals } from "@std/assert";
 *
 * const connections = new DeferredSemaphore(2);
 * const work = inlineCallbacks(function* (name: string) {
 *   using _held = yield* connections.acquire(); // released at the end of the block, whatever happens
 *   return yield* succeed(`${name} is done, ${connections.tokens} free`);
 * });
 * let seen = "";
 * work("first").addCallback((text) => seen = text);
 * assertEquals(seen, "first is done, 1 free");
 * assertEquals(connections.tokens, 2);
 * ```
 */
export class DeferredSemaphore implements Disposable {
  /** How many can hold it at a time. */
  readonly limit: number;
  #tokens: number;
  readonly #waiting: Fifo<Deferred<this>> = new Fifo();

  /**
   * Makes one that nobody holds.
   *
   * @param tokens How many can hold it at a time.
   * @throws {RangeError} If that is not a whole number from 1.
   */
  constructor(tokens: number) {
    if (!Number.isInteger(tokens) || tokens < 1) {
      throw new RangeError(`Cannot make a DeferredSemaphore: it needs at least one token, not ${tokens}`);
    }
    this.limit = tokens;
    this.#tokens = tokens;
  }

  /** How many more could acquire it now without waiting. */
  get tokens(): number {
    return this.#tokens;
  }

  /** Those who wait, in the order in which they will be served. */
  get waiting(): readonly Deferred<this>[] {
    return this.#waiting.toArray();
  }

  /**
   * Waits for a turn.
   *
   * @returns A Deferred that fires with this object, at once if there is a token. Cancelling it while it waits gives
   * up the place in line; after it fired the token has to be released.
   */
  acquire(): Deferred<this> {
    if (this.#tokens > 0) {
      this.#tokens--;
      return succeed(this);
    }
    const d = new Deferred<this>((waiter) => this.#waiting.remove(waiter));
    this.#waiting.push(d);
    return d;
  }

  /**
   * Gives one turn back; who has waited longest gets it, before this returns.
   *
   * @throws {RangeError} If nobody holds it.
   */
  release(): void {
    if (this.#tokens >= this.limit) {
      throw new RangeError(`Cannot release a ${this.constructor.name}: nobody holds it`);
    }
    const next = this.#waiting.shift();
    if (next === undefined) this.#tokens++;
    else next.callback(this);
  }

  /** {@linkcode release}, for `using`. */
  [Symbol.dispose](): void {
    this.release();
  }

  /**
   * Calls a function while holding it.
   *
   * @param f Called when it is our turn. The turn ends when what it returns, a Deferred or promise too, has its result.
   * @param args Its arguments.
   * @returns A Deferred for the result of `f`. Cancelling it gives up the place in line, or cancels what `f` returned.
   *
   * @example
   * ```ts
   * import { Deferred, DeferredLock } from "@ropewalk/deferred";
   * import { assertEquals } from "@std/assert";
   *
   * const lock = new DeferredLock();
   * const slow = new Deferred<void>();
   * const started: string[] = [];
   * const work = (name: string) => {
   *   started.push(name);
   *   return slow;
   * };
   * lock.run(work, "first");
   * lock.run(work, "second");
   * assertEquals(started, ["first"]);
   * slow.callback();
   * assertEquals(started, ["first", "second"]);
   * ```
   */
  run<R, A extends unknown[]>(f: (...args: A) => R, ...args: A): Deferred<Outcome<R>> {
    const d = this.acquire().addCallback((): unknown =>
      maybeDeferred(f, ...args).addBoth((result): unknown => {
        this.release();
        return result;
      })
    );
    return d as Deferred<Outcome<R>>;
  }
}

/**
 * Lets one user at something at a time; the others wait in line.
 *
 * @example
 * ```ts
 * import { DeferredLock, inlineCallbacks, succeed } from "@ropewalk/deferred";
 * import { assertEquals } from "@std/assert";
 *
 * const lock = new DeferredLock();
 * let balance = 10;
 * const withdraw = inlineCallbacks(function* (amount: number) {
 *   using _held = yield* lock.acquire();
 *   const before = balance;
 *   yield* succeed();
 *   balance = before - amount;
 * });
 * withdraw(3);
 * withdraw(4);
 * assertEquals(balance, 3);
 * assertEquals(lock.locked, false);
 * ```
 */
export class DeferredLock extends DeferredSemaphore {
  /** Makes one that nobody holds. */
  constructor() {
    super(1);
  }

  /** Whether somebody holds it. */
  get locked(): boolean {
    return this.tokens === 0;
  }
}
