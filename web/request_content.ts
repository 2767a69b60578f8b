/**
 * `RequestContent`: the body of a request.
 * @module
 */
import { concatBytes, decodeUtf8, NO_BYTES } from "@ropewalk/protocols/bytes";

/** Where a body goes that is too large for memory. */
export interface Spool {
  /** Adds some bytes. */
  write(bytes: Uint8Array): void;
  /** Reads `length` bytes from `position`. */
  read(position: number, length: number): Uint8Array;
  /** Gives it up: the bytes are gone. */
  close(): void;
}

/**
 * The body of a request, as a file that is open for reading: {@linkcode RequestContent.read} goes on where the one
 * before stopped, the other methods give all of it. A large body is in a file, if the site has a place for it.
 */
export class RequestContent {
  #parts: Uint8Array[] = [];
  #length = 0;
  #position = 0;
  #spool: Spool | null = null;

  /** How many bytes there are. */
  get length(): number {
    return this.#length;
  }

  /** True if it is in a file. */
  get spooled(): boolean {
    return this.#spool !== null;
  }

  /** All bytes, whatever was read before. */
  bytes(): Uint8Array {
    return this.slice(0, this.#length);
  }

  /**
   * Some of the bytes.
   *
   * @param start The first.
   * @param end Just past the last.
   */
  slice(start: number, end: number): Uint8Array {
    if (this.#spool !== null) {
      return this.#spool.read(start, Math.max(0, Math.min(end, this.#length) - start));
    }
    if (this.#parts.length === 0) return NO_BYTES;
    if (this.#parts.length > 1) this.#parts = [concatBytes(this.#parts)];
    const whole = this.#parts[0]!;
    return start === 0 && end >= whole.length ? whole : whole.subarray(start, end);
  }

  /** All of it as UTF-8 text. */
  text(): string {
    return decodeUtf8(this.bytes());
  }

  /**
   * All of it as JSON.
   *
   * @throws {SyntaxError} If it is not JSON.
   */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /**
   * Reads on.
   *
   * @param length How many bytes at most. @default all that are left
   * @returns No bytes at the end.
   */
  read(length = Infinity): Uint8Array {
    const from = this.#position;
    this.#position = Math.min(this.#length, from + length);
    return this.slice(from, this.#position);
  }

  /** Where {@linkcode read} goes on: 0 is the beginning. */
  seek(position: number): void {
    if (!(position >= 0)) throw new RangeError(`Cannot seek: ${position} is no position`);
    this.#position = Math.min(position, this.#length);
  }

  /** Where {@linkcode read} is. */
  tell(): number {
    return this.#position;
  }

  /** @ignore Takes a piece; the bytes are ours. */
  _append(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (this.#spool !== null) this.#spool.write(bytes);
    else this.#parts.push(bytes);
  }

  /** @ignore Goes on in a file. */
  _spoolTo(spool: Spool): void {
    for (const part of this.#parts) spool.write(part);
    this.#parts = [];
    this.#spool = spool;
  }

  /** @ignore The request is done: a file is given up. */
  _release(): void {
    this.#spool?.close();
    if (this.#spool !== null) this.#length = 0;
    this.#spool = null;
  }
}
