/**
 * `LoopingCall`: calls a function again and again.
 * @module
 */
import { Deferred, maybeDeferred } from "@ropewalk/deferred";
import type { DelayedCall, ReactorTime } from "../interfaces.ts";
import { defaultClock } from "./default_clock.ts";

/**
 * Calls a function every so many seconds. The times are whole intervals from the start, so nothing adds up; those that
 * pass while the function (or the Deferred it returned) is busy are skipped.
 *
 * @example
 * ```ts
 * import { LoopingCall } from "@ropewalk/reactor/core";
 * import { Clock } from "@ropewalk/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new Clock();
 * const ticks: number[] = [];
 * const loop = new LoopingCall(() => ticks.push(clock.seconds()));
 * loop.clock = clock;
 * loop.start(2);
 * clock.pump([2, 3, 1]);
 * assertEquals(ticks, [0, 2, 5, 6]);
 * loop.stop();
 * ```
 */
export class LoopingCall<A extends unknown[] = []> {
  /** The function's arguments. */
  readonly args: A;
  /** True from {@linkcode start} until it has stopped. */
  running = false;
  /** Seconds between two calls; `null` before {@linkcode start}. */
  interval: number | null = null;
  readonly #f: (...args: A) => unknown;
  #clock: ReactorTime | null = null;
  #call: DelayedCall | null = null;
  #done: Deferred<LoopingCall<A>> | null = null;
  #startTime = 0;
  #startsNow = true;
  #beginnings = 0; // how often the count has begun afresh

  /**
   * Makes one.
   *
   * @param f What to call. When it returns a Deferred or promise, the next call waits for that.
   * @param args Its arguments.
   */
  constructor(f: (...args: A) => unknown, ...args: A) {
    this.#f = f;
    this.args = args;
  }

  /**
   * A loop whose function is told how many intervals have passed since it was called before: 1, or more where some
   * were skipped. It is not called when none has.
   */
  static withCount(f: (count: number) => unknown): LoopingCall {
    let last: number | null = null; // the interval of the call before
    let beginning = 0; // the start or reset that it belongs to
    const loop: LoopingCall = new LoopingCall(() => {
      const interval = loop.interval!;
      if (interval === 0) return f(1);
      if (beginning !== loop.#beginnings) {
        beginning = loop.#beginnings;
        last = loop.#startsNow ? -1 : 0;
      }
      const present = loop.#intervalOf(loop.clock.seconds());
      const count = present - last!;
      if (count <= 0) return undefined;
      last = present;
      return f(count);
    });
    return loop;
  }

  /** Where the time comes from. May be assigned before {@linkcode start}. */
  get clock(): ReactorTime {
    return this.#clock ?? defaultClock();
  }

  set clock(clock: ReactorTime) {
    this.#clock = clock;
  }

  /** The Deferred that {@linkcode start} returned, while the loop runs. */
  get deferred(): Deferred<LoopingCall<A>> | null {
    return this.#done;
  }

  /**
   * Begins.
   *
   * @param seconds Between two calls; 0 calls again in the next turn.
   * @param now Whether the first call is made at once, before this returns.
   * @returns Fires with this loop when it was stopped; fails with what the function throws, which ends the loop.
   * @throws {RangeError} If `seconds` is negative or no number.
   * @throws {TypeError} If the loop runs, or was stopped and its last call is not through.
   */
  start(seconds: number, now = true): Deferred<LoopingCall<A>> {
    if (this.running) throw new TypeError("Cannot start the loop: it is running");
    if (this.#done !== null) throw new TypeError("Cannot start the loop: its last call is not through");
    if (!(seconds >= 0)) throw new RangeError(`Cannot start the loop: ${seconds} seconds is no interval`);
    const clock = this.clock;
    const done = new Deferred<LoopingCall<A>>();
    this.running = true;
    this.#done = done;
    this.#startTime = clock.seconds();
    this.#beginnings++;
    this.interval = seconds;
    this.#startsNow = now;
    if (now) this.#run();
    else this.#schedule(this.#startTime);
    return done;
  }

  /**
   * Ends the loop. A call in progress is not interrupted; the Deferred fires when it is through.
   * @throws {TypeError} If the loop does not run.
   */
  stop(): void {
    if (!this.running) throw new TypeError("Cannot stop the loop: it is not running");
    this.running = false;
    if (this.#call === null) return; // the function runs, and will find out
    this.#call.cancel();
    this.#call = null;
    this.#finish();
  }

  /**
   * Skips what is left of the present interval: the next call is a whole interval from now.
   * @throws {TypeError} If the loop does not run.
   */
  reset(): void {
    if (!this.running) throw new TypeError("Cannot reset the loop: it is not running");
    if (this.#call === null) return;
    this.#call.cancel();
    this.#call = null;
    this.#startTime = this.clock.seconds();
    this.#beginnings++;
    this.#startsNow = false;
    this.#schedule(this.#startTime);
  }

  #run(): void {
    this.#call = null;
    maybeDeferred(this.#f, ...this.args).addCallbacks(
      () => {
        if (this.running) this.#schedule(this.clock.seconds());
        else this.#finish();
      },
      (failure) => {
        this.running = false;
        const done = this.#done!;
        this.#done = null;
        done.errback(failure);
      },
    );
  }

  #finish(): void {
    const done = this.#done!;
    this.#done = null;
    done.callback(this);
  }

  #schedule(now: number): void {
    this.#call = this.clock.callLater(this.#untilNext(now), () => this.#run());
  }

  #untilNext(now: number): number {
    const interval = this.interval!;
    if (interval === 0) return 0;
    const wait = interval - (now - this.#startTime) % interval;
    return now + wait === now ? interval : wait; // too near for the clock to tell apart: take the next one
  }

  #intervalOf(time: number): number {
    return Math.floor((time - this.#startTime) / this.interval!);
  }
}
