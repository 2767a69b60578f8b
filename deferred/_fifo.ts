/**
 * A first-in-first-out queue.
 * @module
 */

/**
 * What comes first goes first. An array whose front moves up, and is cut off when half of it is empty: adding and
 * taking are O(1) on average, also with a million items, where `Array.shift` would move all of them each time.
 */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #front = 0;

  /** How many items there are. */
  get size(): number {
    return this.#items.length - this.#front;
  }

  /** Adds an item behind the others. */
  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the oldest item; `undefined` if there is none. */
  shift(): T | undefined {
    const item = this.#items[this.#front];
    if (this.#front < this.#items.length) this.#items[this.#front++] = undefined;
    if (this.#front > 16 && this.#front * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#front);
      this.#front = 0;
    }
    return item;
  }

  /** Takes an item out of the middle, in O(n); nothing happens if it is not there. */
  remove(item: T): void {
    const index = this.#items.indexOf(item, this.#front);
    if (index >= 0) this.#items.splice(index, 1);
  }

  /** The items, oldest first. */
  toArray(): T[] {
    return this.#items.slice(this.#front) as T[];
  }
}
