/**
 * The response of another server, passed on to a client as it comes and as fast as the client takes it.
 * @module
 */
import { Deferred, type Failure } from "@ropewalk/deferred";
import { type Consumer, type StreamProtocol, TimeoutError, type Transport } from "@ropewalk/reactor/core";
import type { BodyProducer } from "./_client/body_writer.ts";
import { HTTPTimeoutError, PotentialDataLoss, ResponseDone } from "./_client/errors.ts";
import { type ClientResponse, UNKNOWN_LENGTH } from "./_client/response.ts";
import { errorBody } from "./_error_body.ts";
import { endToEnd } from "./_proxy_headers.ts";
import { TunnelSide } from "./_proxy_tunnel.ts";
import type { BodyReceiver } from "./_request_body.ts";
import type { Request } from "./request.ts";

/** The body of a request, for the next server: at its pace, if it is still arriving; `null` for none. */
export function bodyFor(request: Request): BodyProducer | Uint8Array | null {
  if (request.streaming) return new IncomingBody(request);
  return request.content.length === 0 ? null : request.content.bytes();
}

/** The body of a client's request as that of another. */
class IncomingBody implements BodyProducer, BodyReceiver {
  readonly length: number | typeof UNKNOWN_LENGTH;
  readonly #request: Request;
  readonly #sent = new Deferred<void>();
  #consumer: Consumer | null = null;

  constructor(request: Request) {
    this.#request = request;
    this.length = request.contentLength < 0 ? UNKNOWN_LENGTH : request.contentLength;
  }

  startProducing(consumer: Consumer): Deferred<void> {
    this.#consumer = consumer;
    this.#request.deliverBody(this);
    return this.#sent;
  }

  bodyReceived(bytes: Uint8Array): void {
    this.#consumer?.write(bytes);
  }

  bodyComplete(): void {
    if (this.#consumer !== null) this.#sent.callback();
  }

  pauseProducing(): void {
    this.#request.pauseBody();
  }

  resumeProducing(): void {
    this.#request.resumeBody();
  }

  stopProducing(): void {
    this.#consumer = null;
    this.#request.resumeBody(); // what is left is dropped, or the connection closes after the answer
  }
}

/**
 * Answers a request with what another server answers: 502 if that cannot be had, 504 if it takes too long. When the
 * client goes away the other connection is closed.
 *
 * @param request The client's.
 * @param asked Fires with the answer.
 */
export function relay(request: Request, asked: Deferred<ClientResponse>): void {
  request.notifyFinish().addErrback(() => asked.cancel());
  asked.addCallbacks(
    (response) => passOn(request, response),
    (failure) => refuse(request, failure),
  ).addErrback((failure) => request.processingFailed(failure)); // no client is left waiting, whatever went wrong
}

/** Tells a client that the next server did not answer. */
export function refuse(request: Request, failure: Failure): void {
  if (request.disconnected || request.finished) return;
  const late = failure.value instanceof TimeoutError || failure.value instanceof HTTPTimeoutError;
  const page = late
    ? errorBody(request, 504, "The server behind this one took too long.")
    : errorBody(request, 502, "The server behind this one did not answer.");
  if (request.method === "HEAD") request.setHeader("content-length", page.length);
  request.write(page);
  request.finish();
}

function passOn(request: Request, response: ClientResponse): void {
  if (request.disconnected) return response.abort();
  request.setResponseCode(response.code, response.phrase);
  for (const [name, value] of endToEnd(response.headers)) request.responseHeaders.append(name, value);
  if (response.code === 101) return switchBoth(request, response);
  // A page that does not say what it is must not become HTML by our default.
  if (!request.responseHeaders.has("content-type") && response.length !== 0) {
    request.setHeader("content-type", "application/octet-stream");
  }
  response.deliverBody(new RelayedBody(request));
}

function switchBoth(request: Request, response: ClientResponse): void {
  request.setHeader("connection", "upgrade");
  request.setHeader("upgrade", response.headers.get("upgrade") ?? "websocket");
  const [near, far] = TunnelSide.pair();
  request.upgrade(near);
  response.upgrade(far);
}

/** Writes a body to a request. */
class RelayedBody implements StreamProtocol {
  /** What is written is copied. */
  readonly borrowsData = true;
  readonly #request: Request;

  constructor(request: Request) {
    this.#request = request;
  }

  makeConnection(transport: Transport): void {
    this.#request.registerProducer(transport, true); // a client that goes away stops it
  }

  dataReceived(data: Uint8Array): void {
    this.#request.write(data);
  }

  connectionLost(reason: Failure): void {
    const request = this.#request;
    if (request.disconnected) return;
    request.unregisterProducer();
    const complete = reason.value instanceof ResponseDone || reason.value instanceof PotentialDataLoss;
    if (!complete) return request.channel.abortResponse();
    if (!request.startedWriting) request.write(""); // so that a length that was announced stays
    request.finish();
  }
}
