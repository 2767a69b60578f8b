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
    const from = this.start + this.#searched;
    if (this.#textEpoch !== this.epoch || from < this.#textStart) {
      this.#text = latin1(this.bytes, from, this.end);
      this.#textStart = from;
      this.#textEpoch = this.epoch;
      this.#high = !isAscii(this.bytes, from, this.end);
    }
    const at = indexOf(this.#text, delimiter, from - this.#textStart);
    if (at < 0) {
      this.#searched = Math.max(0, this.end - this.start - delimiter.length + 1);
      return -1;
    }
    return at + this.#textStart - this.start;
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

// Engines look for one character in line, and call out for more: the last one is looked for, those before it compared.
function indexOf(text: string, delimiter: string, from: number): number {
  const last = delimiter.length - 1;
  const end = delimiter[last]!;
  for (let at = from + last;; at++) {
    at = text.indexOf(end, at);
    if (at < 0) return -1;
    let i = 0;
    while (i < last && text.charCodeAt(at - last + i) === delimiter.charCodeAt(i)) i++;
    if (i === last) return at - last;
  }
}
