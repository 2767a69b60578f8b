/**
 * `Output`: banana bytes, written one after the other into one growing array.
 *
 * ```text
 *   element  =  digits (base 128, least significant first, each < 0x80)   type (>= 0x80)   payload
 *   [unicode "hi"]  =  02 80   07 82 u n i c o d e   02 82 h i
 * ```
 * @module
 */
import { BananaError } from "./errors.ts";
import { PREFIX_LIMIT, SIZE_LIMIT } from "./limits.ts";
import { wordNumber, wordNumberOfBytes } from "./_vocabulary.ts";

/** Types of element. */
export const LIST = 0x80;
export const INT = 0x81;
export const STRING = 0x82;
export const NEG = 0x83;
export const FLOAT = 0x84;
export const LONGINT = 0x85;
export const LONGNEG = 0x86;
export const VOCAB = 0x87;

const encoder = new TextEncoder();
const LARGEST = 1n << BigInt(7 * PREFIX_LIMIT);

// Below this many characters a loop is faster than `encodeInto`.
const SHORT = 48;

/** A growing array of bytes with a method for each kind of element. */
export class Output {
  /** The bytes; only the first {@linkcode length} count. */
  bytes: Uint8Array;
  /** How many bytes were written. */
  length = 0;
  /** Whether words of the vocabulary go as numbers. */
  compress: boolean;
  #view: DataView;

