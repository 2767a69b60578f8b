/**
 * `RequestContent`: the body of a request.
 * @module
 */
import type { FileSpool } from "./_file_spool.ts";
import { concatBytes, decodeUtf8, NO_BYTES } from "@ropewalk/protocols/bytes";

const PIECE_BYTES = 65_536;

/**
 * The body of a request, as a file that is open for reading: {@linkcode RequestContent.read} goes on where the one
 * before stopped, the other methods give all of it. A large form with files is on disk, if the site has a place for it:
 * then {@linkcode RequestContent.stream} alone reads it.
 */
export class RequestContent {
  #parts: Uint8Array[] = [];
  #length = 0;
  #position = 0;
  #spool: FileSpool | null = null;

  /** How many bytes there are. */
  get length(): number {
    return this.#length;
  }

  /** True if it is in a file. */
  get spooled(): boolean {
    return this.#spool !== null;
  }

  /** All bytes, whatever was read before. @throws {TypeError} If they are in a file. */
  bytes(): Uint8Array {
    return this.slice(0, this.#length);
  }

  /**
   * Some of the bytes.
   *
   * @param start The first.
   * @param end Just past the last.
   * @throws {TypeError} If they are in a file.
   */
  slice(start: number, end: number): Uint8Array {
    if (this.#spool !== null) {
      throw new TypeError("Cannot read the body at once: it is in a file, read it by stream()");
    }
    if (this.#parts.length === 0) return NO_BYTES;
    if (this.#parts.length > 1) this.#parts = [concatBytes(this.#parts)];
    const whole = this.#parts[0]!;
    return start === 0 && end >= whole.length ? whole : whole.subarray(start, end);
  }

  /**
   * The bytes piece by piece, from memory or from a file.
   *
   * @param start The first.
   * @param end Just past the last.
   */
  async *stream(start = 0, end: number = this.#length): AsyncGenerator<Uint8Array> {
    const to = Math.min(end, this.#length);
    if (this.#spool !== null) yield* this.#spool.read(start, to);
    else {for (let at = start; at < to; at += PIECE_BYTES) {
        yield this.slice(at, Math.min(to, at + PIECE_BYTES));
      }}
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
  _spoolTo(spool: FileSpool): void {
    for (const part of this.#parts) spool.write(part);
    this.#parts = [];
    this.#spool = spool;
  }

  /** @ignore Resolves when all is in the file; `null` if there is nothing to wait for. */
  _flushed(): Promise<void> | null {
    return this.#spool === null ? null : this.#spool.flushed();
  }

  /** @ignore The request is done: a file is given up. */
  _release(): void {
    this.#spool?.discard();
    if (this.#spool !== null) this.#length = 0;
    this.#spool = null;
  }
}
