/**
 * Calls that are still to be made, in the order of their time.
 *
 * ```text
 *              ┌─────────── a heap ───────────┐ ┌─ as they came ─┐
 *   #times   [ 3.0 | 4.2  3.5  9.1  7.0 | 5.0 | 8.0  2.5  6.1 … ]     in the heap every entry has four children:
 *   #calls   [  a     b    c    d    e     f  |  g    h    i    ]     those of i are 4i+1 … 4i+4
 *                                     #sorted ▲     ▲ #soonest
 * ```
 *
 * A call is added at the end, and enters the heap when the first one is asked for: most timers are time limits, which are
 * cancelled long before. So adding, cancelling and putting off are O(1), taking out is O(log n). A cancelled call stays,
 * without its function, until it comes up or half of the entries are dead; one that was put off sinks when it comes up;
 * one that was brought nearer gets a second entry, and the first, whose time is not its `entryTime` any more, is dead.
 * @module
 */
import { AlreadyCalled, AlreadyCancelled } from "./errors.ts";
import { onRejection } from "./guard.ts";
import type { DelayedCall } from "./interfaces.ts";

/** What a delayed call runs. */
export type Run = (...args: unknown[]) => unknown;

// What stands in the place of the function of one that is over: a million calls are smaller without a field for that.
const CALLED: Run = () => {};
const CANCELLED: Run = () => {};

/** One call. */
export class Call implements DelayedCall {
  /** The time of its entry that counts, when it was put off since; `null` while that is its own time. */
  putOffFrom: number | null = null;

  /** Makes one. */
  constructor(
    readonly queue: DelayedCalls,
    public time: number,
    public order: number,
    public f: Run,
    public args: unknown[] | null,
  ) {}

  cancel(): void {
    checkActive(this);
    this.f = CANCELLED;
    this.args = null;
    this.queue._cancelled();
  }

  reset(seconds: number): void {
    checkActive(this);
    this.queue._move(this, this.queue.seconds() + checkDelay(seconds));
  }

  delay(seconds: number): void {
    checkActive(this);
    if (!Number.isFinite(seconds)) throw new RangeError(`Cannot delay a call by ${seconds} seconds`);
    this.queue._move(this, this.time + seconds);
  }

  active(): boolean {
    return this.f !== CANCELLED && this.f !== CALLED;
  }

  getTime(): number {
    return this.time;
  }
}

// A function, as a private method would make each call a field larger.
function checkActive(call: Call): void {
  if (call.f === CALLED) throw new AlreadyCalled();
  if (call.f === CANCELLED) throw new AlreadyCancelled();
}

/** A queue of delayed calls. Whoever drives it asks for {@linkcode nextTime} and calls {@linkcode runNext}. */
export class DelayedCalls {
  #times = new Float64Array(64);
  #calls: Call[] = [];
  #sorted = 0; // so many at the front are a heap
  #soonest = Infinity; // the least time of the others
  #order = 0;
  #waiting = 0; // the other entries are dead

  /**
   * Makes one.
   *
   * @param seconds Tells the present time.
   * @param earlier Called when the first call is due earlier than it was.
   * @param rejected Gets what the promise of an async call fails with; without this it is nobody's.
   */
  constructor(
    readonly seconds: () => number,
    readonly earlier: () => void = () => {},
    readonly rejected: ((error: unknown) => void) | null = null,
  ) {}

  /** How many calls are to come. */
  get size(): number {
    return this.#waiting;
  }

  /** When the first call is due; `Infinity` without one. It may have been cancelled or put off since. */
  get nextTime(): number {
    return this.#sorted === 0 ? this.#soonest : Math.min(this.#times[0]!, this.#soonest);
  }

