/**
 * `Clock`: time that moves when a test says so.
 * @module
 */
import { AlreadyCalled, AlreadyCancelled, type DelayedCall, type ReactorTime } from "@ropewalk/reactor/core";
import { settle } from "./_settle.ts";

/** More calls than this in one `advance` are taken for a call that arranges itself again for the same moment. */
const MAX_CALLS = 1_000_000;

class ClockCall implements DelayedCall {
  state: "waiting" | "called" | "cancelled" = "waiting";

  constructor(
    readonly clock: Clock,
    readonly order: number,
    public time: number,
    public run: (() => unknown) | null,
  ) {}

  cancel(): void {
    this.#check();
    this.state = "cancelled";
    this.run = null;
    this.clock._remove(this);
  }

  reset(seconds: number): void {
    this.#check();
    this.clock._move(this, this.clock.seconds() + seconds);
  }

  delay(seconds: number): void {
    this.#check();
    this.clock._move(this, this.time + seconds);
  }

  active(): boolean {
    return this.state === "waiting";
  }

  getTime(): number {
    return this.time;
  }

  #check(): void {
    if (this.state === "called") throw new AlreadyCalled();
    if (this.state === "cancelled") throw new AlreadyCancelled();
  }
}

/**
 * A clock that stands still until a test moves it. It is a `ReactorTime`, so it goes wherever a reactor's time does.
 *
 * @example
 * ```ts
 * import { Clock } from "@ropewalk/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new Clock();
 * const seen: number[] = [];
 * clock.callLater(3, () => seen.push(clock.seconds()));
 * clock.advance(2);
 * assertEquals(seen, []);
 * clock.advance(2);
 * assertEquals(seen, [4]); // the time is set first, then what is due runs
 * ```
 */
export class Clock implements ReactorTime {
  /** The present time, as {@linkcode seconds} tells it. */
  rightNow = 0;
  #calls: ClockCall[] = []; // in the order in which they will run
  #arranged = 0;

  /** The present time, in seconds; it begins at 0. */
  seconds(): number {
    return this.rightNow;
  }

  /** Arranges a call; it runs inside the {@linkcode advance} that reaches its time. */
  callLater<A extends unknown[]>(seconds: number, f: (...args: A) => unknown, ...args: A): DelayedCall {
    if (!(seconds >= 0)) throw new RangeError(`Cannot call later: ${seconds} seconds is no time to wait`);
    const run = args.length === 0 ? f as () => unknown : () => f(...args);
    const call = new ClockCall(this, this.#arranged++, this.rightNow + seconds, run);
    this.#insert(call);
    return call;
  }

  /** The calls that are still to come, the next one first. */
  getDelayedCalls(): DelayedCall[] {
    return [...this.#calls];
  }

  /**
   * Moves the time, then runs everything that is due, in the order of its time; calls for the same time run in the
   * order in which they were arranged. All of them see the new time. What they arrange runs too if it is due.
   *
   * @param seconds How far to move; 0 runs what is due now.
   * @throws {RangeError} If `seconds` is negative or no number.
   * @throws What a call throws; the calls after it stay, and the next `advance` runs them.
   */
  advance(seconds: number): void {
    if (!(seconds >= 0)) throw new RangeError(`Cannot advance the clock: by ${seconds} seconds`);
    this.rightNow += seconds;
    for (let n = 0;; n++) {
      const call = this.#calls[0];
      if (call === undefined || call.time > this.rightNow) return;
      if (n === MAX_CALLS) {
        throw new Error(`Cannot finish advancing the clock: ${MAX_CALLS} calls ran and one more is due`);
      }
      this.#calls.shift();
      const run = call.run!;
      call.state = "called";
      call.run = null;
      run();
    }
  }

  /** Advances several times, by each of `steps` in turn. */
  pump(steps: Iterable<number>): void {
    for (const seconds of steps) this.advance(seconds);
  }

  /**
   * Lets promises catch up: waits until every promise reaction that can run has run, and runs what that made due now.
   * Time stands still. What it cannot wait for is anything that comes from outside: a real socket, file, worker or
   * timer, and work that the engine does in the background (`crypto.subtle`, `DecompressionStream`, `import()`).
   */
  async settle(): Promise<void> {
    await settle();
    while (this.#calls.length > 0 && this.#calls[0]!.time <= this.rightNow) {
      this.advance(0);
      await settle();
    }
  }

  /** @ignore Part of a delayed call. */
  _remove(call: DelayedCall): void {
    const index = this.#calls.indexOf(call as ClockCall);
    if (index >= 0) this.#calls.splice(index, 1);
  }

  /** @ignore Part of a delayed call. */
  _move(call: DelayedCall, time: number): void {
    this._remove(call);
    (call as ClockCall).time = time;
    this.#insert(call as ClockCall);
  }

  #insert(call: ClockCall): void {
    let low = 0;
    let high = this.#calls.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#calls[middle]!;
      if (other.time < call.time || (other.time === call.time && other.order < call.order)) low = middle + 1;
      else high = middle;
    }
    this.#calls.splice(low, 0, call);
  }
}
