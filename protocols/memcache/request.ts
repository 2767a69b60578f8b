/**
 * What a memcache client asks, and what it waits for.
 * @module
 */
import { Deferred } from "@ropewalk/deferred";
import { encodeUtf8 } from "../bytes.ts";
import { ClientError } from "./errors.ts";

/** The longest key, in bytes. */
export const MAX_KEY_BYTES: number = 250;

/** Flags and value; the value is `null` if the key is missing. */
export type Found = [flags: number, value: Uint8Array | null];
/** Flags, identifier for `checkAndSet`, and value; the value is `null` if the key is missing. */
export type FoundWithIdentifier = [flags: number, cas: string, value: Uint8Array | null];

/** One value. */
export const GET = 0;
/** Values by their keys. */
export const GET_MANY = 1;
/** True or false, as the table says. */
export const STORE = 2;
/** A number, or false. */
export const COUNT = 3;
/** Names and values. */
export const STATS = 4;
/** A text. */
export const VERSION = 5;

/** What answers a request. */
export type Kind = typeof GET | typeof GET_MANY | typeof STORE | typeof COUNT | typeof STATS | typeof VERSION;

/** What answers a request to store, and whether it says that it was done. */
export const STORE_ANSWERS: ReadonlyMap<string, boolean> = new Map([
  ["STORED", true],
  ["NOT_STORED", false],
  ["EXISTS", false],
  ["NOT_FOUND", false],
  ["DELETED", true],
  ["TOUCHED", true],
  ["OK", true],
]);

/** A request that waits for its answer. */
export class Pending {
  found: Found | FoundWithIdentifier | null = null;
  many: Record<string, unknown> | null = null;
  constructor(
    readonly kind: Kind,
    readonly withIdentifier: boolean,
    readonly deadline: number,
    readonly result: Deferred<unknown>,
  ) {}
}

const ASCII_KEY = /^[\x21-\x7e]{1,250}$/;
const FORBIDDEN = /[\0-\x20\x7f]/;

/** What is wrong with a key, or `null`. */
export function keyProblem(key: string): string | null {
  if (typeof key !== "string") return "the key is not a string";
  if (ASCII_KEY.test(key)) return null;
  if (key.length === 0) return "the key is empty";
  if (FORBIDDEN.test(key)) return "the key holds a space or a control character";
  return encodeUtf8(key).length > MAX_KEY_BYTES ? `the key has more than ${MAX_KEY_BYTES} bytes` : null;
}

/** What is wrong with a number, or `null`. */
export function numberProblem(number: number): string | null {
  return Number.isSafeInteger(number) ? null : `${number} is not a whole number`;
}

/** A request that is not sent. */
export function refuse<T>(problem: string): Deferred<T> {
  const failed = new Deferred<T>();
  failed.errback(new ClientError(`Cannot send a request: ${problem}`));
  return failed;
}