  /** Arranges a call. */
  add(seconds: number, f: Run, args: unknown[]): DelayedCall {
    if (typeof f !== "function") throw new TypeError("Cannot call later: a function is needed");
    const time = this.seconds() + checkDelay(seconds);
    const call = new Call(this, time, this.#order++, f, args.length === 0 ? null : args);
    this.#waiting++;
    this.#append(call);
    return call;
  }

  /** The calls that are still to come. */
  list(): DelayedCall[] {
    this.#compact();
    return [...this.#calls];
  }

  /** Makes the first call, if it is due at `now`; false if none is. What it throws goes to the caller. */
  runNext(now: number, before = Infinity): boolean {
    for (;;) {
      if (this.#sorted < this.#calls.length) this.#sort();
      const call = this.#calls[0];
      if (call === undefined || this.#times[0]! > now) return false;
      if (!call.active() || entryTime(call) !== this.#times[0]) { // a dead entry
        this.#shift();
        continue;
      }
      if (call.time > this.#times[0]!) { // it was put off: let it sink
        this.#putOff(call);
        continue;
      }
      if (call.order >= before) return false;
      this.#shift();
      const { f, args } = call;
      if (--this.#waiting === 0) this.#clear(); // whatever is left is dead
      call.f = CALLED;
      call.args = null;
      const returned = args === null ? f() : f(...args);
      if (this.rejected !== null) onRejection(returned, this.rejected);
      return true;
    }
  }

  /** Calls that are arranged from now on have this number or a higher one. */
  get nextOrder(): number {
    return this.#order;
  }

  /** @ignore A call of this queue was cancelled. */
  _cancelled(): void {
    this.#waiting--;
    if (this.#waiting > 0) this.#compactIfDead();
    else {
      this.#clear();
      this.earlier(); // the host's timer must not outlive the last call
    }
  }

  /** @ignore A call of this queue was put off or brought nearer. */
  _move(call: Call, time: number): void {
    const entry = entryTime(call);
    call.time = time;
    if (time >= entry) { // its entry stands early enough: it sinks when it comes up
      call.putOffFrom = time > entry ? entry : null;
      return;
    }
    this.#append(call);
    this.#compactIfDead();
  }

  #clear(): void {
    this.#calls = [];
    this.#sorted = 0;
    this.#soonest = Infinity;
  }

  #compactIfDead(): void {
    const dead = this.#calls.length - this.#waiting;
    if (dead > 64 && dead > this.#waiting) this.#compact();
  }

  // Drops the dead entries in place, with nothing allocated: O(n). None is sorted then.
  #compact(): void {
    const times = this.#times;
    const calls = this.#calls;
    let size = 0;
    for (let index = 0; index < calls.length; index++) {
      const call = calls[index]!;
      if (!call.active() || entryTime(call) !== times[index]) continue;
      call.putOffFrom = NaN; // so that one with a second entry at the very same time is kept once
      calls[size++] = call;
    }
    calls.length = size;
    let soonest = Infinity;
    for (let index = 0; index < size; index++) {
      const call = calls[index]!;
      call.putOffFrom = null;
      times[index] = call.time;
      if (call.time < soonest) soonest = call.time;
    }
    this.#sorted = 0;
    this.#soonest = soonest;
  }

  #append(call: Call): void {
    const { time } = call;
    const index = this.#calls.length;
    if (index === this.#times.length) {
      const larger = new Float64Array(index * 2);
      larger.set(this.#times);
      this.#times = larger;
    }
    const first = time < this.nextTime;
    this.#calls.push(call);
    this.#times[index] = time;
    call.putOffFrom = null;
    if (time < this.#soonest) this.#soonest = time;
    if (first) this.earlier();
  }

  // Has what was added enter the heap.
  #sort(): void {
    const size = this.#calls.length;
    for (let index = this.#sorted; index < size; index++) this.#rise(index);
    this.#sorted = size;
    this.#soonest = Infinity;
  }

  #rise(index: number): void {
    const times = this.#times;
    const calls = this.#calls;
    const time = times[index]!;
    const call = calls[index]!;
    while (index > 0) {
      const parent = (index - 1) >> 2;
      const parentTime = times[parent]!;
      if (time > parentTime || (time === parentTime && call.order > calls[parent]!.order)) break;
      times[index] = parentTime;
      calls[index] = calls[parent]!;
      index = parent;
    }
    times[index] = time;
    calls[index] = call;
  }

  // Takes the first entry out of the heap, which holds all of them.
  #shift(): void {
    const call = this.#calls.pop()!;
    const size = this.#sorted = this.#calls.length;
    if (size > 0) this.#sink(0, call, this.#times[size]!);
  }

  // Moves the first entry, which stands earlier than its call, to where it belongs.
  #putOff(call: Call): void {
    call.putOffFrom = null;
    this.#sink(0, call, call.time);
  }

  // Puts an entry at `index` or below.
  #sink(index: number, call: Call, time: number): void {
    const times = this.#times;
    const calls = this.#calls;
    const size = calls.length;
    for (;;) {
      let least = 4 * index + 1;
      if (least >= size) break;
      const end = Math.min(least + 4, size);
      for (let child = least + 1; child < end; child++) {
        if (
          times[child]! < times[least]! ||
          (times[child] === times[least] && calls[child]!.order < calls[least]!.order)
        ) least = child;
      }
      if (time < times[least]! || (time === times[least] && call.order < calls[least]!.order)) break;
      times[index] = times[least]!;
      calls[index] = calls[least]!;
      index = least;
    }
    times[index] = time;
    calls[index] = call;
  }
}

// A number of its own in each call would cost as much memory as the rest of it: most are never put off.
function entryTime(call: Call): number {
  return call.putOffFrom ?? call.time;
}

function checkDelay(seconds: number): number {
  if (!(seconds >= 0)) throw new RangeError(`Cannot call later: ${seconds} seconds is no time to wait`);
  return seconds;
}
