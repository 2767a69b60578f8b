/**
 * `RequestContent`: the body of a request.
 * @module
 */
import { concatBytes, decodeUtf8, NO_BYTES } from "@ropewalk/protocols/bytes";

/**
 * The body of a request, as a file that is open for reading: {@linkcode RequestContent.read} goes on where the one
 * before stopped, the other methods give all of it.
 */
export class RequestContent {
  #parts: Uint8Array[] = [];
  #length = 0;
  #position = 0;

  /** How many bytes there are. */
  get length(): number {
    return this.#length;
  }

  /** All bytes, whatever was read before. */
  bytes(): Uint8Array {
    if (this.#parts.length === 0) return NO_BYTES;
    if (this.#parts.length > 1) this.#parts = [concatBytes(this.#parts)];
    return this.#parts[0]!;
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
    return this.bytes().subarray(from, this.#position);
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
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }
}
