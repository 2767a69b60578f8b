/**
 * Jelly: how values become banana lists, `[list 1 2]`, `[dictionary [[unicode k] 1]]`, and back. A connection does it
 * straight between values and bytes; these two functions show what is in between.
 *
 * @example
 * ```ts
 * import { jelly, unjelly } from "@ropewalk/spread/jelly";
 * import { assertEquals } from "@std/assert";
 *
 * const shared = [1];
 * const [a, b] = unjelly(jelly([shared, shared])) as number[][];
 * assertEquals(a, [1]);
 * assertEquals(a === b, true);
 * ```
 *
 * @module
 */
export { jelly, unjelly } from "./jelly_functions.ts";
export type { DecodedBanana } from "./banana_decoder.ts";
export type { BananaValue } from "./banana_encoder.ts";
export { Float } from "./values.ts";
export { InsecureJelly, JellyError } from "./errors.ts";
export type { JellyInvoker, UnjellyInvoker } from "./invokers.ts";
export type { Jellier, Jellyable } from "./jellier.ts";
export {
  type AnyClass,
  globalSecurity,
  SecurityOptions,
  setUnjellyableFactoryForClass,
  setUnjellyableForClass,
} from "./security.ts";
export { Unpersistable } from "./values.ts";
