/**
 * `ResourcePublisher`: a site that answers the requests of other processes.
 * @module
 */
import { Failure, reportError } from "@ropewalk/deferred";
import { encodeUtf8, fromLatin1, NO_BYTES, toBytes } from "@ropewalk/protocols/bytes";
import {
  type Address,
  ConnectionLost,
  type Data,
  defaultClock,
  type PullProducer,
  type PushProducer,
  type ReactorTime,
  type StreamProtocol,
} from "@ropewalk/reactor/core";
import { Referenceable, type RemoteReference, Root } from "@ropewalk/spread";
import { PIECE_BYTES, ReceivedRequest, WIRE_NOT_DONE_YET } from "./_distrib_wire.ts";
import { Fault, scanHeaders } from "./_header_block.ts";
import type { ResponseChannel } from "./_response_channel.ts";
import type { Request } from "./request.ts";
import type { HTTPFactory } from "./site.ts";
import { hasNoBody } from "./status.ts";

/** The root object of a process that answers for others; see the module for an example. */
export class ResourcePublisher extends Root {
  /**
   * Makes one.
   *
   * @param site Answers.
   */
  constructor(readonly site: HTTPFactory) {
    super();
  }

  /**
   * Answers a request of another process.
   *
   * @throws {TypeError} If it is none.
   */
  remote_request(received: ReceivedRequest): number {
    if (!(received instanceof ReceivedRequest)) throw new TypeError("Cannot answer: this is no request");
    const lines = fromLatin1(received.headerLines());
    const headers = scanHeaders(lines, 0, lines.length, { ...this.site.limits, maxHeaders: Infinity });
    const target = received.text("uri");
    const method = received.text("method");
    if (headers instanceof Fault || method === "" || target === "") {
      throw new TypeError("Cannot answer: the request is malformed");
    }
    if (
      typeof (received.state["remote"] as Partial<RemoteReference> | undefined)?.callRemote !== "function"
    ) {
      throw new TypeError("Cannot answer: there is nobody to tell");
    }
    const channel = new FarChannel(this.site, received);
    const minor = received.text("clientproto") === "HTTP/1.0" ? 0 : 1;
    const request = this.site.makeRequest(channel, {
      method,
      target,
      minor,
      host: headers.get("host") ?? "",
      headers,
    });
    request.prepath = received.segments("prepath");
    request.postpath = received.segments("postpath");
    channel.begin(request, received.state["content_data"]);
    return WIRE_NOT_DONE_YET;
  }
}

/** Carries one answer to another process. */
class FarChannel implements ResponseChannel {
  readonly secure = false;
  readonly #site: HTTPFactory;
  readonly #received: ReceivedRequest;
  readonly #remote: RemoteReference;
  #request!: Request;
  #producer: PushProducer | PullProducer | null = null;
  #over = false;

  constructor(site: HTTPFactory, received: ReceivedRequest) {
    this.#site = site;
    this.#received = received;
    this.#remote = received.state["remote"] as RemoteReference;
  }

  get reactor(): ReactorTime {
    return this.#site.reactor ?? defaultClock();
  }

  begin(request: Request, content: unknown): void {
    this.#request = request;
    this.#remote.notifyOnDisconnect(this.#lost);
    const bytes = content instanceof Uint8Array ? content : NO_BYTES;
    const status = bytes.length > this.#site.limits.maxBodyBytes
      ? 413
      : (bytes.length === 0 || request._bodyReceived(bytes)) && request._bodyComplete()
      ? 200
      : 400;
    if (status === 200) return request.process();
    request.setResponseCode(status);
    request.finish();
  }

  readonly #lost = (): void => {
    if (this.#over) return;
    this.#finished();
    this.#request.connectionLost(new Failure(new ConnectionLost("The process that asked is gone")));
    const producer = this.#producer;
    this.#producer = null;
    producer?.stopProducing();
  };

  #finished(): void {
    this.#over = true;
    this.#remote.dontNotifyOnDisconnect(this.#lost);
    this.#site.requestDone(this.#request);
  }

  #tell(name: string, ...args: unknown[]): void {
    try {
      this.#remote.callRemote(name, ...args).addErrback((failure) => {
        if (!this.#over) reportError(failure, `Error while telling of an answer: ${name}`);
      });
    } catch { /* the process that asked is gone; #lost tells */ }
  }

  #head(request: Request): void {
    this.#tell(
      "setResponseCode",
      request.code,
      request.codeMessage === "" ? null : encodeUtf8(request.codeMessage),
    );
    const seen = new Set<string>();
    for (const [name, value] of request.responseHeaders) {
      // A field that comes again is ours to add: Twisted's front takes one line of each.
      const how = seen.has(name.toLowerCase()) ? "addHeader" : "setHeader";
      seen.add(name.toLowerCase());
      this.#tell(how, fromLatin1(name), encodeUtf8(value));
    }
  }

  respond(request: Request, body: Data): void {
    const bytes = toBytes(body);
    if (
      !hasNoBody(request.code) &&
      !(request.method === "HEAD" && request.responseHeaders.has("content-length"))
    ) {
      request.setHeader("content-length", bytes.length);
    }
    this.#head(request);
    if (!request._dropsBody) this.writeBody(bytes);
    this.endResponse(request);
  }

  startResponse(request: Request): void {
    this.#head(request);
  }

  writeBody(data: Data): void {
    const bytes = toBytes(data);
    this.#request.sentLength += bytes.length;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      this.#tell("write", bytes.slice(at, at + PIECE_BYTES));
    }
  }

  endResponse(_request: Request): void {
    this.#tell("finish");
    this.#finished();
  }

  abortResponse(): void {
    if (this.#over) return;
    this.#tell("abort");
    this.#finished();
    this.#request.connectionLost(new Failure(new ConnectionLost("The response was not completed")));
    const producer = this.#producer;
    this.#producer = null;
    producer?.stopProducing();
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    this.#producer = producer;
    this.#tell("registerProducer", new NearProducer(producer), streaming);
  }

  unregisterProducer(): void {
    this.#producer = null;
    this.#tell("unregisterProducer");
  }

  upgrade(request: Request, _protocol: StreamProtocol): void {
    request.setResponseCode(501);
    this.#head(request);
    this.endResponse(request);
  }

  pauseBody(): void {} // it came whole

  resumeBody(): void {}

  closeAfter(): void {} // connections are the other process's

  getPeer(): Address {
    return this.#received.address("client");
  }

  getHost(): Address {
    return this.#received.address("host");
  }
}

/** A producer of ours, for the other process. */
class NearProducer extends Referenceable {
  constructor(readonly producer: PushProducer | PullProducer) {
    super();
  }

  remote_pauseProducing(): void {
    if ("pauseProducing" in this.producer) this.producer.pauseProducing();
  }

  remote_resumeProducing(): void {
    this.producer.resumeProducing();
  }

  remote_stopProducing(): void {
    this.producer.stopProducing();
  }
}
