/**
 * `DeferredQueue`: from those who make things to those who wait for them.
 * @module
 */
import { Fifo } from "./_fifo.ts";
import { Deferred } from "./deferred.ts";
import { QueueOverflow, QueueUnderflow } from "./errors.ts";
import { succeed } from "./functions.ts";

/** The limits of a {@linkcode DeferredQueue}. */
export interface DeferredQueueOptions {
  /**
   * How many items may lie in the queue.
   *
   * @default {Infinity}
   */
  readonly size?: number | null;
  /**
   * How many may wait for an item at a time.
   *
   * @default {Infinity}
   */
  readonly backlog?: number | null;
}

/**
 * A queue whose readers may come before the items: `get` gives a Deferred.
 *
 * @example
 * ```ts
 * import { DeferredQueue } from "@ropewalk/deferred";
 * import { assertEquals } from "@std/assert";
 *
 * const jobs = new DeferredQueue<string>({ size: 100 });
 * const seen: string[] = [];
 * jobs.get().addCallback((job) => seen.push(job));
 * jobs.put("sweep"); // somebody waits for it: goes there at once
 * jobs.put("mop");
 * jobs.get().addCallback((job) => seen.push(job));
 * assertEquals(seen, ["sweep", "mop"]);
 * ```
 */
export class DeferredQueue<T> {
  /** How many items may lie in the queue. */
  readonly size: number;
  /** How many may wait for an item at a time. */
  readonly backlog: number;
  readonly #pending: Fifo<T> = new Fifo();
  readonly #waiting: Fifo<Deferred<T>> = new Fifo();

  /**
   * Makes an empty queue.
   *
   * @param options The limits; without any the queue takes everything.
   */
  constructor(options?: DeferredQueueOptions);
  /**
   * Makes an empty queue, as Twisted does.
   *
   * @param size How many items may lie in the queue; `null` for any number.
   * @param backlog How many may wait for an item at a time; `null` for any number.
   */
  constructor(size: number | null | undefined, backlog?: number | null);
  constructor(first?: DeferredQueueOptions | number | null, second?: number | null) {
    const { size, backlog } = typeof first === "object" && first !== null
      ? first
      : { size: first, backlog: second };
    this.size = size ?? Infinity;
    this.backlog = backlog ?? Infinity;
  }

  /** The items nobody has asked for yet, oldest first. */
  get pending(): readonly T[] {
    return this.#pending.toArray();
  }

  /** Those who wait for an item, in the order in which they will be served. */
  get waiting(): readonly Deferred<T>[] {
    return this.#waiting.toArray();
  }

  /**
   * Adds an item, or gives it to who has waited longest, before this returns.
   *
   * @param item The item.
   * @throws {QueueOverflow} If as many items as may lie in the queue already.
   */
  put(item: T): void {
    const reader = this.#waiting.shift();
    if (reader !== undefined) (reader as Deferred<unknown>).callback(item);
    else if (this.#pending.size < this.size) this.#pending.push(item);
    else throw new QueueOverflow(`Cannot put an item into the queue: it holds ${this.#pending.size} already`);
  }

  /**
   * Takes the oldest item, or waits for one.
   *
   * @returns A Deferred for the item. Cancelling it gives up the place in line.
   * @throws {QueueUnderflow} If as many as may are waiting already.
   */
  get(): Deferred<T> {
    if (this.#pending.size > 0) return succeed(this.#pending.shift() as T);
    if (this.#waiting.size >= this.backlog) {
      throw new QueueUnderflow(`Cannot wait for an item: ${this.#waiting.size} are waiting already`);
    }
    const d = new Deferred<T>((reader) => this.#waiting.remove(reader));
    this.#waiting.push(d);
    return d;
  }
}
