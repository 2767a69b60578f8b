/**
 * `siteHandler`: a whole site as a program of the web platform.
 * @module
 */
import { Failure, reportError } from "@ropewalk/deferred";
import { encodeUtf8 } from "@ropewalk/protocols/bytes";
import {
  type Address,
  ConnectionLost,
  type Data,
  defaultClock,
  ipAddress,
  PipeAddress,
  type PullProducer,
  type PushProducer,
  type ReactorTime,
  type StreamProtocol,
} from "@ropewalk/reactor/core";
import { httpDate } from "./_date.ts";
import { Fault, scanHeaders } from "./_header_block.ts";
import { pullToPush } from "./_pull_producer.ts";
import type { ResponseChannel } from "./_response_channel.ts";
import type { Request as SiteRequest } from "./request.ts";
import type { HTTPFactory } from "./site.ts";
import { hasNoBody, statusPhrase } from "./status.ts";

/** What a host may tell of the client, as `Deno.serve` does. */
export interface HostInfo {
  /** The client's address. */
  remoteAddr?: { transport?: string; hostname?: string; port?: number; path?: string };
}

/** How many bytes wait for the host before a producer is paused. */
const HIGH_WATER_BYTES = 65_536;

/**
 * Makes a whole site a function from request to response: for `Deno.serve` (and with it HTTP/2), for hosts like
 * Workers, and for tests. The site's `reactor` option runs what needs time (sessions, pull producers); without it the
 * program's does. Bodies are passed on while they arrive to resources that take them so.
 *
 * @param site The site.
 * @returns The function; its second argument is what the host tells of the client.
 *
 * @example
 * ```ts
 * import { Data, Resource, Site, siteHandler } from "@ropewalk/web";
 * import { assertEquals } from "@std/assert";
 *
 * const root = new Resource();
 * root.putChild("", new Data("hello", "text/plain"));
 * const handler = siteHandler(new Site(root)); // Deno.serve(handler)
 * const response = await handler(new Request("http://a.example/"));
 * assertEquals(await response.text(), "hello");
 * ```
 */
export function siteHandler(site: HTTPFactory): (request: Request, info?: HostInfo) => Promise<Response> {
  return async (request, info) => {
    return await new Promise<Response>((resolve, reject) => {
      new FetchChannel(site, request, info, resolve, reject).start();
    });
  };
}

/** So much of a body that nobody takes is read all the same. */
const MAX_UNREAD_BYTES = 1_048_576;

/** Fields that speak of a connection, which is the host's. */
const OF_CONNECTION = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

const TOO_LARGE = new Fault(413, "The body is too large");
const BAD_FORM = new Fault(400, "The form is malformed");

async function drain(body: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  for (let left = MAX_UNREAD_BYTES; left >= 0;) {
    const { done, value } = await body.read();
    if (done) return;
    left -= value.length;
  }
  await body.cancel();
}

/** Carries one response to the web platform. */
class FetchChannel implements ResponseChannel {
  readonly secure: boolean;
  #request!: SiteRequest;
  #stream: ReadableStreamDefaultController<Uint8Array> | null = null;
  #producer: PushProducer | null = null;
  #paused = false;
  #over = false;
  #watching = false;
  #body: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #bodyBytes = 0;
  #bodyFlows = false;
  #reading = false;

  constructor(
    readonly site: HTTPFactory,
    readonly platform: Request,
    readonly info: HostInfo | undefined,
    readonly resolve: (response: Response) => void,
    readonly reject: (error: unknown) => void,
  ) {
    this.secure = new URL(platform.url).protocol === "https:";
  }

  get reactor(): ReactorTime {
    return this.site.reactor ?? defaultClock();
  }

