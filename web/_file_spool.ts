/**
 * A body on its way to a file, written no faster than the file takes it.
 * @module
 */
import { reportError } from "@ropewalk/deferred";
import type { FilePath, OpenFile } from "@ropewalk/reactor/filepath";

/** Whoever sends the bytes. */
export interface SpoolSource {
  /** Send no more for now. */
  pauseBody(): void;
  /** Send on. */
  resumeBody(): void;
}

/** So much waits for the file before the source is paused. */
const HIGH_WATER_BYTES = 262_144;
const PIECE_BYTES = 65_536;

/** One file, for one request. */
export class FileSpool {
  readonly #path: FilePath;
  readonly #source: SpoolSource;
  #queue: Uint8Array[] = [];
  #waiting = 0;
  #paused = false;
  #discarded = false;
  #failed = false;
  #file: OpenFile | null = null;
  #work: Promise<void> | null = null; // while something is written

  /**
   * @param path The file; it must not be there yet.
   * @param source Who sends.
   */
  constructor(path: FilePath, source: SpoolSource) {
    this.#path = path;
    this.#source = source;
  }

  /** Adds some bytes; they are not copied. */
  write(bytes: Uint8Array): void {
    if (this.#discarded || this.#failed) return;
    this.#queue.push(bytes);
    this.#waiting += bytes.length;
    if (this.#work === null) {
      this.#work = this.#drain();
      this.#work.catch(() => this.#fail());
    }
    if (this.#waiting <= HIGH_WATER_BYTES || this.#paused) return;
    this.#paused = true;
    this.#source.pauseBody();
  }

  // What is still to come is dropped; `flushed` tells why.
  #fail(): void {
    this.#failed = true;
    this.#queue = [];
    if (this.#paused && !this.#discarded) this.#source.resumeBody();
    this.#paused = false;
  }

  async #drain(): Promise<void> {
    const { fileSystem, path } = this.#path;
    this.#file ??= await fileSystem.open(path, "new", 0o600);
    for (let bytes = this.#queue.shift(); bytes !== undefined; bytes = this.#queue.shift()) {
      for (let at = 0; at < bytes.length && !this.#discarded;) {
        at += await this.#file.write(at === 0 ? bytes : bytes.subarray(at));
      }
      this.#waiting -= bytes.length;
      if (!this.#paused || this.#waiting > HIGH_WATER_BYTES / 2) continue;
      this.#paused = false;
      if (!this.#discarded) this.#source.resumeBody();
    }
    this.#work = null;
  }

  /** Resolves when all is written; rejects if that failed. */
  async flushed(): Promise<void> {
    await this.#work;
  }

  /** Some of the bytes, in pieces that are the reader's own. */
  async *read(start: number, end: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const file = await this.#path.open("read");
    try {
      file.seek(start);
      for (let left = end - start; left > 0;) {
        const buffer = new Uint8Array(Math.min(left, PIECE_BYTES));
        const length = await file.read(buffer);
        if (length === null) return;
        left -= length;
        yield buffer.subarray(0, length);
      }
    } finally {
      await file.close();
    }
  }

  /** Gives the bytes up: the file is removed. Who is reading it reads on. */
  discard(): void {
    if (this.#discarded) return;
    this.#discarded = true;
    this.#queue = [];
    this.#remove().catch((error) => reportError(error, `Error while removing ${this.#path}`));
  }

  async #remove(): Promise<void> {
    await this.#work?.catch(() => {}); // the request has failed of it
    if (this.#file === null) return;
    try {
      await this.#file.close();
    } finally {
      await this.#path.remove();
    }
  }
}
