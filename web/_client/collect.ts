/**
 * Reading a body: all of it at once, or as a stream of the platform.
 * @module
 */
import { CancelledError, Deferred, fail, Failure, succeed } from "@ropewalk/deferred";
import type { StreamProtocol, Transport } from "@ropewalk/reactor/core";
import { decodeUtf8 } from "@ropewalk/protocols/bytes";
import {
  BodyTooLarge,
  PartialDownloadError,
  PotentialDataLoss,
  ResponseDone,
  ResponseFailed,
} from "./errors.ts";
import type { ClientResponse } from "./response.ts";

/** The first buffer is not larger than this, whatever length a server claims. */
const MAX_TRUSTED_BYTES = 1 << 20;

/** Options of {@linkcode collectBody}. */
export interface CollectOptions {
  /** The largest body accepted, in bytes. */
  maxBytes: number;
  /** Whether a body that ends with the connection is an error. */
  strict: boolean;
}

/** Reads all of a body. Cancelling it closes the connection. */
export function collectBody(response: ClientResponse, options: CollectOptions): Deferred<Uint8Array> {
  const whole = response._takeWhole();
  if (whole !== null) {
    return whole.length > options.maxBytes ? fail(new BodyTooLarge(options.maxBytes)) : succeed(whole);
  }
  const collector = new Collector(response, options);
  response.deliverBody(collector);
  return collector.done;
}

/** Puts a body together in one buffer that doubles. */
class Collector implements StreamProtocol {
  readonly borrowsData = true;
  readonly done: Deferred<Uint8Array>;
  readonly #response: ClientResponse;
  readonly #maxBytes: number;
  readonly #strict: boolean;
  #transport: Transport | null = null;
  #buffer = new Uint8Array(0);
  #length = 0;

  constructor(response: ClientResponse, { maxBytes, strict }: CollectOptions) {
    this.#response = response;
    this.#maxBytes = maxBytes;
    this.#strict = strict;
    this.done = new Deferred((done) => {
      done.errback(new CancelledError()); // first: some transports tell of the loss at once, others later
      this.#transport?.abortConnection();
    });
  }

  makeConnection(transport: Transport): void {
    this.#transport = transport;
    const { length } = this.#response;
    if (typeof length === "number") {
      this.#buffer = new Uint8Array(Math.min(length, MAX_TRUSTED_BYTES, this.#maxBytes));
    }
  }

  dataReceived(data: Uint8Array): void {
    if (this.done.called) return;
    const length = this.#length + data.length;
    if (length > this.#maxBytes) {
      this.done.errback(new BodyTooLarge(this.#maxBytes));
      this.#transport!.abortConnection();
      return;
    }
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#buffer.length, 1024));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    this.#buffer.set(data, this.#length);
    this.#length = length;
  }

  connectionLost(reason: Failure): void {
    if (this.done.called) return;
    const bytes = this.#buffer.length === this.#length
      ? this.#buffer
      : this.#buffer.subarray(0, this.#length);
    if (reason.value instanceof ResponseDone) this.done.callback(bytes);
    else if (!(reason.value instanceof PotentialDataLoss)) this.done.errback(reason);
    else if (!this.#strict) this.done.callback(bytes);
    else this.done.errback(new PartialDownloadError(this.#response.code, this.#response.phrase, bytes));
  }
}

/** Decodes text by the charset of a `Content-Type`; one that is not known is taken for UTF-8. */
export function decodeText(bytes: Uint8Array, contentType: string | null): string {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType ?? "")?.[1] ?? "utf-8";
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return decodeUtf8(bytes);
  }
}

/** A body as a stream of the platform. */
export function bodyStream(response: ClientResponse): ReadableStream<Uint8Array> {
  const feeder = new Feeder(response);
  return new ReadableStream<Uint8Array>(feeder, {
    highWaterMark: 65_536,
    size: (chunk) => chunk?.length ?? 0,
  });
}

// A protocol on one side, a source of the platform on the other.
class Feeder implements StreamProtocol, UnderlyingDefaultSource<Uint8Array> {
  readonly #response: ClientResponse;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #transport: Transport | null = null;
  #paused = false;
  #over = false;

  constructor(response: ClientResponse) {
    this.#response = response;
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
    this.#response.deliverBody(this);
  }

  pull(): void {
    if (!this.#paused || this.#over) return;
    this.#paused = false;
    this.#transport!.resumeProducing();
  }

  cancel(): void {
    this.#over = true;
    this.#transport!.abortConnection();
  }

  makeConnection(transport: Transport): void {
    this.#transport = transport;
  }

  dataReceived(data: Uint8Array): void {
    if (this.#over) return;
    this.#controller.enqueue(data);
    if ((this.#controller.desiredSize ?? 0) > 0 || this.#paused) return;
    this.#paused = true;
    this.#transport!.pauseProducing();
  }

  connectionLost(reason: Failure): void {
    if (this.#over) return;
    this.#over = true;
    const { value } = reason;
    if (value instanceof ResponseDone || value instanceof PotentialDataLoss) this.#controller.close();
    else this.#controller.error(value);
  }
}

/** A failure of a response, for a body's protocol. */
export function bodyFailure(reason: Failure, response: ClientResponse): Failure {
  return reason.value instanceof ResponseFailed
    ? reason
    : new Failure(new ResponseFailed([reason], response));
}
