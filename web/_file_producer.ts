/**
 * A file on its way to a client, in constant memory: read a piece, write it, and hold while the client does not read.
 * @module
 */
import { Failure } from "@ropewalk/deferred";
import type { PushProducer } from "@ropewalk/reactor/core";
import type { OpenFile } from "@ropewalk/reactor/filepath";
import type { Request } from "./request.ts";

/** One stretch of a file, and what is written before it. */
export interface Stretch {
  /** Written first: the head of a part. */
  readonly before: string;
  /** The first byte. */
  readonly start: number;
  /** Just past the last byte. */
  readonly end: number;
}

const PIECE_BYTES = 65_536;

/** Writes stretches of an open file, then finishes the request and closes the file. */
export class FileProducer implements PushProducer {
  readonly #request: Request;
  readonly #file: OpenFile;
  readonly #stretches: readonly Stretch[];
  readonly #after: string;
  readonly #buffer = new Uint8Array(PIECE_BYTES);
  #paused = false;
  #reading = false;
  #stopped = false;
  #index = -1;
  #left = 0;

  /**
   * @param request The request.
   * @param file The file; it is closed at the end.
   * @param stretches What of it.
   * @param after What is written last.
   */
  constructor(request: Request, file: OpenFile, stretches: readonly Stretch[], after: string) {
    this.#request = request;
    this.#file = file;
    this.#stretches = stretches;
    this.#after = after;
  }

  resumeProducing(): void {
    this.#paused = false;
    if (this.#reading || this.#stopped) return;
    while (this.#left === 0) {
      const next = this.#stretches[++this.#index];
      if (next === undefined) return this.#finish();
      if (next.before !== "") this.#request.write(next.before);
      this.#left = next.end - next.start;
      this.#file.seek(next.start);
    }
    this.#reading = true;
    this.#file.read(this.#buffer.subarray(0, Math.min(PIECE_BYTES, this.#left))).then(
      this.#took,
      this.#failed,
    );
  }

  pauseProducing(): void {
    this.#paused = true;
  }

  stopProducing(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (!this.#reading) this.#close();
  }

  readonly #took = (length: number | null): void => {
    this.#reading = false;
    if (this.#stopped) return this.#close();
    try {
      if (length === null) throw new Error("Cannot send all of the file: it became shorter meanwhile");
      this.#left -= length;
      this.#request.write(this.#buffer.subarray(0, length));
      if (!this.#paused) this.resumeProducing();
    } catch (error) {
      this.#failed(error);
    }
  };

  readonly #failed = (error: unknown): void => {
    this.#reading = false;
    this.#stopped = true;
    this.#close();
    this.#request.unregisterProducer();
    this.#request.processingFailed(new Failure(error));
  };

  #finish(): void {
    this.#stopped = true;
    this.#close();
    if (this.#after !== "") this.#request.write(this.#after);
    this.#request.unregisterProducer();
    if (!this.#request.disconnected) this.#request.finish();
  }

  #close(): void {
    this.#file.close().catch(() => {}); // it was only read
  }
}
