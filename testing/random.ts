/**
 * `SeededRandom`: chance that can be replayed.
 * @module
 */

/**
 * Random numbers that depend on nothing but a seed: the same seed gives the same numbers on every machine. Not for
 * secrets. (The generator is sfc32, seeded through splitmix32.)
 *
 * @example
 * ```ts
 * import { SeededRandom } from "@ropewalk/testing";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new SeededRandom(7).integer(1, 6), new SeededRandom(7).integer(1, 6));
 * ```
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** Begins the sequence of a seed.
   *
   * @param seed Any safe integer.
   */
  constructor(readonly seed: number) {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`Cannot seed: ${seed} is no safe integer`);
    let state = seed | 0;
    const next = () => {
      state = state + 0x9e3779b9 | 0;
      let mixed = Math.imul(state ^ state >>> 16, 0x21f0aaad);
      mixed = Math.imul(mixed ^ mixed >>> 15, 0x735a2d97);
      return mixed ^ mixed >>> 15;
    };
    this.#a = next();
    this.#b = next() ^ Math.floor(seed / 2 ** 32);
    this.#c = next();
    for (let i = 0; i < 12; i++) this.#uint32();
  }

  /** A number from 0 up to, but not, 1. */
  number(): number {
    return this.#uint32() / 2 ** 32;
  }

  /**
   * A whole number.
   *
   * @param low The least.
   * @param high The greatest; it may come up too.
   */
  integer(low: number, high: number): number {
    return low + Math.floor(this.number() * (high - low + 1));
  }

  /** True with some probability, 0 to 1. The generator moves on whatever the probability is. */
  chance(probability: number): boolean {
    return this.number() < probability;
  }

  /** One of some things. */
  pick<T>(things: readonly T[]): T {
    if (things.length === 0) throw new RangeError("Cannot pick one: there is nothing to pick from");
    return things[this.integer(0, things.length - 1)]!;
  }

  /** Another generator that is independent of what this one goes on to give. */
  fork(): SeededRandom {
    return new SeededRandom(this.#uint32());
  }

  #uint32(): number {
    const result = (this.#a + this.#b | 0) + this.#counter | 0;
    this.#counter = this.#counter + 1 | 0;
    this.#a = this.#b ^ this.#b >>> 9;
    this.#b = this.#c + (this.#c << 3) | 0;
    this.#c = (this.#c << 21 | this.#c >>> 11) + result | 0;
    return result >>> 0;
  }
}
