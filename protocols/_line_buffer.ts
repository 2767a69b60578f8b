/**
 * A {@linkcode ByteQueue} in which lines are looked for, through a one-byte string of the bytes not searched before.
 *
 * ```text
 *   bytes    ....|GET key1\r\nGET key2\r\nGE
 *   #text             y1\r\nGET key2\r\nGE      one string for the whole chunk, made once
 *                 ▲ start   ▲ the next line: an indexOf in #text
 * ```
 * @module
 */
import { ByteQueue } from "./_byte_queue.ts";
import { decodeUtf8, hasHighBytes, isAscii, latin1 } from "./bytes.ts";

/** A buffer of lines. */
export class LineBuffer extends ByteQueue {
  #text = "";
  #textStart = 0; // the offset in `bytes` of the first character of #text
  #textEpoch = -1;
  #high = false; // #text holds more than ASCII
  #searched = 0; // bytes from `start` on that hold no delimiter

  /**
   * Looks for a delimiter.
   *
   * @param delimiter A one-byte string, not empty.
   * @returns The length of the line before it, or -1.
   */
  find(delimiter: string): number {
    if (this.#textEpoch !== this.epoch || this.start + this.#searched < this.#textStart) this.#read();
    const text = this.#text;
    const last = delimiter.length - 1;
    const end = delimiter[last]!;
    // Engines look for one character in line, and call out for more: the last one is looked for, those before it compared.
    let at = text.indexOf(end, this.start + this.#searched - this.#textStart + last);
    while (at >= 0 && !endsWith(text, delimiter, last, at)) at = text.indexOf(end, at + 1);
    if (at >= 0) return at - last + this.#textStart - this.start;
    this.#searched = Math.max(0, this.end - this.start - last);
    return -1;
  }

  // Text of what was not searched yet.
  #read(): void {
    const from = this.start + this.#searched;
    this.#text = latin1(this.bytes, from, this.end);
    this.#textStart = from;
    this.#textEpoch = this.epoch;
    this.#high = !isAscii(this.bytes, from, this.end);
  }

  /** The delimiter is another one now: nothing has been searched. */
  searchAgain(): void {
    this.#searched = 0;
  }

  /** The text of the next `length` bytes, which are not used up. */
  peekText(length: number): string {
    const offset = this.start - this.#textStart;
    if (this.#textEpoch !== this.epoch || offset < 0) { // it began in an earlier chunk
      return decodeUtf8(this.bytes.subarray(this.start, this.start + length));
    }
    const text = this.#text.substring(offset, offset + length);
    return this.#high && hasHighBytes(text)
      ? decodeUtf8(this.bytes.subarray(this.start, this.start + length))
      : text;
  }

  /** Uses up some bytes: a line and its delimiter. */
  skip(length: number): void {
    this.start += length;
    this.#searched = 0;
  }

  override freeze(): void {
    const { start, epoch } = this;
    super.freeze();
    if (epoch !== this.epoch && epoch === this.#textEpoch) { // the same bytes elsewhere: the text still stands
      this.#textStart -= start;
      this.#textEpoch = this.epoch;
    }
  }

  override takeAll(): Uint8Array {
    this.#searched = 0;
    return super.takeAll();
  }

  override clear(): void {
    this.#searched = 0;
    super.clear();
  }
}

// Whether the `last` characters before `at` are those of the delimiter.
function endsWith(text: string, delimiter: string, last: number, at: number): boolean {
  for (let i = 1; i <= last; i++) {
    if (text.charCodeAt(at - i) !== delimiter.charCodeAt(last - i)) return false;
  }
  return true;
}
