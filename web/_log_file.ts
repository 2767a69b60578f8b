/**
 * A file that lines are appended to, as fast as the disk takes them.
 * @module
 */
import { Failure, reportError } from "@ropewalk/deferred";
import { encodeUtf8 } from "@ropewalk/protocols/bytes";
import type { FilePath, OpenFile } from "@ropewalk/reactor/filepath";

/** So much waits for a disk that is slow; lines beyond it are dropped. In characters. */
const MAX_WAITING = 1_048_576;

/**
 * Appends lines. All that came while one write was under way go by the next one. It is opened by {@linkcode open} or the
 * first line; a line that comes after {@linkcode close} opens it once more, and it is closed again.
 */
export class LogFile {
  readonly #path: FilePath;
  #file: OpenFile | null = null;
  #waiting = "";
  #dropped = 0;
  #keep = true; // open, when there is nothing to write
  #failing = false;
  #task: Promise<void> | null = null;

  /** @param path Where it is; it is made if it is not there, its directory is not. */
  constructor(path: FilePath) {
    this.#path = path;
  }

  /** Opens it: whoever made a mistake hears of it before the first line. */
  open(): void {
    this.#keep = true;
    this.#work();
  }

  /** Appends a line, without its end. */
  write(line: string): void {
    if (this.#waiting.length + line.length >= MAX_WAITING) {
      this.#dropped++;
      return;
    }
    this.#waiting += `${line}\n`;
    this.#work();
  }

  /** Closes it when all lines are in it. */
  close(): void {
    this.#keep = false;
    this.#work();
  }

  /** Resolves when nothing waits any more, written or not. */
  async flushed(): Promise<void> {
    while (this.#task !== null) await this.#task;
  }

  #work(): void {
    this.#task ??= this.#run().catch((error) => this.#failed(error)).finally(() => {
      this.#task = null;
      if (this.#waiting !== "") this.#work(); // it came between the two
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting !== "" || this.#keep !== (this.#file !== null)) {
      if (this.#waiting === "" && !this.#keep) {
        const file = this.#file!;
        this.#file = null;
        await file.close();
        continue;
      }
      this.#file ??= await this.#path.open("append");
      const bytes = encodeUtf8(this.#waiting);
      this.#waiting = "";
      for (let at = 0; at < bytes.length;) at += await this.#file.write(bytes.subarray(at));
      this.#failing = false;
      if (this.#dropped === 0) continue;
      reportError(
        new Error(`Cannot keep up with the log ${this.#path.path}: ${this.#dropped} lines are lost`),
      );
      this.#dropped = 0;
    }
  }

  // What was to be written is lost; the next line tries again. Told once, not for every line.
  #failed(error: unknown): void {
    this.#waiting = "";
    this.#file?.close().catch(() => {});
    this.#file = null;
    if (!this.#failing) reportError(new Failure(error), `Cannot append to the log ${this.#path.path}`);
    this.#failing = true;
  }
}
