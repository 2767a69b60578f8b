/**
 * The objects of ours that the peer holds references to, or copies of: under which number, and how many receipts of
 * each the peer still has to give back.
 * @module
 */
import { JellyError, ProtocolError } from "./errors.ts";

/** One object the peer holds. */
export interface Entry<T> {
  readonly object: T;
  readonly luid: number;
  receipts: number;
  /** On whose behalf it was sent. */
  readonly perspective: unknown;
}

/** Numbers are shared by references and caches: the same number is never used twice on one connection. */
export class Numbers {
  #last = 0;
  /** A new number. */
  next(): number {
    return ++this.#last;
  }
}

/** The table: both ways in O(1). */
export class LocalTable<T extends object> {
  readonly #byNumber = new Map<number, Entry<T>>();
  readonly #byObject = new Map<T, Entry<T>>();
  readonly #numbers: Numbers;
  readonly #most: number;
  // Objects that the peer has given up, as many as it may hold. Twisted gives a reference back before it sends the answer
  // that takes the object home, so they are still known for that.
  readonly #released = new Map<number, WeakRef<T>>();
  /** How often the peer was refused one more. */
  violations = 0;

  constructor(numbers: Numbers, most: number) {
    this.#numbers = numbers;
    this.#most = most;
  }

  /** How many objects the peer holds. */
  get size(): number {
    return this.#byNumber.size;
  }

  /**
   * One more receipt of an object.
   *
   * @throws {JellyError} If the peer holds too many others already.
   */
  add(object: T, perspective: unknown): Entry<T> {
    let entry = this.#byObject.get(object);
    if (entry === undefined) {
      if (this.#byNumber.size >= this.#most) {
        this.violations++;
        throw new JellyError(`Cannot send a reference: the peer holds ${this.#most} already`);
      }
      entry = { object, luid: this.#numbers.next(), receipts: 0, perspective };
      this.#byObject.set(object, entry);
      this.#byNumber.set(entry.luid, entry);
    }
    entry.receipts++;
    return entry;
  }

  /** The entry of a number. */
  get(luid: number): Entry<T> | undefined {
    return this.#byNumber.get(luid);
  }

  /** The entry of an object. */
  of(object: T): Entry<T> | undefined {
    return this.#byObject.get(object);
  }

  /**
   * The peer gives one receipt back.
   *
   * @returns The entry, if that was the last.
   * @throws {ProtocolError} If the peer has none.
   */
  remove(luid: number): Entry<T> | null {
    const entry = this.#byNumber.get(luid);
    if (entry === undefined) throw new ProtocolError("A reference was given up that is not held");
    if (--entry.receipts > 0) return null;
    this.#byNumber.delete(luid);
    this.#byObject.delete(entry.object);
    this.#released.set(luid, new WeakRef(entry.object));
    if (this.#released.size > this.#most) {
      for (const oldest of this.#released.keys()) {
        this.#released.delete(oldest);
        break;
      }
    }
    return entry;
  }

  /** The object of a number, for one that comes home: the peer may have given it up just before. */
  home(luid: number): T | undefined {
    return this.#byNumber.get(luid)?.object ?? this.#released.get(luid)?.deref();
  }

  /** Takes every object out. */
  clear(): Entry<T>[] {
    const entries = [...this.#byNumber.values()];
    this.#byNumber.clear();
    this.#byObject.clear();
    this.#released.clear();
    return entries;
  }
}
