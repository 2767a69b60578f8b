/**
 * What a request's body may be given as, and producers for it.
 * @module
 */
import { CancelledError, Deferred } from "@ropewalk/deferred";
import type { Consumer } from "@ropewalk/reactor/core";
import type { BodyProducer } from "./body_writer.ts";
import type { WireBody } from "./request.ts";
import { UNKNOWN_LENGTH } from "./response.ts";

/** The body of a request: all of it, a stream of pieces, or something that makes them. */
export type RequestBody =
  | string
  | Uint8Array
  | ReadableStream<Uint8Array>
  | AsyncIterable<string | Uint8Array>
  | BodyProducer;

/** A body in the form a connection sends. */
export function wireBody(body: RequestBody | null | undefined): WireBody {
  if (body === null || body === undefined) return null;
  if (typeof body === "string" || body instanceof Uint8Array) return body;
  if (typeof (body as BodyProducer).startProducing === "function") return body as BodyProducer;
  if (Symbol.asyncIterator in body) return new StreamBodyProducer(body);
  throw new TypeError("Cannot send the body: it is neither text, bytes, a stream nor a body producer");
}

/**
 * Sends what a stream or an asynchronous iterable yields, at the pace of the connection.
 *
 * @example
 * ```ts
 * import { StreamBodyProducer } from "@ropewalk/web/client";
 *
 * async function* numbers() {
 *   for (let i = 0; i < 1000; i++) yield `${i}\n`;
 * }
 * const body = new StreamBodyProducer(numbers());
 * ```
 */
export class StreamBodyProducer implements BodyProducer {
  /** How many bytes it will make. */
  readonly length: number | typeof UNKNOWN_LENGTH;
  readonly #source: AsyncIterator<string | Uint8Array>;
  #paused = false;
  #stopped = false;
  #resume: (() => void) | null = null;

  /**
   * Makes a body of a stream.
   *
   * @param source The pieces, in order.
   * @param length How many bytes they are together. @default UNKNOWN_LENGTH
   */
  constructor(
    source: AsyncIterable<string | Uint8Array>,
    length: number | typeof UNKNOWN_LENGTH = UNKNOWN_LENGTH,
  ) {
    this.length = length;
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Begins to read the source. */
  startProducing(consumer: Consumer): Deferred<void> {
    return Deferred.fromPromise(this.#copy(consumer));
  }

  /** Reads no more for now. */
  pauseProducing(): void {
    this.#paused = true;
  }

  /** Reads on. */
  resumeProducing(): void {
    this.#paused = false;
    this.#resume?.();
  }

  /** Gives the source up. */
  stopProducing(): void {
    this.#stopped = true;
    this.#resume?.();
    // The source may be in the middle of a step that never ends: nobody waits for it.
    this.#source.return?.().then(undefined, () => {});
  }

  async #copy(consumer: Consumer): Promise<void> {
    for (;;) {
      const { done, value } = await this.#source.next();
      if (this.#stopped) throw new CancelledError("The body is not wanted any more");
      if (done) return;
      consumer.write(value);
      while (this.#paused && !this.#stopped) {
        await new Promise<void>((resolve) => this.#resume = resolve);
        this.#resume = null;
      }
    }
  }
}

/** What {@linkcode FileBodyProducer} reads: a file as `Deno.open` and `FilePath` give it. */
export interface ReadableFile {
  /** Reads some bytes into `buffer`; `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Closes it. */
  close(): unknown;
}

/** Options of {@linkcode FileBodyProducer}. */
export interface FileBodyProducerOptions {
  /** How many bytes there are from here to the file's end. @default UNKNOWN_LENGTH */
  length?: number | typeof UNKNOWN_LENGTH;
  /** How many bytes are read at once. @default 65536 */
  chunkBytes?: number;
}

/** Sends what is left of an open file, in constant memory, and closes it. */
export class FileBodyProducer extends StreamBodyProducer {
  /**
   * Makes a body of a file.
   *
   * @param file The file, open for reading.
   * @param options Its length, if that is known.
   */
  constructor(file: ReadableFile, options: FileBodyProducerOptions = {}) {
    super(chunks(file, options.chunkBytes ?? 65_536), options.length ?? UNKNOWN_LENGTH);
  }
}

async function* chunks(file: ReadableFile, size: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(size);
  try {
    for (;;) {
      const length = await file.read(buffer);
      if (length === null || length === 0) return;
      yield buffer.subarray(0, length);
    }
  } finally {
    file.close();
  }
}

/** Sends bytes that are there already; a plain `Uint8Array` or text does the same. */
export class BytesBodyProducer implements BodyProducer {
  /** How many bytes there are. */
  readonly length: number;
  readonly #bytes: Uint8Array;

  /**
   * Makes a body of bytes.
   *
   * @param bytes The body.
   */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.length = bytes.length;
  }

  /** Writes all of it. */
  startProducing(consumer: Consumer): Deferred<void> {
    consumer.write(this.#bytes);
    const done = new Deferred<void>();
    done.callback();
    return done;
  }

  /** Nothing: all was written at once. */
  pauseProducing(): void {}

  /** Nothing: all was written at once. */
  resumeProducing(): void {}

  /** Nothing: all was written at once. */
  stopProducing(): void {}
}
