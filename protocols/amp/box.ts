/**
 * AMP's boxes: keys and values with their lengths in front.
 *
 * ```text
 *   00 04 _ask 00 01 1   00 08 _command 00 03 Sum   00 01 a 00 01 5   00 00
 *   └─ key ──┘ └value┘                                                end
 * ```
 *
 * Values are one-byte strings, as they are cut out of one string of the whole chunk: that is several times as fast as
 * a view for each value. A value that is kept may keep the 64 KiB around it, but never more.
 * @module
 */
import { ByteQueue } from "../_byte_queue.ts";
import { latin1 } from "../bytes.ts";
import { AmpProtocolError, TooLong } from "./errors.ts";

/** The longest key, in bytes. */
export const MAX_KEY_LENGTH: number = 255;
/** The longest value, in bytes. */
export const MAX_VALUE_LENGTH: number = 65535;
/** The largest box accepted unless told otherwise, in bytes. */
export const MAX_BOX_BYTES = 4 * 1024 * 1024;
/** How many keys a box may have: more would take many times the memory of its bytes. */
export const MAX_KEYS = 1024;
/** The values of a box share one text up to here. Beyond it each has its own: a small one that is kept would keep all. */
const MAX_SHARED_BYTES = 65536;

/** A box that came: few keys, so they are looked for one after the other. */
export class Box {
  /** The keys, in the order in which they came. */
  readonly keys: string[] = [];
  /** Their values, as one-byte strings. */
  readonly values: string[] = [];

  /** The value of a key, or `undefined`; the last one if a key came twice. */
  get(key: string): string | undefined {
    for (let i = this.keys.length - 1; i >= 0; i--) if (this.keys[i] === key) return this.values[i];
    return undefined;
  }
}

const SHORT = Array.from({ length: 256 }, (_, n) => String.fromCharCode(0, n));

/** Two bytes of length, as a one-byte string. */
export function lengthPrefix(length: number): string {
  return length < 256 ? SHORT[length]! : String.fromCharCode(length >> 8, length & 0xff);
}

/**
 * A key with its length.
 *
 * @throws {TooLong} If it is empty or too long.
 */
export function encodeKey(key: string): string {
  if (key.length === 0 || key.length > MAX_KEY_LENGTH) throw new TooLong(key, true, key.length);
  return lengthPrefix(key.length) + key;
}

/**
 * A value with its length.
 *
 * @throws {TooLong} If it is too long.
 */
export function encodeValue(key: string, value: string): string {
  if (value.length > MAX_VALUE_LENGTH) throw new TooLong(key, false, value.length);
  return lengthPrefix(value.length) + value;
}

/** Cuts a stream into boxes. A box is looked at once, however many chunks it comes in. */
export class BoxParser {
  /** The largest box accepted, in bytes. */
  maxBoxBytes: number = MAX_BOX_BYTES;
  /** What has not been parsed. */
  readonly queue: ByteQueue = new ByteQueue();
  #at = 0; // where the next length stands, from the beginning of the box
  #marks: number[] = []; // where each key and value begins and ends, from the beginning of the box
  #text = "";
  #textStart = 0;
  #textEpoch = -1;

  /**
   * The next box, or `null` if there is no whole one.
   *
   * @throws {AmpProtocolError} If a key is too long, or the box is too large, or has too many keys.
   */
  next(): Box | null {
    const { bytes, start, end } = this.queue;
    const marks = this.#marks;
    let at = start + this.#at;
    for (;;) {
      if (at - start > this.maxBoxBytes) throw new AmpProtocolError("Cannot take a box: it is too large");
      if (end - at < 2) break;
      const isKey = (marks.length & 2) === 0;
      const length = bytes[at]! * 256 + bytes[at + 1]!;
      if (isKey && length === 0) {
        this.#at = 0;
        return this.#make(at + 2);
      }
      if (isKey && length > MAX_KEY_LENGTH) {
        throw new AmpProtocolError("Cannot take a box: a key has more than 255 bytes");
      }
      if (end - at - 2 < length) break;
      if (marks.length >= MAX_KEYS * 4) throw new AmpProtocolError("Cannot take a box: it has too many keys");
      marks.push(at + 2 - start, at + 2 - start + length);
      at += 2 + length;
    }
    this.#at = at - start;
    return null;
  }

  /** Forgets everything. */
  clear(): void {
    this.queue.clear();
    this.#marks.length = 0;
    this.#at = 0;
    this.#text = "";
  }

  #make(boxEnd: number): Box {
    const { queue } = this;
    const { bytes, start } = queue;
    const isLarge = queue.length > MAX_SHARED_BYTES;
    if (!isLarge && this.#textEpoch !== queue.epoch) {
      this.#text = latin1(queue.bytes, queue.start, queue.end);
      this.#textStart = queue.start;
      this.#textEpoch = queue.epoch;
    }
    const offset = queue.start - this.#textStart;
    const box = new Box();
    const marks = this.#marks;
    for (let i = 0; i < marks.length; i += 2) {
      const [from, to] = [marks[i]!, marks[i + 1]!];
      const part = isLarge
        ? latin1(bytes, start + from, start + to)
        : this.#text.substring(offset + from, offset + to);
      if ((i & 2) === 0) box.keys.push(part);
      else box.values.push(part);
    }
    marks.length = 0;
    queue.start = boxEnd;
    return box;
  }
}

/** All boxes of a one-byte string, as in an AmpList. */
export function parseBoxes(text: string): Box[] {
  const boxes: Box[] = [];
  let box = new Box();
  let key: string | null = null;
  let at = 0;
  while (at < text.length) {
    if (at + 2 > text.length) throw new AmpProtocolError("Cannot take a list of boxes: it is cut off");
    const length = text.charCodeAt(at) * 256 + text.charCodeAt(at + 1);
    at += 2;
    if (key === null && length === 0) {
      boxes.push(box);
      box = new Box();
      continue;
    }
    if (at + length > text.length) throw new AmpProtocolError("Cannot take a list of boxes: it is cut off");
    const part = text.substring(at, at + length);
    at += length;
    if (key === null) {
      if (length > MAX_KEY_LENGTH) {
        throw new AmpProtocolError("Cannot take a list of boxes: a key is too long");
      }
      key = part;
    } else {
      box.keys.push(key);
      box.values.push(part);
      key = null;
    }
  }
  if (key !== null || box.keys.length > 0) {
    throw new AmpProtocolError("Cannot take a list of boxes: it is cut off");
  }
  return boxes;
}
