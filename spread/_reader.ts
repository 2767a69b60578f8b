/**
 * `Reader`: walks over the elements of a message that is known to be whole and within its limits.
 * @module
 */
import { JellyError } from "./errors.ts";
import { decodeText, nameText } from "./_text.ts";
import { FLOAT, INT, LIST, LONGINT, LONGNEG, NEG, STRING, VOCAB } from "./_output.ts";
import { VOCABULARY, WORD_BYTES } from "./_vocabulary.ts";

/** A place in a message. {@linkcode next} moves to an element and tells its type; the rest asks for what is in it. */
export class Reader {
  bytes: Uint8Array = new Uint8Array(0);
  /** Where the next element begins. */
  at = 0;
  /** The number of the element: of a list its count, of a string its length, of a word its number. */
  value = 0;
  // The digits of a number beyond 2^53.
  #digits = 0;
  #digitsAt = 0;
  #view: DataView | null = null;

  /** Goes to another message. */
  open(bytes: Uint8Array, at: number): void {
    this.bytes = bytes;
    this.at = at;
    this.#view = null;
  }

  /** Reads the head of the next element. The payload of a string or a float is still to be taken. */
  next(): number {
    const bytes = this.bytes;
    let at = this.at;
    let byte = bytes[at++]!;
    let value = 0;
    if (byte < 0x80) {
      value = byte;
      byte = bytes[at++]!;
      if (byte < 0x80) {
        this.#digitsAt = at - 2;
        let scale = 128;
        do {
          value += byte * scale;
          scale *= 128;
          byte = bytes[at++]!;
        } while (byte < 0x80);
        this.#digits = at - 1 - this.#digitsAt;
      }
    }
    this.value = value;
    this.at = at;
    return byte;
  }

  /** The number of the element just read, which is an INT, LONGINT, NEG or LONGNEG. */
  number(type: number): number | bigint {
    const negative = type === NEG || type === LONGNEG;
    const value = this.value;
    if (value <= Number.MAX_SAFE_INTEGER) return negative ? 0 - value : value;
    let big = 0n;
    for (let i = this.#digitsAt + this.#digits - 1; i >= this.#digitsAt; i--) {
      big = big << 7n | BigInt(this.bytes[i]!);
    }
    return negative ? -big : big;
  }

  /** The payload of a float. */
  float(): number {
    this.#view ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    const value = this.#view.getFloat64(this.at);
    this.at += 8;
    return value;
  }

  /** The bytes of the string or word just read, as a copy. */
  takeBytes(type: number): Uint8Array {
    if (type === VOCAB) return WORD_BYTES[this.value]!.slice();
    const start = this.at;
    this.at = start + this.value;
    return this.bytes.slice(start, this.at);
  }

  /** The text of the string or word just read, from UTF-8. */
  takeText(type: number): string {
    if (type === VOCAB) return VOCABULARY[this.value]!;
    const start = this.at;
    this.at = start + this.value;
    return decodeText(this.bytes, start, this.at);
  }

  /** As {@linkcode takeText}, for text that is likely to come again. */
  takeName(type: number): string {
    if (type === VOCAB) return VOCABULARY[this.value]!;
    const start = this.at;
    this.at = start + this.value;
    return nameText(this.bytes, start, this.at);
  }

  /**
   * The next element, which has to be a string or word, as text that is likely to come again: a name.
   *
   * @throws {JellyError} If it is something else.
   */
  name(): string {
    const type = this.next();
    if (type !== VOCAB && type !== STRING) throw new JellyError("A string was expected");
    return this.takeName(type);
  }

  /**
   * The next element, which has to be a whole number that is safe.
   *
   * @throws {JellyError} If it is something else.
   */
  integer(): number {
    const type = this.next();
    if ((type === INT || type === LONGINT) && this.value <= Number.MAX_SAFE_INTEGER) return this.value;
    if ((type === NEG || type === LONGNEG) && this.value <= Number.MAX_SAFE_INTEGER) return 0 - this.value;
    throw new JellyError("A number was expected");
  }

  /**
   * Whether the next element is the word `unicode`, which begins every text there is and is in no vocabulary; if so, the
   * place is moved beyond it.
   */
  passUnicode(): boolean {
    const bytes = this.bytes;
    const at = this.at;
    if (
      bytes[at] === 7 && bytes[at + 1] === STRING && bytes[at + 2] === 0x75 && bytes[at + 3] === 0x6e &&
      bytes[at + 4] === 0x69 && bytes[at + 5] === 0x63 && bytes[at + 6] === 0x6f && bytes[at + 7] === 0x64 &&
      bytes[at + 8] === 0x65
    ) {
      this.at = at + 9;
      return true;
    }
    return false;
  }

  /** Passes over the next element with all that is in it. */
  skip(): void {
    let left = 1;
    while (left > 0) {
      left--;
      switch (this.next()) {
        case LIST:
          left += this.value;
          break;
        case STRING:
          this.at += this.value;
          break;
        case FLOAT:
          this.at += 8;
      }
    }
  }

  /** The type of the next element; {@linkcode value} is that of the element then. The place stays. */
  peek(): number {
    const at = this.at;
    const type = this.next();
    this.at = at;
    return type;
  }
}
