/**
 * The words that have a number of their own on the wire once the dialect is `pb`: two bytes in place of the word.
 * Compression is by value: any byte string that equals a word goes as its number, whatever it means where it stands.
 * @module
 */

/** The words by number; there is no number 0. Twisted's `outgoingVocabulary`. */
export const VOCABULARY: readonly string[] = [
  "",
  "None",
  "class",
  "dereference",
  "reference",
  "dictionary",
  "function",
  "instance",
  "list",
  "module",
  "persistent",
  "tuple",
  "unpersistable",
  "copy",
  "cache",
  "cached",
  "remote",
  "local",
  "lcache",
  "version",
  "login",
  "password",
  "challenge",
  "logged_in",
  "not_logged_in",
  "cachemessage",
  "message",
  "answer",
  "error",
  "decref",
  "decache",
  "uncache",
];

/** The words as bytes, by number. */
export const WORD_BYTES: readonly Uint8Array[] = VOCABULARY.map((word) => new TextEncoder().encode(word));

const NUMBERS = new Map(VOCABULARY.map((word, number) => [word, number]));
NUMBERS.delete("");

/** No word is longer. */
export const LONGEST_WORD: number = Math.max(...VOCABULARY.map((word) => word.length));

// By first character: whether any word begins with it. Most strings are told apart here, without hashing.
const BEGINS = new Uint8Array(128);
for (const word of NUMBERS.keys()) BEGINS[word.charCodeAt(0)] = 1;

/** The number of a word, or 0. */
export function wordNumber(text: string): number {
  if (text.length > LONGEST_WORD || text.length < 4) return 0;
  const first = text.charCodeAt(0);
  if (first > 127 || BEGINS[first] === 0) return 0;
  return NUMBERS.get(text) ?? 0;
}

/** As {@linkcode wordNumber}, for bytes. */
export function wordNumberOfBytes(bytes: Uint8Array): number {
  const length = bytes.length;
  if (length > LONGEST_WORD || length < 4) return 0;
  const first = bytes[0]!;
  if (first > 127 || BEGINS[first] === 0) return 0;
  next: for (let number = 1; number < WORD_BYTES.length; number++) {
    const word = WORD_BYTES[number]!;
    if (word.length !== length) continue;
    for (let i = 0; i < length; i++) if (word[i] !== bytes[i]) continue next;
    return number;
  }
  return 0;
}

/** Some words by number, for those who write or read them. */
export const NONE = 1;
export const DEREFERENCE = 3;
export const REFERENCE = 4;
export const DICTIONARY = 5;
export const LIST_WORD = 8;
export const TUPLE = 11;
export const UNPERSISTABLE = 12;
export const CACHED = 15;
export const REMOTE = 16;
export const LOCAL = 17;
export const LCACHE = 18;
export const VERSION = 19;
export const CACHEMESSAGE = 25;
export const MESSAGE = 26;
export const ANSWER = 27;
export const ERROR = 28;
export const DECREF = 29;
export const DECACHE = 30;
export const UNCACHE = 31;
