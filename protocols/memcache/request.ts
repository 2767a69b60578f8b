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
  count = 0; // of the figures that came
  constructor(readonly kind: Kind, readonly withIdentifier: boolean = false, readonly key: string = "") {}
}

const ASCII_KEY = /^[\x21-\x7e]{1,250}$/;
const FORBIDDEN = /[\0-\x20\x7f]/;

/** What is wrong with a key, or `null`. */
export function keyProblem(key: string): string | null {
  if (typeof key !== "string") return "the key is not a string";
  if (ASCII_KEY.test(key)) return null;
  if (key.length === 0) return "the key is empty";
  if (FORBIDDEN.test(key)) return "the key holds a space or a control character";
  if (!key.isWellFormed()) return "the key is no text: it holds half a character";
  return encodeUtf8(key).length > MAX_KEY_BYTES ? `the key has more than ${MAX_KEY_BYTES} bytes` : null;
}

// A server that refuses the first line of a request to store takes the value behind it for commands. So what it could
// refuse is refused here: nobody's value is to become a command.

/** What is wrong with flags, or `null`: they have 32 bits. */
export function flagsProblem(flags: number): string | null {
  return flags >>> 0 === flags ? null : `the flags ${flags} are no whole number of 32 bits`;
}

/** What is wrong with a time to live, or `null`: it has 32 bits, with a sign. */
export function expiryProblem(seconds: number): string | null {
  return (seconds | 0) === seconds ? null : `${seconds} seconds are no whole number of 32 bits`;
}

/** What is wrong with what is to be added to a number, or `null`. */
export function deltaProblem(n: number): string | null {
  return Number.isSafeInteger(n) && n >= 0 ? null : `${n} is no whole number from 0 on`;
}

/** Whether a text is the identifier of a value: a number of 64 bits. */
export function isIdentifier(cas: string): boolean {
  return /^\d{1,20}$/.test(cas) && BigInt(cas) < 1n << 64n;
}

/** A request that is not sent. */
export function refuse<T>(problem: string): Deferred<T> {
  const failed = new Deferred<T>();
  failed.errback(new ClientError(`Cannot send a request: ${problem}`));
  return failed;
}
