/**
 * `HTTPChannel`: one connection of an HTTP/1.1 server.
 *
 * ```text
 *   transport ──dataReceived──▶ RequestParser ──▶ Request ──▶ the site's tree
 *       ▲                                            │
 *       └───── one write for all answers of a turn ◀─┘
 * ```
 *
 * One request is answered at a time. While it is, what the client has sent after it stays in the parser; when that is
 * too much, or the client does not read its answers, the connection is not read.
 * @module
 */
import { Failure, reportError } from "@ropewalk/deferred";
import { encodeUtf8 } from "@ropewalk/protocols/bytes";
import { Protocol } from "@ropewalk/protocols";
import {
  type Address,
  ConnectionAborted,
  type Data,
  type PullProducer,
  type PushProducer,
  type StreamProtocol,
} from "@ropewalk/reactor/core";
import type { ChannelOwner } from "./_channel_owner.ts";
import { Deadline, turnSeconds } from "./_deadline.ts";
import { Fault } from "./_header_block.ts";
import { BODY, END, FAULT, HEAD } from "./_message_parser.ts";
import type { HeaderSet } from "./_header_set.ts";
import { utf8Length } from "./_utf8_length.ts";
import { pullToPush } from "./_pull_producer.ts";
import { Outbox } from "./_outbox.ts";
import { RequestParser } from "./_request_parser.ts";
import { ResponseFraming } from "./_response_framing.ts";
import type { ResponseChannel } from "./_response_channel.ts";
import type { HTTPLimits } from "./limits.ts";
import type { Request } from "./request.ts";

/** Text that is longer is sent as bytes of its own, not as part of the string that is collected. */
const LONG_TEXT = 4096;
/** So much of a body that nobody takes is read all the same, so that the connection can go on. */
const MAX_UNREAD_BYTES = 65_536;
/** So long is read and dropped what a client still sends of a body that was refused for its length. */
const LINGER_SECONDS = 2;
const BAD_FORM = new Fault(400, "The form is malformed");
const TOO_SLOW = new Fault(408, "The request took too long to arrive");

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

/** One connection of an HTTP/1.1 server. `HTTPFactory` and `Site` build it. */
export class HTTPChannel extends Protocol<unknown> implements ResponseChannel, PushProducer {
  /** What is kept is copied. */
  readonly borrowsData = true;
  readonly #owner: ChannelOwner;
  readonly #limits: HTTPLimits;
  readonly #parser: RequestParser;
  #request: Request | null = null; // being received or answered
  #received = false; // all of its body is here
  #running = false; // #run is on the stack
  #closing = false; // nothing more is read
  #lingering = false; // only what is dropped
  readonly #framing = new ResponseFraming(); // of the response at hand
  #blocked = false; // the transport has enough for now
  #readPaused = false;
  #bodyPaused = false; // whoever takes the body as a stream has enough for now
  #owesContinue = false; // to a client that waits for 100 before it sends what will be taken as a stream
  #unread = 0; // so much of a body that nobody wants is read before the connection is closed instead
  #inHead = false;
  readonly #out = new Outbox(this);
  #producer: PushProducer | null = null;
  #upgraded: StreamProtocol | null = null;
  readonly #deadline: Deadline;

  /**
   * Makes one.
   *
   * @param owner The site, or another factory.
   */
  constructor(owner: ChannelOwner) {
    super();
    this.#owner = owner;
    this.#limits = owner.limits;
    this.#parser = new RequestParser(owner.limits);
    this.#deadline = new Deadline(this, this.#timedOut);
  }

  /** True under TLS. */
  get secure(): boolean {
    return this.transport.secure;
  }

  /** True while no request is received or answered. */
  get idle(): boolean {
    return this.#request === null && this.#parser.buffered === 0 && this.#upgraded === null;
  }

  /** The client's address. */
  getPeer(): Address {
    return this.transport.getPeer();
  }

  /** Our address. */
  getHost(): Address {
    return this.transport.getHost();
  }

  /** The connection is there. */
  override connectionMade(): void {
    this.#owner.channelOpened(this);
    this.#deadline.wait(this.#limits.timeoutSeconds);
  }

