/**
 * `jelly` and `unjelly`, for values without a connection.
 * @module
 */
import { type DecodedBanana, readElement } from "./banana_decoder.ts";
import { BananaEncoder, type BananaValue } from "./banana_encoder.ts";
import { Jellier } from "./jellier.ts";
import { Output } from "./_output.ts";
import { Reader } from "./_reader.ts";
import { globalSecurity, type SecurityOptions } from "./security.ts";
import { Unjellier } from "./unjellier.ts";

/**
 * The jelly of a value: lists, numbers and byte strings.
 *
 * @throws {JellyError | BananaError} If the value, or something in it, cannot be sent.
 */
export function jelly(value: unknown, security: SecurityOptions = globalSecurity): DecodedBanana {
  const out = new Output(false);
  new Jellier(out, null, security).jelly(value);
  const reader = new Reader();
  reader.open(out.bytes, 0);
  return readElement(reader);
}

/**
 * The value of some jelly.
 *
 * @param sexp Lists, numbers and byte strings; text stands for its UTF-8 bytes.
 * @throws {InsecureJelly} If something in it is not let in.
 * @throws {JellyError} If it makes no sense.
 */
export function unjelly(sexp: BananaValue, security: SecurityOptions = globalSecurity): unknown {
  const bytes = new BananaEncoder().encode(sexp);
  const reader = new Reader();
  reader.open(bytes, 0);
  return new Unjellier(reader, null, security).unjelly();
}
