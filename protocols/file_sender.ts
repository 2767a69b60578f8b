/**
 * `FileSender`: sends what can be read, a piece at a time, as fast as the far end takes it.
 * @module
 */
import { Deferred, Failure } from "@ropewalk/deferred";
import type { Consumer, PullProducer } from "@ropewalk/reactor/core";

/** What can be read: an open file, say. */
export interface Readable {
  /** The next bytes, at most so many; `null` at the end. Now or later. */
  read(maxBytes: number): Uint8Array | null | Deferred<Uint8Array | null> | PromiseLike<Uint8Array | null>;
}

/**
 * Sends all of a source to a consumer.
 *
 * @example
 * ```ts
 * import { FileSender } from "@ropewalk/protocols";
 * import { StringTransport } from "@ropewalk/testing";
 *
 * const pieces = ["one ", "two"].map((text) => new TextEncoder().encode(text));
 * const sent = new FileSender().beginFileTransfer({ read: () => pieces.shift() ?? null }, new StringTransport());
 * ```
 */
export class FileSender implements PullProducer {
  /** How many bytes to read at once. */
  static readonly CHUNK_BYTES: number = 65536;
  #file: Readable | null = null;
  #consumer: Consumer | null = null;
  #done: Deferred<number> | null = null;
  #sent = 0;
  #reading = false;

  /**
   * Begins.
   *
   * @param file The source.
   * @param consumer Where to.
   * @returns How many bytes were sent, once all were given to the consumer. It fails if reading does, or the consumer
   * goes away; cancelling stops.
   */
  beginFileTransfer(file: Readable, consumer: Consumer): Deferred<number> {
    this.#file = file;
    this.#consumer = consumer;
    const done = this.#done = new Deferred<number>(() => this.#end());
    consumer.registerProducer(this, false);
    return done;
  }

  /** The consumer wants more. */
  resumeProducing(): void {
    if (this.#reading || this.#file === null) return;
    let piece: ReturnType<Readable["read"]>;
    try {
      piece = this.#file.read(FileSender.CHUNK_BYTES);
    } catch (error) {
      return this.#fail(new Failure(error));
    }
    if (piece === null || piece instanceof Uint8Array) return this.#got(piece);
    this.#reading = true;
    const later = Deferred.is(piece) ? piece as Deferred<Uint8Array | null> : Deferred.fromPromise(piece);
    later.addCallbacks((bytes) => {
      this.#reading = false;
      this.#got(bytes);
    }, (failure) => this.#fail(failure));
  }

  /** The consumer is gone. */
  stopProducing(): void {
    const done = this.#done;
    this.#file = this.#consumer = this.#done = null;
    done?.errback(new Error("The consumer went away before all was sent"));
  }

  #got(bytes: Uint8Array | null): void {
    if (this.#consumer === null) return;
    if (bytes !== null && bytes.length > 0) {
      this.#sent += bytes.length;
      this.#consumer.write(bytes);
      return;
    }
    const done = this.#done;
    this.#end();
    done?.callback(this.#sent);
  }

  #fail(failure: Failure): void {
    const done = this.#done;
    this.#end();
    done?.errback(failure);
  }

  #end(): void {
    const consumer = this.#consumer;
    this.#file = this.#consumer = this.#done = null;
    consumer?.unregisterProducer();
  }
}