  /** The client has finished sending: what is written goes out, then the connection closes. */
  readConnectionLost(): void {
    const upgraded = this.#upgraded;
    if (upgraded?.readConnectionLost !== undefined) return upgraded.readConnectionLost();
    this.#out.unwatch(); // a connection that is watched would wait for us before it closes
    this.transport.loseConnection();
  }

  /** The connection is gone. */
  override connectionLost(reason: Failure): void {
    this.connected = false;
    this.#closing = true;
    this.#deadline.cancel();
    const request = this.#request;
    const producer = this.#producer;
    this.#request = null;
    this.#producer = null;
    this.#owner.channelClosed(this);
    if (request !== null) {
      request.connectionLost(reason); // first: what a producer still writes when it is stopped is let pass
      this.#owner.requestDone(request);
    }
    producer?.stopProducing();
    this.#upgraded?.connectionLost(reason);
  }

  // ---------------------------------------------------------------------------------------- reading

  /** Some bytes came. */
  override dataReceived(data: Uint8Array): void {
    if (this.#upgraded !== null) {
      return this.#upgraded.dataReceived(this.#upgraded.borrowsData === true ? data : data.slice());
    }
    if (this.#closing) return;
    this.#parser.push(data);
    if (this.#running) return; // it goes on where it is
    this.#run();
  }

  // Takes what the parser has, until it needs more or a response is waited for.
  #run(): void {
    const parser = this.#parser;
    this.#running = true;
    try {
      while (
        !this.#closing && (this.#request === null ? !this.#blocked : !this.#received && !this.#bodyPaused)
      ) {
        const event = parser.next();
        if (event === HEAD) this.#headReceived();
        else if (event === BODY) {
          if (this.#request === null) this.#drop(parser.body.length);
          else if (!this.#request._bodyReceived(parser.body.slice())) this.#refuse(BAD_FORM);
        } else if (event === END) this.#requestReceived();
        else if (event === FAULT) this.#refuse(parser.fault!);
        else break;
      }
    } finally {
      this.#running = false;
    }
    if (this.#upgraded !== null) return;
    parser.keep();
    this.#out.flush();
    this.#afterRun();
  }

  // What to wait for, and for how long.
  #afterRun(): void {
    if (this.#closing) return;
    const limits = this.#limits;
    if (this.#blocked) { /* the time since then counts */ }
    else if (this.#request !== null && (this.#received || this.#bodyPaused)) this.#deadline.never();
    else if (this.#request !== null || this.#parser.inBody) {
      this.#deadline.wait(limits.timeoutSeconds);
    } else if (this.#parser.inHead) {
      if (!this.#inHead) this.#deadline.wait(limits.headerTimeoutSeconds);
      this.#inHead = true;
    } else {
      this.#inHead = false;
      if (this.#owner.draining) return this.#close();
      this.#deadline.wait(limits.timeoutSeconds);
    }
    const tooMuch = this.#bodyPaused ||
      this.#parser.buffered > limits.maxHeldBytes && (this.#received || this.#blocked);
    if (tooMuch !== this.#readPaused) {
      this.#readPaused = tooMuch;
      if (tooMuch) this.transport.pauseProducing();
      else this.transport.resumeProducing();
    }
  }

  #headReceived(): void {
    const parser = this.#parser;
    this.#inHead = false;
    this.#received = false;
    this.#framing.close = parser.close || this.#owner.draining;
    const request = this.#request = this.#owner.makeRequest(this, parser);
    // One whose body is here in a moment is answered when it is.
    if (
      parser.length !== 0 && (parser.length < 0 || parser.length > parser.buffered) && request._streamsBody()
    ) {
      this.#bodyPaused = true;
      this.#owesContinue = parser.expectsContinue && parser.buffered === 0;
      request.process();
      return;
    }
    if (parser.expectsContinue && parser.buffered === 0) {
      this.#out.add(CONTINUE);
      this.#out.flush();
    }
  }

  #requestReceived(): void {
    const request = this.#request;
    this.#inHead = false;
    if (request === null) { // it was answered before all of it came
      this.#parser.restart();
      return;
    }
    this.#received = true;
    this.#bodyPaused = false;
    const { streaming } = request;
    if (this.#parser.trailers.count > 0) request._setTrailers(this.#parser.trailers);
    if (!request._bodyComplete()) return this.#refuse(BAD_FORM);
    if (!streaming) request.process();
  }

  // A piece of a body came whose request is answered already.
  #drop(bytes: number): void {
    this.#unread -= bytes;
    if (this.#unread < 0) this.#close();
  }

  // The client broke the rules: say so, and close.
  #refuse(fault: Fault): void {
    const request = this.#request;
    if (request !== null && request.startedWriting) return this.#close();
    this.#request = null;
    this.#out.add(this.#framing.refusal(fault.status, fault.reason, this.#now()));
    if (fault.status === 413) this.#linger();
    else this.#close();
    if (request !== null) {
      request.connectionLost(new Failure(new ConnectionAborted(fault.reason)));
      this.#owner.requestDone(request);
    }
  }

  // More of the body is under way. Were the connection closed with bytes unread, the system would reset it, and our
  // answer could be lost on the way (RFC 9112 §9.6): only our side is closed, and what still comes is dropped.
  #linger(): void {
    this.#out.flush();
    this.#closing = true;
    this.#lingering = true;
    this.#out.unwatch();
    if (this.#readPaused) this.transport.resumeProducing();
    this.transport.loseWriteConnection();
    this.#deadline.wait(LINGER_SECONDS);
  }

  // ---------------------------------------------------------------------------------------- answering

  /** Sends a whole response. */
  respond(request: Request, body: Data): void {
    if (typeof body === "string" && body.length <= LONG_TEXT) {
      const set = this.#framing.usual(request);
      if (set !== null) this.#answer(request, set, body);
      else {
        const length = utf8Length(body);
        this.#out.add(this.#framing.head(request, this.#now(), length, length > 0));
        if (!request._dropsBody) {
          request.sentLength = length;
          this.#out.add(body);
        }
      }
    } else {
      const bytes = typeof body === "string" ? encodeUtf8(body) : body;
      this.#out.add(this.#framing.head(request, this.#now(), bytes.length, bytes.length > 0));
      if (!request._dropsBody) {
        request.sentLength = bytes.length;
        this.#out.send(bytes);
      }
    }
    this.#done(request);
  }

  #answer(request: Request, set: HeaderSet, body: string): void {
    const now = this.#now();
    if (this.#out.empty && this.#parser.buffered === 0) { // of many, text that is joined is quicker
      const bytes = set.answer(now, body);
      if (bytes !== null) {
        request.sentLength = body.length;
        this.#out.send(bytes);
        return;
      }
    }
    const length = utf8Length(body);
    request.sentLength = length;
    this.#out.add(set.head(now, length) + body);
  }

  /** Sends the head of a response. */
  startResponse(request: Request): void {
    this.#out.add(this.#framing.head(request, this.#now(), -1, true));
    if (!this.#running) this.#out.flush();
  }

  /** Sends a piece of a body. */
  writeBody(data: Data): void {
    const bytes = typeof data === "string" ? encodeUtf8(data) : data;
    const request = this.#request!;
    if (this.#framing.left >= 0 && bytes.length > this.#framing.left) {
      reportError(
        new TypeError(`Cannot send the body of ${request.path}: it is longer than its Content-Length`),
      );
      return this.abortResponse();
    }
    if (this.#framing.left >= 0) this.#framing.left -= bytes.length;
    request.sentLength += bytes.length;
    if (this.#framing.chunked) this.#out.writeChunk(bytes);
    else this.#out.write(bytes);
  }

  /** The body is complete. */
  endResponse(request: Request): void {
    if (this.#framing.left > 0 && !request._dropsBody) {
      reportError(
        new TypeError(`Cannot end the body of ${request.path}: it is shorter than its Content-Length`),
      );
      return this.abortResponse();
    }
    if (this.#framing.chunked && !request._dropsBody) this.#out.add("0\r\n\r\n");
    this.#done(request);
  }

  #done(request: Request): void {
    this.#request = null;
    this.#owner.requestDone(request);
    this.#bodyPaused = false;
    if (
      !this.#received && request.streaming && !this.#owesContinue && !this.#framing.close && !this.#closing
    ) {
      this.#unread = MAX_UNREAD_BYTES; // closing at once could cost the client the answer
      if (!this.#running) this.#run();
      return;
    }
    // A status below 200 ends no response: what is sent after it would be taken for that.
    if (!this.#received || this.#framing.close || this.#closing || request.code < 200) {
      this.#close(); // a body that nobody reads is not waited for
      return;
    }
    this.#received = false;
    this.#parser.restart();
    if (!this.#running) this.#run();
  }

  /** The response cannot be completed. */
  abortResponse(): void {
    this.#closing = true;
    this.#out.clear();
    this.transport.abortConnection();
  }

  /** Whoever takes the body as a stream has enough for now. */
  pauseBody(): void {
    if (this.#received || this.#closing || this.#bodyPaused) return;
    this.#bodyPaused = true;
    if (!this.#running) this.#afterRun();
  }

  /** The body is read on. */
  resumeBody(): void {
    if (this.#received || this.#closing || !this.#bodyPaused) return;
    this.#bodyPaused = false;
    if (this.#owesContinue && !this.#request!.startedWriting) {
      this.#out.add(CONTINUE);
      this.#out.flush();
    }
    this.#owesContinue = false;
    if (!this.#running) this.#run();
  }

  /** The response at hand is the last. */
  closeAfter(): void {
    this.#framing.close = true;
  }

  #close(): void {
    this.#out.flush();
    if (this.#closing && this.transport.disconnecting) return;
    this.#closing = true;
    this.#deadline.wait(this.#limits.abortSeconds);
    this.#out.unwatch();
    this.transport.loseConnection();
  }

  /** Closes the connection if no request is received or answered. */
  closeIfIdle(): void {
    if (this.idle && !this.#closing) this.#close();
    else this.#framing.close = true;
  }

  /** Gives the connection to another protocol, after the head of the response. */
  upgrade(request: Request, protocol: StreamProtocol): void {
    const { transport } = this;
    this.#out.add(this.#framing.head(request, this.#now(), -1, false));
    this.#out.flush();
    this.#deadline.never();
    this.#request = null;
    this.#owner.requestDone(request);
    this.#closing = true; // for #run
    this.#upgraded = protocol;
    this.#out.unwatch();
    if (this.#readPaused) transport.resumeProducing();
    const rest = this.#parser.takeRest();
    protocol.makeConnection(transport);
    if (rest.length > 0) protocol.dataReceived(rest);
  }

  // ---------------------------------------------------------------------------------------- back-pressure

  /** Ties a producer to the response at hand. */
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (!this.#closing) this.#out.watch();
    this.#producer = streaming
      ? producer as PushProducer
      : pullToPush(producer, this.reactor, () => this.#producer !== null);
    if (this.#blocked) this.#producer.pauseProducing();
    else if (!streaming) this.#producer.resumeProducing();
  }

  /** The producer has nothing more. */
  unregisterProducer(): void {
    this.#producer = null;
  }

  /** The transport has enough for now. */
  pauseProducing(): void {
    this.#blocked = true;
    this.#producer?.pauseProducing();
    if (!this.#closing) this.#deadline.wait(this.#limits.timeoutSeconds);
  }

  /** The transport takes more. */
  resumeProducing(): void {
    this.#blocked = false;
    if (this.#closing) return;
    if (this.#request !== null && (this.#received || this.#bodyPaused)) this.#deadline.never();
    if (this.#producer !== null) this.#producer.resumeProducing();
    else if (this.#request === null && !this.#running) this.#run();
  }

  /** The connection is gone. */
  stopProducing(): void {
    const producer = this.#producer;
    this.#producer = null;
    producer?.stopProducing();
  }

  // The time as it was at the beginning of the turn, for `Date`.
  #now(): number {
    return this.#owner.secondAt(turnSeconds(this.reactor));
  }

  readonly #timedOut = (): void => {
    if (this.#lingering) this.transport.loseConnection();
    else if (this.#closing || this.#blocked) this.abortResponse();
    else if (this.#request !== null || this.#parser.inHead) this.#refuse(TOO_SLOW);
    else this.#close();
  };
}
