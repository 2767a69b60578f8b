/**
 * Banana: the encoding beneath Perspective Broker. Lists, integers, floats and byte strings, nothing else.
 *
 * | element | here |
 * |---|---|
 * | list | `Array` |
 * | integer | `number` while it is safe, else `bigint` |
 * | float | `number`; to send a whole number as one use `Float` |
 * | byte string | `Uint8Array`; to send one that is text, a `string` (UTF-8) |
 *
 * @example
 * ```ts
 * import { BananaDecoder, BananaEncoder } from "@ropewalk/spread/banana";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new BananaEncoder().encode(["version", 6]);
 * const seen: unknown[] = [];
 * const decoder = new BananaDecoder((value) => seen.push(value));
 * for (const byte of bytes) decoder.dataReceived(Uint8Array.of(byte));
 * assertEquals(seen, [[new TextEncoder().encode("version"), 6]]);
 * ```
 *
 * @module
 */
export { BananaDecoder, type BananaDecoderOptions } from "./banana_decoder.ts";
export { BananaEncoder, type BananaValue } from "./banana_encoder.ts";
export { BananaError } from "./errors.ts";
export { type BananaLimits, PREFIX_LIMIT, SIZE_LIMIT } from "./limits.ts";
export { VOCABULARY } from "./_vocabulary.ts";
export { Float } from "./values.ts";