  start(): void {
    const { method, url, body } = this.platform;
    const { pathname, search, host } = new URL(url);
    let lines = "";
    for (const [name, value] of this.platform.headers) lines += `${name}: ${value}\r\n`;
    const bytes = Uint8Array.from(lines, (character) => character.charCodeAt(0));
    const headers = scanHeaders(bytes, 0, bytes.length, { ...this.site.limits, maxHeaders: Infinity });
    if (headers instanceof Fault) return this.resolve(this.#refusal(headers));
    this.#request = this.site.makeRequest(this, {
      method,
      target: pathname + search,
      minor: 1,
      host,
      headers,
    });
    if (body === null) {
      this.#request.process();
      if (!this.#over) this.#watch();
      return;
    }
    this.#body = body.getReader();
    if (Number(headers.get("content-length") ?? 0) > this.site.limits.maxBodyBytes) {
      return this.#refuse(TOO_LARGE);
    }
    this.#watch();
    if (this.#over) return;
    if (this.#request._streamsBody()) this.#request.process();
    else this.resumeBody();
  }

  // Only for what takes time: hosts make a signal when it is asked for.
  #watch(): void {
    const { signal } = this.platform;
    if (signal.aborted) return this.#gone();
    this.#watching = true;
    signal.addEventListener("abort", this.#gone, { once: true });
  }

  /** Whoever takes the body as a stream has enough for now. */
  pauseBody(): void {
    this.#bodyFlows = false;
  }

  /** The body is read on. */
  resumeBody(): void {
    if (this.#bodyFlows) return;
    this.#bodyFlows = true;
    if (!this.#reading) this.#read().catch(this.#gone);
  }

  async #read(): Promise<void> {
    this.#reading = true;
    try {
      while (this.#bodyFlows && this.#body !== null) {
        const { done, value } = await this.#body.read();
        if (this.#over) return;
        if (done) {
          this.#body = null;
          const { streaming } = this.#request;
          if (!this.#request._bodyComplete()) return this.#refuse(BAD_FORM);
          if (!streaming) this.#request.process();
          return;
        }
        if ((this.#bodyBytes += value.length) > this.site.limits.maxBodyBytes) return this.#refuse(TOO_LARGE);
        if (!this.#request._bodyReceived(value)) return this.#refuse(BAD_FORM);
      }
    } finally {
      this.#reading = false;
      if (this.#over) this.#dropBody();
    }
  }

  // Nobody wants the rest. Some of it is read all the same: were it given up at once, the host would cut off a client that
  // still sends, and the answer could be lost on the way.
  #dropBody(): void {
    const body = this.#body;
    this.#body = null;
    if (body !== null) drain(body).catch(() => {});
  }

  // The client broke the rules.
  #refuse(fault: Fault): void {
    const request = this.#request;
    if (request.startedWriting) return this.abortResponse();
    request.code = fault.status; // for the log
    this.#finished();
    request.connectionLost(new Failure(new ConnectionLost(fault.reason)));
    this.resolve(this.#refusal(fault));
  }

  #refusal({ status, reason }: Fault): Response {
    const text = `${status} ${statusPhrase(status)}: ${reason}\n`; // ASCII
    const fields = { "content-type": "text/plain", "content-length": String(text.length) };
    return new Response(text, { status, headers: this.#standard(new Headers(fields)) });
  }

  #standard(headers: Headers): Headers {
    if (!headers.has("server")) headers.set("server", "Ropewalk");
    if (!headers.has("date")) headers.set("date", httpDate(this.site.now()));
    return headers;
  }

  readonly #gone = (): void => {
    if (this.#over) return;
    this.#finished();
    const producer = this.#producer;
    this.#producer = null;
    const reason = new ConnectionLost("The client went away");
    this.#request.connectionLost(new Failure(reason));
    producer?.stopProducing();
    this.reject(reason);
  };

  #finished(): void {
    this.#over = true;
    if (this.#watching) this.platform.signal.removeEventListener("abort", this.#gone);
    this.site.requestDone(this.#request);
    if (!this.#reading) this.#dropBody();
  }

  // `typed` if GET has a body, whether or not this answer does.
  #answer(request: SiteRequest, body: BodyInit | null, typed: boolean): void {
    const headers = request._setHeaders?.toPlatform() ?? new Headers();
    for (const name of OF_CONNECTION) headers.delete(name);
    const { code: status } = request;
    if (typed && !hasNoBody(status) && !headers.has("content-type")) {
      headers.set("content-type", "text/html; charset=utf-8");
    }
    this.#standard(headers);
    // The platform's phrases have one byte a character, and its statuses end at 599.
    const statusText = request.codeMessage.replace(/[^\t\x20-\x7e\x80-\xff]+/g, " ");
    let response: Response;
    try {
      response = new Response(hasNoBody(status) ? null : body, { status, statusText, headers });
    } catch (error) {
      reportError(error, `Cannot answer with status ${status} on this host`);
      response = this.#refusal(new Fault(500, "This host cannot carry the answer"));
    }
    this.resolve(response);
  }

  respond(request: SiteRequest, body: Data): void {
    const bytes = typeof body === "string" ? encodeUtf8(body) : new Uint8Array(body);
    const length = String(bytes.length);
    if (
      !hasNoBody(request.code) &&
      (request.method !== "HEAD" || !request.responseHeaders.has("content-length"))
    ) {
      request.setHeader("content-length", length);
    }
    if (!request._dropsBody) request.sentLength = bytes.length;
    this.#finished();
    this.#answer(request, request._dropsBody || bytes.length === 0 ? null : bytes, bytes.length > 0);
  }

  startResponse(request: SiteRequest): void {
    if (request._dropsBody) {
      this.#answer(request, null, true);
      return;
    }
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#stream = controller),
      pull: () => this.#resume(),
      cancel: () => this.#gone(),
    }, new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER_BYTES }));
    this.#answer(request, stream, true);
  }

  writeBody(data: Data): void {
    const bytes = typeof data === "string" ? encodeUtf8(data) : new Uint8Array(data);
    this.#request.sentLength += bytes.length;
    this.#stream!.enqueue(bytes);
    if (this.#paused || this.#stream!.desiredSize! > 0) return;
    this.#paused = true;
    this.#producer?.pauseProducing();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#producer?.resumeProducing();
  }

  endResponse(_request: SiteRequest): void {
    this.#finished();
    this.#stream?.close();
  }

  abortResponse(): void {
    if (this.#over) return;
    this.#finished();
    const error = new ConnectionLost("The response was not completed");
    this.#request.connectionLost(new Failure(error));
    const producer = this.#producer;
    this.#producer = null;
    producer?.stopProducing();
    this.#stream?.error(error);
    this.reject(error);
  }

  closeAfter(): void {} // connections are the host's

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    this.#producer = streaming
      ? producer as PushProducer
      : pullToPush(producer, this.reactor, () => this.#producer !== null);
    if (this.#paused) this.#producer.pauseProducing();
    else if (!streaming) this.#producer.resumeProducing();
  }

  unregisterProducer(): void {
    this.#producer = null;
  }

  upgrade(_request: SiteRequest, _protocol: StreamProtocol): void {
    this.#finished();
    this.resolve(new Response("501 Not Implemented: this host keeps its connections\n", { status: 501 }));
  }

  getPeer(): Address {
    const remote = this.info?.remoteAddr;
    return remote?.hostname === undefined
      ? new PipeAddress("fetch")
      : ipAddress("TCP", remote.hostname, remote.port ?? 0);
  }

  getHost(): Address {
    const { hostname, port, protocol } = new URL(this.platform.url);
    return ipAddress(
      "TCP",
      hostname.replace(/^\[|\]$/g, ""),
      port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
    );
  }
}
