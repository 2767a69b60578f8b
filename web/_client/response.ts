/**
 * `ClientResponse`: what a server answered.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import type { StreamProtocol, Transport } from "@ropewalk/reactor/core";
import type { HTTPHeaders } from "../http_headers.ts";
import { bodyStream, collectBody, decodeText } from "./collect.ts";

/** The length of a body that only its end tells. */
export const UNKNOWN_LENGTH: unique symbol = Symbol.for("ropewalk.web.UNKNOWN_LENGTH");

/** A request as it was sent, for whoever looks at its response. */
export interface SentRequest {
  /** The method. */
  readonly method: string;
  /** The whole address. */
  readonly absoluteURI: string;
  /** The headers that were given for it. */
  readonly headers: HTTPHeaders;
}

/** Options of the methods that read a whole body. */
export interface ReadOptions {
  /** The largest body accepted, in bytes and after decoding. @default Infinity */
  maxBytes?: number;
}

/**
 * The answer of a server: its head is here, its body comes when somebody asks for it, once, by one of
 * {@linkcode deliverBody}, {@linkcode bytes}, {@linkcode text}, {@linkcode json} and {@linkcode body}. Until then the
 * connection is not read, so a response that nobody wants should be given up by {@linkcode abort}.
 */
export abstract class ClientResponse {
  /** `"HTTP/1.1"` or `"HTTP/1.0"`. */
  abstract readonly version: string;
  /** The status: 200. */
  abstract readonly code: number;
  /** The phrase beside it: `"OK"`; it may be empty. */
  abstract readonly phrase: string;
  /** The headers. */
  abstract readonly headers: HTTPHeaders;
  /** The length of the body in bytes; with HEAD, of the body that GET would have had. */
  abstract readonly length: number | typeof UNKNOWN_LENGTH;
  /** The request that this answers. */
  abstract readonly request: SentRequest;
  /** The redirect that led to this response. */
  previousResponse: ClientResponse | null = null;

  /** True for a status from 200 to 299. */
  get ok(): boolean {
    return this.code >= 200 && this.code < 300;
  }

  /** Sets {@linkcode previousResponse}. */
  setPreviousResponse(response: ClientResponse): void {
    this.previousResponse = response;
  }

  /** This response and the redirects that led to it, the first one first, this one left out. */
  history(): ClientResponse[] {
    const before: ClientResponse[] = [];
    for (let at = this.previousResponse; at !== null; at = at.previousResponse) before.unshift(at);
    return before;
  }

  /**
   * Has the body delivered to a protocol, at its pace: pausing its transport holds the server back.
   *
   * @param protocol Its `connectionLost` hears `ResponseDone` when the body is complete, `PotentialDataLoss` when
   * nothing tells whether it is, else `ResponseFailed`.
   * @throws {TypeError} If the body was asked for before.
   */
  abstract deliverBody(protocol: StreamProtocol): void;

  /** Gives the response up: the connection is closed, unless all of the body is here. */
  abstract abort(): void;

  /**
   * After 101 or a tunnel: the connection speaks another protocol from here on.
   *
   * @param protocol Takes the connection over.
   * @throws {TypeError} If the response switches nothing.
   */
  abstract upgrade(protocol: StreamProtocol): Transport;

  /** @ignore All of the body, if it is here and nobody asked for it: the quick way. */
  _takeWhole(): Uint8Array | null {
    return null;
  }

  /** All of the body. A body that ends with the connection is taken for complete, as browsers do. */
  bytes(options: ReadOptions = {}): Deferred<Uint8Array> {
    return collectBody(this, { maxBytes: options.maxBytes ?? Infinity, strict: false });
  }

  /** All of the body as text, in the charset of `Content-Type`, by default UTF-8. */
  text(options: ReadOptions = {}): Deferred<string> {
    return this.bytes(options).addCallback((bytes) => decodeText(bytes, this.headers.get("content-type")));
  }

  /** All of the body as JSON. It fails with `SyntaxError` if it is none. */
  json<T = unknown>(options: ReadOptions = {}): Deferred<T> {
    return this.bytes(options).addCallback((bytes) => JSON.parse(decodeText(bytes, null)) as T);
  }

  /** The body as a stream of the platform; what its reader does not take holds the server back. */
  get body(): ReadableStream<Uint8Array> {
    return bodyStream(this);
  }
}