  /**
   * @param compress Whether words of the vocabulary go as numbers.
   * @param capacity Bytes to begin with.
   */
  constructor(compress: boolean, capacity = 256) {
    this.compress = compress;
    this.bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Makes room for `more` bytes. */
  reserve(more: number): void {
    const need = this.length + more;
    if (need <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(need, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  /** Empties it; a buffer that grew beyond `keep` bytes is let go. */
  reset(keep: number): void {
    this.length = 0;
    if (this.bytes.length <= keep) return;
    this.bytes = new Uint8Array(1024);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** What was written, as a copy. */
  take(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  // The digits of a number that is known to be a safe integer, then the type. Room has been made.
  #head(value: number, type: number): void {
    const bytes = this.bytes;
    let at = this.length;
    while (value > 0x7fffffff) {
      bytes[at++] = value % 128;
      value = Math.floor(value / 128);
    }
    while (value > 0x7f) {
      bytes[at++] = value & 0x7f;
      value >>>= 7;
    }
    bytes[at++] = value;
    bytes[at++] = type;
    this.length = at;
  }

  /**
   * The head of a list: its elements are written next.
   *
   * @throws {BananaError} If it has more than 655,360.
   */
  list(count: number): void {
    if (count > SIZE_LIMIT) {
      throw new BananaError(`Cannot send a list of ${count} elements: the limit is ${SIZE_LIMIT}`);
    }
    this.reserve(8);
    this.#head(count, LIST);
  }

  /** A whole number; `value` is a safe integer and not -0. */
  int(value: number): void {
    this.reserve(12);
    if (value >= 0) this.#head(value, value <= 0x7fffffff ? INT : LONGINT);
    else this.#head(-value, value >= -0x80000000 ? NEG : LONGNEG);
  }

  /**
   * A whole number of any size.
   *
   * @throws {BananaError} If |value| >= 2^448.
   */
  bigint(value: bigint): void {
    if (value >= -0x1fffffffffffffn && value <= 0x1fffffffffffffn) {
      this.int(Number(value));
      return;
    }
    const negative = value < 0n;
    let rest = negative ? -value : value;
    if (rest >= LARGEST) throw new BananaError("Cannot send an integer of 448 bits or more");
    this.reserve(PREFIX_LIMIT + 1);
    while (rest > 0n) {
      this.bytes[this.length++] = Number(rest & 0x7fn);
      rest >>= 7n;
    }
    this.bytes[this.length++] = negative ? LONGNEG : LONGINT;
  }

  /** A floating-point number: eight bytes, big-endian. */
  float(value: number): void {
    this.reserve(9);
    this.bytes[this.length] = FLOAT;
    this.#view.setFloat64(this.length + 1, value);
    this.length += 9;
  }

  /** A word of the vocabulary, by its number; its bytes where they are not compressed. */
  word(number: number, bytes: Uint8Array): void {
    if (this.compress) {
      this.reserve(2);
      this.bytes[this.length++] = number;
      this.bytes[this.length++] = VOCAB;
    } else this.#rawString(bytes);
  }

  /** Elements that were written before. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.#copy(bytes);
  }

  #copy(bytes: Uint8Array): void {
    const { length } = bytes;
    const at = this.length;
    if (length > SHORT) this.bytes.set(bytes, at);
    else for (let i = 0; i < length; i++) this.bytes[at + i] = bytes[i]!;
    this.length = at + length;
  }

  /**
   * A string of bytes.
   *
   * @throws {BananaError} If it is longer than 655,360 bytes.
   */
  string(bytes: Uint8Array): void {
    const number = this.compress ? wordNumberOfBytes(bytes) : 0;
    if (number !== 0) this.word(number, bytes);
    else this.#rawString(bytes);
  }

  #rawString(bytes: Uint8Array): void {
    checkLength(bytes.length);
    this.reserve(bytes.length + 8);
    this.#head(bytes.length, STRING);
    this.#copy(bytes);
  }

  /** `[unicode "text"]` */
  unicode(text: string): void {
    this.reserve(11);
    this.#unicodeHead(this.length);
    this.text(text);
  }

  /** The head of a pair, and its key: `[[unicode "name"] …`. */
  key(name: string): void {
    this.reserve(13);
    this.bytes[this.length] = 2;
    this.bytes[this.length + 1] = LIST;
    this.#unicodeHead(this.length + 2);
    this.text(name);
  }

  // The head of the list and the word, byte by byte: no call is as fast, and every text begins so.
  #unicodeHead(at: number): void {
    const bytes = this.bytes;
    bytes[at] = 2;
    bytes[at + 1] = LIST;
    bytes[at + 2] = 7;
    bytes[at + 3] = STRING;
    bytes[at + 4] = 0x75;
    bytes[at + 5] = 0x6e;
    bytes[at + 6] = 0x69;
    bytes[at + 7] = 0x63;
    bytes[at + 8] = 0x6f;
    bytes[at + 9] = 0x64;
    bytes[at + 10] = 0x65;
    this.length = at + 11;
  }

  /**
   * A string of bytes: the UTF-8 form of `text`.
   *
   * @throws {BananaError} If it is longer than 655,360 bytes.
   */
  text(text: string): void {
    if (this.compress) {
      const number = wordNumber(text);
      if (number !== 0) {
        this.reserve(2);
        this.bytes[this.length++] = number;
        this.bytes[this.length++] = VOCAB;
        return;
      }
    }
    const count = text.length;
    if (count <= SHORT) {
      this.reserve(SHORT + 2);
      const bytes = this.bytes;
      const start = this.length;
      bytes[start] = count;
      bytes[start + 1] = STRING;
      let i = 0;
      for (; i < count; i++) {
        const code = text.charCodeAt(i);
        if (code > 127) break;
        bytes[start + 2 + i] = code;
      }
      if (i === count) {
        this.length = start + 2 + count;
        return;
      }
    }
    this.#longText(text);
  }

  // The length is not known beforehand: room is left for the head of the shortest it can be, which is right for ASCII.
  #longText(text: string): void {
    checkLength(text.length);
    this.reserve(text.length * 3 + 8);
    const start = this.length;
    this.#head(text.length, STRING);
    const guess = this.length - start;
    const { written } = encoder.encodeInto(text, this.bytes.subarray(this.length));
    if (written > SIZE_LIMIT) {
      this.length = start;
      checkLength(written);
    }
    if (written !== text.length) {
      this.length = start;
      this.#head(written, STRING);
      const head = this.length - start;
      if (head !== guess) {
        // The bytes of the head that was just written may have covered the first of the text: encode once more.
        encoder.encodeInto(text, this.bytes.subarray(this.length));
      }
    }
    this.length += written;
  }
}

function checkLength(length: number): void {
  if (length > SIZE_LIMIT) {
    throw new BananaError(`Cannot send a string of ${length} bytes: the limit is ${SIZE_LIMIT}`);
  }
}
