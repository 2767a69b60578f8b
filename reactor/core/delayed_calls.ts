/**
 * Calls that are still to be made, in the order of their time.
 *
 * ```text
 *   #times   [ 3.0 | 4.2  3.5  9.1  7.0 | 5.0 … ]     a heap in which every node has four children:
 *   #calls   [  a     b    c    d    e     f     ]     those of i are 4i+1 … 4i+4
 * ```
 *
 * Adding, taking out and bringing nearer are O(log n), cancelling and putting off are O(1): a cancelled call stays in the
 * heap, without its function, until it comes up or half the heap is dead; one that was put off sinks when it comes up;
 * one that was brought nearer gets a second entry, and the first, whose time is not its `entry` any more, is dead.
 * @module
 */
import { AlreadyCalled, AlreadyCancelled } from "./errors.ts";
import type { DelayedCall } from "./interfaces.ts";

const WAITING = 0;
const CALLED = 1;
const CANCELLED = 2;

/** What a delayed call runs. */
export type Run = (...args: unknown[]) => unknown;

/** One call. */
export class Call implements DelayedCall {
  /** Waiting, called or cancelled. */
  state: number = WAITING;
  /** The time of its entry in the heap that counts, when it was put off since; `null` while that is its own time. */
  putOffFrom: number | null = null;

  /** Makes one. */
  constructor(
    readonly queue: DelayedCalls,
    public time: number,
    public order: number,
    public f: Run | null,
    public args: unknown[] | null,
  ) {}

  cancel(): void {
    this.#check();
    this.state = CANCELLED;
    this.f = null;
    this.args = null;
    this.queue._cancelled();
  }

  reset(seconds: number): void {
    this.#check();
    this.queue._move(this, this.queue.seconds() + checkDelay(seconds));
  }

  delay(seconds: number): void {
    this.#check();
    if (!Number.isFinite(seconds)) throw new RangeError(`Cannot delay a call by ${seconds} seconds`);
    this.queue._move(this, this.time + seconds);
  }

  active(): boolean {
    return this.state === WAITING;
  }

  getTime(): number {
    return this.time;
  }

  #check(): void {
    if (this.state === CALLED) throw new AlreadyCalled();
    if (this.state === CANCELLED) throw new AlreadyCancelled();
  }
}

/** A queue of delayed calls. Whoever drives it asks for {@linkcode nextTime} and calls {@linkcode runDue}. */
export class DelayedCalls {
  #times = new Float64Array(64);
  #calls: Call[] = [];
  #order = 0;
  #waiting = 0; // the other entries are dead

  /**
   * Makes one.
   *
   * @param seconds Tells the present time.
   * @param earlier Called when the first call is due earlier than it was.
   */
  constructor(readonly seconds: () => number, readonly earlier: () => void = () => {}) {}

  /** How many calls are to come. */
  get size(): number {
    return this.#waiting;
  }

  /** When the first call is due; `Infinity` without one. It may have been cancelled or put off since. */
  get nextTime(): number {
    return this.#calls.length === 0 ? Infinity : this.#times[0]!;
  }

  /** Arranges a call. */
  add(seconds: number, f: Run, args: unknown[]): DelayedCall {
    if (typeof f !== "function") throw new TypeError("Cannot call later: a function is needed");
    const time = this.seconds() + checkDelay(seconds);
    const call = new Call(this, time, this.#order++, f, args.length === 0 ? null : args);
    this.#waiting++;
    this.#push(call);
    if (this.#calls[0] === call) this.earlier();
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
      const call = this.#calls[0];
      if (call === undefined || this.#times[0]! > now) return false;
      if (call.state !== WAITING || entryTime(call) !== this.#times[0]) { // a dead entry
        this.#shift();
        continue;
      }
      if (call.time > this.#times[0]!) { // it was put off: let it sink
        this.#shift();
        this.#push(call);
        continue;
      }
      if (call.order >= before) return false;
      this.#shift();
      const f = call.f!;
      const { args } = call;
      if (--this.#waiting === 0) this.#calls.length = 0; // whatever is left is dead
      call.state = CALLED;
      call.f = null;
      call.args = null;
      if (args === null) f();
      else f(...args);
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
    // A cancelled call at the head of an unarmed heap would hide the next one, so the last one takes all of them along.
    if (this.#waiting > 0) this.#compactIfDead();
    else {
      this.#calls = [];
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
    this.#push(call);
    const first = this.#calls[0] === call;
    this.#compactIfDead();
    if (first) this.earlier();
  }

  #compactIfDead(): void {
    const dead = this.#calls.length - this.#waiting;
    if (dead > 64 && dead > this.#waiting) this.#compact();
  }

  // Drops the dead entries in place, and makes a heap of the others: O(n), with nothing allocated.
  #compact(): void {
    const times = this.#times;
    const calls = this.#calls;
    let size = 0;
    for (let index = 0; index < calls.length; index++) {
      const call = calls[index]!;
      if (call.state !== WAITING || entryTime(call) !== times[index]) continue;
      call.putOffFrom = NaN; // so that one with a second entry at the very same time is kept once
      calls[size++] = call;
    }
    calls.length = size;
    for (let index = 0; index < size; index++) {
      times[index] = calls[index]!.time;
      calls[index]!.putOffFrom = null;
    }
    for (let index = (size - 2) >> 2; index >= 0; index--) this.#sink(index, calls[index]!, times[index]!);
  }

  #push(call: Call): void {
    const index = this.#calls.length;
    if (index === this.#times.length) {
      const larger = new Float64Array(index * 2);
      larger.set(this.#times);
      this.#times = larger;
    }
    this.#calls.push(call);
    this.#times[index] = call.time;
    call.putOffFrom = null;
    this.#rise(index);
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

  #shift(): void {
    const call = this.#calls.pop()!;
    const size = this.#calls.length;
    if (size > 0) this.#sink(0, call, this.#times[size]!);
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
