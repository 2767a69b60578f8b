/**
 * Delayed calls in the order of their time.
 * @module
 */
import { AlreadyCalled, AlreadyCancelled, type DelayedCall } from "@ropewalk/reactor/core";

/**
 * A queue of calls: a binary heap in which every call knows its place, so that taking one out costs O(log n) as adding
 * one does. Calls for the same time come in the order in which they were arranged, also when they were moved.
 *
 * ```text
 *             0             the parent of i stands at (i - 1) >> 1,
 *         1       2         its children at 2i + 1 and 2i + 2
 *       3   4   5   6
 * ```
 */
export class TimerQueue {
  #heap: Timer[] = [];
  #arranged = 0;

  /** @param seconds Tells the present time, for `reset`. */
  constructor(readonly seconds: () => number) {}

  /** How many calls are to come. */
  get size(): number {
    return this.#heap.length;
  }

  /** When the first is due; `Infinity` without one. */
  get nextTime(): number {
    return this.#heap[0]?.time ?? Infinity;
  }

  /** Adds a call for `time`. */
  add(time: number, run: () => unknown, owner: unknown = null): Timer {
    const timer = new Timer(this, this.#arranged++, time, run, owner);
    timer.place = this.#heap.length;
    this.#heap.push(timer);
    this.#rise(timer);
    return timer;
  }

  /** Takes the first call out, as called. */
  shift(): (() => unknown) | null {
    const first = this.#heap[0];
    if (first === undefined) return null;
    this._remove(first);
    const { run } = first;
    first.state = "called";
    first.run = null;
    return run;
  }

  /** All of them, in order. */
  list(): Timer[] {
    return [...this.#heap].sort((a, b) => isBefore(a, b) ? -1 : 1);
  }

  /** Cancels every call of an owner. */
  cancelAll(owner: unknown): void {
    for (const timer of this.#heap.filter((timer) => timer.owner === owner)) timer.cancel();
  }

  _remove(timer: Timer): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (last === timer) return;
    heap[timer.place] = last;
    last.place = timer.place;
    this.#rise(last);
    this.#sink(last);
  }

  _moved(timer: Timer): void {
    this.#rise(timer);
    this.#sink(timer);
  }

  #rise(timer: Timer): void {
    const heap = this.#heap;
    let { place } = timer;
    while (place > 0) {
      const parent = heap[(place - 1) >> 1]!;
      if (!isBefore(timer, parent)) break;
      heap[place] = parent;
      [parent.place, place] = [place, parent.place];
    }
    heap[place] = timer;
    timer.place = place;
  }

  #sink(timer: Timer): void {
    const heap = this.#heap;
    let { place } = timer;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      const least = heap[child]!;
      if (!isBefore(least, timer)) break;
      heap[place] = least;
      least.place = place;
      place = child;
    }
    heap[place] = timer;
    timer.place = place;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}

/** One call. */
export class Timer implements DelayedCall {
  state: "waiting" | "called" | "cancelled" = "waiting";
  place = 0;

  constructor(
    readonly queue: TimerQueue,
    readonly order: number,
    public time: number,
    public run: (() => unknown) | null,
    readonly owner: unknown,
  ) {}

  cancel(): void {
    this.#check();
    this.state = "cancelled";
    this.run = null;
    this.queue._remove(this);
  }

  reset(seconds: number): void {
    this.#move(this.queue.seconds() + seconds);
  }

  delay(seconds: number): void {
    this.#move(this.time + seconds);
  }

  active(): boolean {
    return this.state === "waiting";
  }

  getTime(): number {
    return this.time;
  }

  #move(time: number): void {
    this.#check();
    if (Number.isNaN(time)) throw new RangeError("Cannot move a delayed call: the time is not a number");
    this.time = time;
    this.queue._moved(this);
  }

  #check(): void {
    if (this.state === "called") throw new AlreadyCalled();
    if (this.state === "cancelled") throw new AlreadyCancelled();
  }
}

/** Checks the time of `callLater`, and ties arguments to the function. */
export function checkedCall<A extends unknown[]>(
  seconds: number,
  f: (...args: A) => unknown,
  args: A,
): () => unknown {
  if (!(seconds >= 0)) throw new RangeError(`Cannot call later: ${seconds} seconds is no time to wait`);
  if (typeof f !== "function") throw new TypeError("Cannot call later: a function is needed");
  return args.length === 0 ? f as () => unknown : () => f(...args);
}
