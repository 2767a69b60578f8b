/**
 * `BananaEncoder`: plain values to banana.
 * @module
 */
import { BananaError } from "./errors.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { Output } from "./_output.ts";
import { Float } from "./values.ts";

/** What banana can say. */
export type BananaValue = number | bigint | string | Uint8Array | Float | readonly BananaValue[];

/** Writes banana. */
export class BananaEncoder {
  readonly #out: Output;

  /**
   * Makes one.
   *
   * @param dialect `"pb"`: words of the vocabulary go as numbers.
   */
  constructor(dialect: "none" | "pb" = "none") {
    this.#out = new Output(dialect === "pb");
  }

  /**
   * The bytes of one value.
   *
   * @param value A safe integer goes as an integer, any other number as a float.
   * @throws {BananaError} If something in it is too long, too large, nested too deep, or of a kind that banana has not.
   */
  encode(value: BananaValue): Uint8Array {
    this.#out.length = 0;
    this.#write(value, 0);
    return this.#out.take();
  }

  #write(value: BananaValue, depth: number): void {
    const out = this.#out;
    if (typeof value === "number") {
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) out.int(value);
      else out.float(value);
    } else if (typeof value === "string") out.text(value);
    else if (typeof value === "bigint") out.bigint(value);
    else if (value instanceof Uint8Array) out.string(value);
    else if (Float.is(value)) out.float(value.value);
    else if (Array.isArray(value)) {
      if (depth >= DEFAULT_LIMITS.maxDepth) {
        throw new BananaError("Cannot send a list: it is nested too deep");
      }
      out.list(value.length);
      for (const item of value) this.#write(item, depth + 1);
    } else throw new BananaError(`Cannot send ${value === null ? "null" : typeof value} in banana`);
  }
}
