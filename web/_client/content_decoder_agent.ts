/**
 * `ContentDecoderAgent`: asks for compressed bodies, and delivers them as they were before.
 * @module
 */
import { type Deferred, Failure, reportError } from "@ropewalk/deferred";
import type { StreamProtocol, Transport } from "@ropewalk/reactor/core";
import { HTTPHeaders } from "../http_headers.ts";
import type { AgentLike, RequestHeaders } from "./agent.ts";
import type { RequestBody } from "./body_sources.ts";
import { DecodingProtocol, type Transformer } from "./decoding_protocol.ts";
import { ClientResponse, type SentRequest, UNKNOWN_LENGTH } from "./response.ts";

/** Makes the stream that undoes one encoding: anything like the platform's `DecompressionStream`. */
export type DecoderFactory = () => Transformer;

/** Options of {@linkcode ContentDecoderAgent}. */
export interface ContentDecoderAgentOptions {
  /** Decoders by the name of the encoding, the preferred first. @default gzip, deflate, and br where the platform has it */
  decoders?: Iterable<readonly [name: string, make: DecoderFactory]>;
}

/**
 * Sends `Accept-Encoding`, and undoes what `Content-Encoding` says, from the last encoding to the first or to one that
 * is not known. A decoded response has no length and says nothing of the encodings that were undone.
 *
 * A small body can be large when decoded: give `maxBytes` where that matters.
 *
 * @example
 * ```ts
 * import { Agent, ContentDecoderAgent } from "@ropewalk/web/client";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * function text(reactor: Reactor, url: string) {
 *   return new ContentDecoderAgent(new Agent(reactor)).request("GET", url)
 *     .addCallback((response) => response.text({ maxBytes: 10_000_000 }));
 * }
 * ```
 */
export class ContentDecoderAgent implements AgentLike {
  readonly #agent: AgentLike;
  readonly #decoders: Map<string, DecoderFactory>;
  readonly #accepted: string;

  /**
   * Puts decoders around an agent.
   *
   * @param agent Makes the requests.
   * @param options The decoders.
   */
  constructor(agent: AgentLike, options: ContentDecoderAgentOptions = {}) {
    this.#agent = agent;
    this.#decoders = new Map(options.decoders ?? platformDecoders());
    this.#accepted = [...this.#decoders.keys()].join(", ");
  }

  /** As for the agent inside. A body that cannot be decoded ends with `ResponseFailed`. */
  request(
    method: string,
    uri: string | URL,
    headers?: RequestHeaders | null,
    body?: RequestBody | null,
  ): Deferred<ClientResponse> {
    const all = headers == null
      ? new HTTPHeaders()
      : headers instanceof HTTPHeaders
      ? headers.copy()
      : new HTTPHeaders(headers);
    if (!all.has("accept-encoding") && this.#accepted !== "") all.set("Accept-Encoding", this.#accepted);
    return this.#agent.request(method, uri, all, body).addCallback((response) => this.#decode(response));
  }

  #decode(response: ClientResponse): ClientResponse {
    const encodings = response.headers.getRawHeaders("content-encoding")
      .flatMap((value) => value.split(",")).map((name) => name.trim().toLowerCase()).filter((name) =>
        name !== ""
      );
    if (encodings.length === 0 || hasNoBody(response)) return response;
    const makers: DecoderFactory[] = [];
    while (encodings.length > 0) {
      const last = encodings.at(-1)!;
      const make = this.#decoders.get(last) ?? this.#decoders.get(ALIASES[last] ?? "");
      if (make === undefined) break;
      encodings.pop();
      makers.push(make);
    }
    return makers.length === 0 ? response : new DecodedResponse(response, makers, encodings);
  }
}

/** Older names of encodings (RFC 9110 §8.4.1). */
const ALIASES: Readonly<Record<string, string>> = { "x-gzip": "gzip" };

function hasNoBody(response: ClientResponse): boolean {
  return response.request.method === "HEAD" || response.code === 204 || response.code === 304 ||
    response.length === 0;
}

function platformDecoders(): [string, DecoderFactory][] {
  const decoders: [string, DecoderFactory][] = [
    ["gzip", () => new DecompressionStream("gzip")],
    ["deflate", () => new DeflateDecoder()],
  ];
  if (hasBrotli()) decoders.push(["br", () => new DecompressionStream(BROTLI)]);
  return decoders;
}

const BROTLI = "brotli" as CompressionFormat; // not in the type yet; not on every platform either
let brotli: boolean | undefined;

function hasBrotli(): boolean {
  if (brotli === undefined) {
    try {
      new DecompressionStream(BROTLI).readable.cancel().catch(() => {});
      brotli = true;
    } catch {
      brotli = false;
    }
  }
  return brotli;
}

/** "deflate" means zlib's format (RFC 9110 §8.4.1.2), but some servers send it without that wrapping. */
class DeflateDecoder implements Transformer {
  readonly #ends = new TransformStream<BufferSource, BufferSource>();
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<BufferSource>;

  constructor() {
    this.writable = this.#ends.writable;
    const out = new TransformStream<Uint8Array, Uint8Array>();
    this.readable = out.readable;
    this.#choose(out.writable).catch((error) => out.writable.abort(error).catch(() => {}));
  }

  async #choose(out: WritableStream<Uint8Array>): Promise<void> {
    const reader = this.#ends.readable.getReader();
    const first = await reader.read();
    reader.releaseLock();
    const byte = (first.value as Uint8Array | undefined)?.[0] ?? 0x78;
    const format = (byte & 0x0f) === 8 && byte >> 4 <= 7 ? "deflate" : "deflate-raw";
    const decoder = new DecompressionStream(format);
    const done = decoder.readable.pipeTo(out);
    const writer = decoder.writable.getWriter();
    done.catch(() => {});
    if (first.value !== undefined) await writer.write(first.value);
    writer.releaseLock();
    if (first.done) await decoder.writable.close();
    else await this.#ends.readable.pipeTo(decoder.writable);
    await done;
  }
}

/** A response whose body goes through decoders. */
class DecodedResponse extends ClientResponse {
  readonly #inner: ClientResponse;
  readonly #makers: readonly DecoderFactory[];
  readonly headers: HTTPHeaders;
  readonly length: typeof UNKNOWN_LENGTH = UNKNOWN_LENGTH;

  constructor(inner: ClientResponse, makers: readonly DecoderFactory[], left: readonly string[]) {
    super();
    this.#inner = inner;
    this.#makers = makers;
    this.headers = inner.headers.copy();
    this.headers.delete("content-length");
    if (left.length === 0) this.headers.delete("content-encoding");
    else this.headers.set("Content-Encoding", left.join(", "));
  }

  get version(): string {
    return this.#inner.version;
  }

  get code(): number {
    return this.#inner.code;
  }

  get phrase(): string {
    return this.#inner.phrase;
  }

  get request(): SentRequest {
    return this.#inner.request;
  }

  override deliverBody(protocol: StreamProtocol): void {
    let outer = protocol;
    try {
      // The last encoding is undone first: build from the inside out.
      for (const make of [...this.#makers].reverse()) outer = new DecodingProtocol(make(), outer, this);
    } catch (error) {
      reportError(error, "Cannot make a decoder");
      this.#inner.abort();
      protocol.connectionLost(new Failure(error));
      return;
    }
    this.#inner.deliverBody(outer);
  }

  override abort(): void {
    this.#inner.abort();
  }

  override upgrade(protocol: StreamProtocol): Transport {
    return this.#inner.upgrade(protocol);
  }
}
