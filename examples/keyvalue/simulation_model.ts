/**
 * What a key may hold, as the one client that writes it can know: the judge of the simulation.
 */

/** One `set` of a key. */
interface Write {
  readonly value: string;
  readonly sentAt: number;
  /** When the answer came; `null` while it is on its way, for ever if the connection was lost. */
  storedAt: number | null;
}

/** An invariant does not hold. */
export class Violation extends Error {
  override readonly name = "Violation";
}

/**
 * The history of one key, written by one client that waits for each answer. Once the outcome of a `set` or `delete` is
 * unknown the key is only read: what was lost on the way may still arrive.
 */
export class KeyHistory {
  #last: Write | null = null;
  #doubt: (string | null)[] = []; // what a request without an answer may have left

  /**
   * @param key The key.
   * @param ttlSeconds How long a value lives.
   * @param crashes When the store crashed; it forgets everything then.
   */
  constructor(readonly key: string, readonly ttlSeconds: number, readonly crashes: readonly number[]) {}

  /** Whether it may be written: the outcome of every write is known. */
  get isCertain(): boolean {
    return this.#doubt.length === 0;
  }

  /** A `set` was sent. It is in doubt until {@linkcode stored}. */
  setSent(value: string, now: number): Write {
    this.#doubt.push(value);
    return { value, sentAt: now, storedAt: null };
  }

  /** Its answer came. */
  stored(write: Write, now: number): void {
    write.storedAt = now;
    this.#last = write;
    this.#doubt = [];
  }

  /** A `delete` was sent. */
  deleteSent(): void {
    this.#doubt.push(null);
  }

  /** Its answer came. */
  deleted(): void {
    this.#last = null;
    this.#doubt = [];
  }

  /**
   * A `get` was answered.
   *
   * @param value The value, or `null` for "not found".
   * @param sentAt When it was asked.
   * @param now When the answer came.
   * @throws {Violation} If the store cannot have had that.
   */
  got(value: string | null, sentAt: number, now: number): void {
    if (this.#doubt.includes(value)) return;
    const last = this.#last;
    if (value === null) {
      if (last === null || this.#mayBeGone(last, now)) return;
      throw this.#violation(`not found, though "${last.value}" was stored at ${last.storedAt}`, now);
    }
    if (last?.value !== value) throw this.#violation(`"${value}", which was never its value`, now);
    const age = sentAt - last.storedAt!;
    if (age > this.ttlSeconds) throw this.#violation(`"${value}", ${age} s after it was stored`, now);
  }

  #mayBeGone(write: Write, now: number): boolean {
    if (now - write.sentAt >= this.ttlSeconds) return true;
    return this.crashes.some((crash) => crash >= write.sentAt);
  }

  #violation(what: string, now: number): Violation {
    return new Violation(`At ${now} a get of ${this.key} was answered: ${what}`);
  }
}
