/**
 * `Clock`: time that moves when a test says so.
 * @module
 */
import { type DelayedCall, DelayedCalls, type ReactorTime } from "@ropewalk/reactor/core";
import { settle } from "./_settle.ts";

/** More calls than this in one `advance` are taken for a call that arranges itself again for the same moment. */
const MAX_CALLS = 1_000_000;

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
  readonly #calls = new DelayedCalls(() => this.rightNow);

  /** The present time, in seconds; it begins at 0. */
  seconds(): number {
    return this.rightNow;
  }

  /** Arranges a call; it runs inside the {@linkcode advance} that reaches its time. */
  callLater<A extends unknown[]>(seconds: number, f: (...args: A) => unknown, ...args: A): DelayedCall {
    return this.#calls.add(seconds, f as (...args: unknown[]) => unknown, args);
  }

  /** The calls that are still to come, the next one first. */
  getDelayedCalls(): DelayedCall[] {
    return this.#calls.list().sort((a, b) => a.getTime() - b.getTime());
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
    let left = MAX_CALLS;
    while (this.#calls.runNext(this.rightNow)) {
      if (--left === 0) {
        throw new Error(`Cannot finish advancing the clock: ${MAX_CALLS} calls ran and more may be due`);
      }
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
    while (this.#calls.size > 0 && this.#calls.nextTime <= this.rightNow) {
      this.advance(0);
      await settle();
    }
  }
}
