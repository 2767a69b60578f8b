/**
 * `UploadedFile`: a file that came with a form.
 * @module
 */
import { decodeUtf8 } from "@ropewalk/protocols/bytes";
import type { RequestContent } from "./request_content.ts";

/** A file that came with a form: a stretch of the request's body. */
export class UploadedFile {
  readonly #content: RequestContent;
  readonly #start: number;
  /** How many bytes it has. */
  readonly size: number;

  /**
   * Makes one.
   *
   * @param name The field's name.
   * @param filename The name that the client gives it; never a path to write to.
   * @param type Its type, as the client says.
   * @param content The body it is in.
   * @param start Its first byte.
   * @param end Just past its last byte.
   */
  constructor(
    readonly name: string,
    readonly filename: string,
    readonly type: string,
    content: RequestContent,
    start: number,
    end: number,
  ) {
    this.#content = content;
    this.#start = start;
    this.size = end - start;
  }

  /** All of it. */
  bytes(): Uint8Array {
    return this.#content.slice(this.#start, this.#start + this.size);
  }

  /** All of it as UTF-8 text. */
  text(): string {
    return decodeUtf8(this.bytes());
  }

  /** It in pieces, for files that are too large to have whole. */
  *pieces(bytes = 65_536): Generator<Uint8Array> {
    for (let at = 0; at < this.size; at += bytes) {
      yield this.#content.slice(this.#start + at, this.#start + Math.min(this.size, at + bytes));
    }
  }
}
