/**
 * `UploadedFile`: a file that came with a form.
 * @module
 */
import { decodeUtf8 } from "@ropewalk/protocols/bytes";
import type { FilePath } from "@ropewalk/reactor/filepath";
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

  /** All of it, if it is in memory. @throws {TypeError} If it is on disk. */
  bytes(): Uint8Array {
    return this.#content.slice(this.#start, this.#start + this.size);
  }

  /** All of it as UTF-8 text, if it is in memory. @throws {TypeError} If it is on disk. */
  text(): string {
    return decodeUtf8(this.bytes());
  }

  /** It in pieces, from memory or from disk. A file on disk is there until the request is finished. */
  stream(): AsyncGenerator<Uint8Array> {
    return this.#content.stream(this.#start, this.#start + this.size);
  }

  /**
   * Copies it to a file of its own, in constant memory. What is there already is replaced once all of it is copied; a copy
   * that fails leaves nothing behind.
   *
   * @param path Where to; never made of {@linkcode filename} without a check.
   */
  async saveTo(path: FilePath): Promise<void> {
    const fresh = path.sibling(`${path.basename()}.${crypto.randomUUID()}.new`);
    const file = await fresh.open("new");
    try {
      try {
        for await (const bytes of this.stream()) {
          for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
        }
      } finally {
        await file.close();
      }
      await fresh.moveTo(path);
    } catch (error) {
      await fresh.remove().catch(() => {}); // the first error is the one to tell
      throw error;
    }
  }

  /** It in pieces, if it is in memory. @throws {TypeError} If it is on disk. */
  *pieces(bytes = 65_536): Generator<Uint8Array> {
    for (let at = 0; at < this.size; at += bytes) {
      yield this.#content.slice(this.#start + at, this.#start + Math.min(this.size, at + bytes));
    }
  }
}
