/**
 * `getPage` and `downloadPage`: a page by its address alone.
 * @module
 */
import { Deferred, Failure } from "@ropewalk/deferred";
import type { StreamProtocol, Transport } from "@ropewalk/reactor/core";
import type { RequestHeaders } from "./agent.ts";
import type { RequestBody } from "./body_sources.ts";
import { type ClientOptions, everydayAgent } from "./http_client.ts";
import { BodyTooLarge, PotentialDataLoss, ResponseDone, WebError } from "./errors.ts";
import type { ClientResponse } from "./response.ts";

/** Options of {@linkcode getPage} and {@linkcode downloadPage}. */
export interface GetPageOptions extends ClientOptions {
  /** The method. @default "GET" */
  method?: string;
  /** Headers to send. */
  headers?: RequestHeaders;
  /** The body. */
  body?: RequestBody;
  /** The largest page accepted, in bytes. @default Infinity */
  maxBytes?: number;
}

/** How much is read of the page that comes with an error. */
const MAX_ERROR_BYTES = 1 << 20;

/**
 * Gets a page, redirects followed and compression undone.
 *
 * @param url An absolute address.
 * @param options The reactor, by default that of the program, and what to send.
 * @returns Fires with the body. It fails with `WebError` for a status that is no success (its `response` is the page
 * that came with it), else as requests do. Cancelling it closes the connection.
 *
 * @example
 * ```ts
 * import { inlineCallbacks } from "@ropewalk/deferred";
 * import { getPage } from "@ropewalk/web/client";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * const size = inlineCallbacks(function* (reactor: Reactor, url: string) {
 *   const page = yield* getPage(url, { reactor });
 *   return page.length;
 * });
 * ```
 */
export function getPage(url: string | URL, options: GetPageOptions = {}): Deferred<Uint8Array> {
  const { maxBytes = Infinity } = options;
  return askFor(url, options).addCallback((response) => response.bytes({ maxBytes }));
}

/** Where {@linkcode downloadPage} writes: a stream of the platform, or an open file. */
export type DownloadTarget = WritableStream<Uint8Array> | WritableFile;

/** An open file, as `Deno.open` and `FilePath` give it. */
export interface WritableFile {
  /** Writes some bytes, perhaps not all; the result is how many. */
  write(data: Uint8Array): Promise<number>;
  /** Closes it. */
  close(): unknown;
}

/**
 * Gets a page into a file or stream, at its pace and in constant memory.
 *
 * @param url An absolute address.
 * @param target Is closed at the end, or aborted if the page breaks off.
 * @param options As for {@linkcode getPage}.
 * @returns Fires with the number of bytes written, and fails as {@linkcode getPage} does.
 */
export function downloadPage(
  url: string | URL,
  target: DownloadTarget,
  options: GetPageOptions = {},
): Deferred<number> {
  const sink = "getWriter" in target ? target.getWriter() : fileWriter(target);
  return askFor(url, options).addCallbacks(
    (response) => {
      const download = new Download(sink, options.maxBytes ?? Infinity);
      response.deliverBody(download);
      return download.done;
    },
    (failure): Promise<number> => {
      return sink.abort(failure.value).then(
        () => Promise.reject(failure.value),
        () => Promise.reject(failure.value),
      );
    },
  );
}

function askFor(url: string | URL, options: GetPageOptions): Deferred<ClientResponse> {
  return everydayAgent(options).request(options.method ?? "GET", url, options.headers, options.body)
    .addCallback((response): ClientResponse | Deferred<ClientResponse> => {
      if (response.ok) return response;
      return response.bytes({ maxBytes: MAX_ERROR_BYTES })
        .addErrback(() => new Uint8Array(0))
        .addCallback((page): ClientResponse => {
          throw new WebError(response.code, response.phrase, page);
        });
    });
}

interface Sink {
  write(data: Uint8Array): Promise<void>;
  close(): Promise<void>;
  abort(reason: unknown): Promise<void>;
}

function fileWriter(file: WritableFile): Sink {
  return {
    async write(data) {
      for (let at = 0; at < data.length;) at += await file.write(data.subarray(at));
    },
    async close() {
      await file.close();
    },
    async abort() {
      await file.close();
    },
  };
}

// One write at a time: the server is held back while it goes on.
class Download implements StreamProtocol {
  readonly done: Deferred<number>;
  readonly #sink: Sink;
  readonly #maxBytes: number;
  #transport!: Transport;
  #queue: Uint8Array[] = [];
  #writing = false;
  #length = 0;
  #end: Failure | null = null;
  #finished = false;

  constructor(sink: Sink, maxBytes: number) {
    this.#sink = sink;
    this.#maxBytes = maxBytes;
    this.done = new Deferred<number>(() => this.#transport.abortConnection());
  }

  makeConnection(transport: Transport): void {
    this.#transport = transport;
  }

  dataReceived(data: Uint8Array): void {
    this.#length += data.length;
    if (this.#length > this.#maxBytes) {
      this.#give(new BodyTooLarge(this.#maxBytes));
      return;
    }
    this.#queue.push(data);
    if (!this.#writing) this.#write();
  }

  connectionLost(reason: Failure): void {
    this.#end ??= reason;
    if (!this.#writing) this.#finish();
  }

  #write(): void {
    this.#writing = true;
    this.#transport.pauseProducing();
    this.#drain().then(() => {
      this.#writing = false;
      if (this.#end !== null) this.#finish();
      else this.#transport.resumeProducing();
    }, (error) => {
      this.#writing = false;
      this.#give(error);
    });
  }

  async #drain(): Promise<void> {
    for (let data = this.#queue.shift(); data !== undefined; data = this.#queue.shift()) {
      await this.#sink.write(data);
    }
  }

  #give(error: unknown): void {
    const first = this.#end === null;
    this.#end = new Failure(error); // even if all of the page is here: it is not where it was to go
    this.#queue = [];
    if (first) this.#transport.abortConnection();
    if (!this.#writing) this.#finish();
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    const { value } = this.#end!;
    const whole = value instanceof ResponseDone || value instanceof PotentialDataLoss;
    const settled = whole ? this.#sink.close() : this.#sink.abort(value);
    settled.then(() => {
      if (this.done.called) return;
      if (whole) this.done.callback(this.#length);
      else this.done.errback(this.#end!);
    }, (error) => {
      if (!this.done.called) this.done.errback(whole ? error : this.#end!);
    });
  }
}
