/**
 * What a render method may return besides text and bytes, turned into writes.
 * @module
 */
import { Deferred, Failure } from "@ropewalk/deferred";
import type { PushProducer } from "@ropewalk/reactor/core";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import type { Request } from "./request.ts";

/** Sends what a render method returned. */
export function deliver(request: Request, result: unknown): void {
  if (typeof result === "string" || result instanceof Uint8Array) request._deliverWhole(result);
  else if (result === NOT_DONE_YET) return;
  else if (result instanceof Response) deliverResponse(request, result);
  else if (isAsyncIterable(result)) pump(request, result);
  else if (Deferred.is(result) || isThenable(result)) {
    request._await(result, (value) => deliver(request, value));
  } else {
    const what = result === null ? "null" : typeof result;
    request.processingFailed(
      new Failure(new TypeError(`Cannot answer ${request.path}: the render method returned ${what}`)),
    );
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    typeof (value as PromiseLike<unknown>).then === "function";
}

function isAsyncIterable(value: unknown): value is AsyncIterable<string | Uint8Array> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

/** Sends a response of the web platform: its status, its headers, its body as it comes. */
export function deliverResponse(request: Request, response: Response): void {
  if (request.disconnected) return void response.body?.cancel().catch(() => {});
  request.setResponseCode(response.status, response.statusText);
  for (const [name, value] of response.headers) {
    if (!HOP_BY_HOP.has(name)) request.responseHeaders.append(name, fromByteString(value));
  }
  if (response.body === null) {
    // No body for HEAD says nothing of that for GET: no length is made up.
    if (request.method === "HEAD" && !request.responseHeaders.has("content-length")) request.write("");
    request.finish();
  } else pump(request, response.body);
}

/** Fields that speak of one connection only (RFC 9110 §7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

// The platform's headers hold bytes; ours are text, and go out as UTF-8.
function fromByteString(value: string): string {
  if (/^[\0-\x7f]*$/.test(value)) return value;
  try {
    const bytes = Uint8Array.from(value, (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return value;
  }
}

/** Writes the pieces of an async iterable as they come, as fast as the client takes them. */
class Pump implements PushProducer {
  readonly #request: Request;
  readonly #source: AsyncIterator<string | Uint8Array>;
  #paused = false;
  #reading = false;
  #stopped = false;

  constructor(request: Request, source: AsyncIterator<string | Uint8Array>) {
    this.#request = request;
    this.#source = source;
  }

  resumeProducing(): void {
    this.#paused = false;
    if (this.#reading || this.#stopped) return;
    this.#reading = true;
    this.#source.next().then(this.#took, this.#failed);
  }

  pauseProducing(): void {
    this.#paused = true;
  }

  stopProducing(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    Promise.resolve(this.#source.return?.()).catch(() => {}); // the client is gone: nobody is left to tell
  }

  readonly #took = (step: IteratorResult<string | Uint8Array>): void => {
    this.#reading = false;
    if (this.#stopped || this.#request.disconnected) return;
    try {
      if (step.done) {
        this.#stopped = true;
        this.#request.unregisterProducer();
        this.#request.finish();
        return;
      }
      if (typeof step.value !== "string" && !(step.value instanceof Uint8Array)) {
        throw new TypeError("Cannot send a piece of the body: it is neither text nor bytes");
      }
      this.#request.write(step.value);
      if (!this.#paused) this.resumeProducing();
    } catch (error) {
      this.#failed(error);
    }
  };

  readonly #failed = (error: unknown): void => {
    this.#reading = false;
    if (this.#stopped) return;
    this.stopProducing();
    this.#request.unregisterProducer();
    this.#request.processingFailed(new Failure(error));
  };
}

function pump(request: Request, source: AsyncIterable<string | Uint8Array>): void {
  const producer = new Pump(request, source[Symbol.asyncIterator]());
  if (request.method === "HEAD") { // nothing is read of a body that is not sent
    producer.stopProducing();
    request.write("");
    request.finish();
    return;
  }
  request.registerProducer(producer, true);
  producer.resumeProducing();
}
