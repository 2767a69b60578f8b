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
  type DelayedCall,
  type PullProducer,
  type PushProducer,
  type StreamProtocol,
} from "@ropewalk/reactor/core";
import { DEFAULT_TYPE, serverAndDate } from "./_date.ts";
import { Fault } from "./_header_block.ts";
import { BODY, END, FAULT, HEAD } from "./_message_parser.ts";
import type { HeaderSet } from "./_header_set.ts";
import { utf8Length } from "./_utf8_length.ts";
import { pullToPush } from "./_pull_producer.ts";
import { RequestParser } from "./_request_parser.ts";
import type { ResponseChannel } from "./_response_channel.ts";
import {
  HAS_CONNECTION,
  HAS_CONTENT_LENGTH,
  HAS_CONTENT_TYPE,
  HAS_DATE,
  HAS_SERVER,
  HAS_TRANSFER_ENCODING,
} from "./_header_names.ts";
import type { HTTPHeaders } from "./http_headers.ts";
import type { HTTPLimits } from "./limits.ts";
import type { RequestHead, RequestSite } from "./_request_site.ts";
import type { Request } from "./request.ts";
import { hasNoBody, statusPhrase } from "./status.ts";

/** What a channel needs of its factory. */
export interface ChannelOwner extends RequestSite {
  /** What is too much. */
  readonly limits: HTTPLimits;
  /** True once connections are closed as soon as they are idle. */
  readonly draining: boolean;
  /** A connection was made. */
  channelOpened(channel: HTTPChannel): void;
  /** A connection is gone. */
  channelClosed(channel: HTTPChannel): void;
  /** The head of a request is there. */
  makeRequest(channel: ResponseChannel, head: RequestHead): Request;
  /** A response is complete, or the client went away before it was. */
  requestDone(request: Request): void;
  /**
   * The present time in milliseconds since the epoch, for the header `Date`: right to the second.
   *
   * @param turn The reactor's time in this turn.
   */
  secondAt(turn: number): number;
}

/** Text that is longer is sent as bytes of its own, not as part of the string that is collected. */
const LONG_TEXT = 4096;
/** Once so much is collected it is given to the transport. */
const MUCH_OUTPUT = 32_768;
/** So much of a body that nobody takes is read all the same, so that the connection can go on. */
const MAX_UNREAD_BYTES = 65_536;
/** So long is read and dropped what a client still sends of a body that was refused for its length. */
const LINGER_SECONDS = 2;
/** Before so much was written a connection does not ask the transport to tell when it has enough. */
const UNWATCHED_OUTPUT = 65_536;

/** Fields that are not written as they are. */
const SPEAKS_OF_CONNECTION = HAS_CONNECTION | HAS_CONTENT_LENGTH | HAS_DATE | HAS_SERVER |
  HAS_TRANSFER_ENCODING;

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
  #closeAfter = false; // the response at hand is the last
  #blocked = false; // the transport has enough for now
  #readPaused = false;
  #bodyPaused = false; // whoever takes the body as a stream has enough for now
  #owesContinue = false; // to a client that waits for 100 before it sends what will be taken as a stream
  #unread = 0; // so much of a body that nobody wants is read before the connection is closed instead
  #watching = false; // registered with the transport, which tells when it has enough
  #written = 0; // bytes, while not watching
  #inHead = false;
  #out = ""; // answers not given to the transport yet
  #chunked = false;
  #left = -1; // of a body whose length was announced; -1 if it was not
  #producer: PushProducer | null = null;
  #upgraded: StreamProtocol | null = null;
  #deadline = Infinity;
  #timer: DelayedCall | null = null;
  #timerAt = Infinity;

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
    this.#wait(this.#limits.timeoutSeconds);
  }

  /** The client has finished sending: what is written goes out, then the connection closes. */
  readConnectionLost(): void {
    const upgraded = this.#upgraded;
    if (upgraded?.readConnectionLost !== undefined) return upgraded.readConnectionLost();
    this.#unwatch(); // a connection that is watched would wait for us before it closes
    this.transport.loseConnection();
  }

  /** The connection is gone. */
  override connectionLost(reason: Failure): void {
    this.connected = false;
    this.#closing = true;
    this.#deadline = Infinity;
    if (this.#timer !== null && this.#timer.active()) this.#timer.cancel();
    this.#timer = null;
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
      this.#upgraded.dataReceived(this.#upgraded.borrowsData === true ? data : data.slice());
      return;
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
    this.#flush();
    this.#afterRun();
  }

  // What to wait for, and for how long.
  #afterRun(): void {
    if (this.#closing) return;
    const limits = this.#limits;
    if (this.#blocked) { /* the time since then counts */ }
    else if (this.#request !== null && (this.#received || this.#bodyPaused)) this.#deadline = Infinity;
    else if (this.#request !== null || this.#parser.inBody) {
      this.#wait(limits.timeoutSeconds);
    } else if (this.#parser.inHead) {
      if (!this.#inHead) this.#wait(limits.headerTimeoutSeconds);
      this.#inHead = true;
    } else {
      this.#inHead = false;
      if (this.#owner.draining) return this.#close();
      this.#wait(limits.timeoutSeconds);
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
    this.#closeAfter = parser.close || this.#owner.draining;
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
      this.#out += CONTINUE;
      this.#flush();
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
    const text = `${fault.status} ${statusPhrase(fault.status)}: ${fault.reason}\n`;
    this.#out += `HTTP/1.1 ${fault.status} ${statusPhrase(fault.status)}\r\n` +
      serverAndDate(this.#owner.secondAt(this.#turn())) +
      "Connection: close\r\nContent-Type: text/plain\r\n" +
      `Content-Length: ${text.length}\r\n\r\n${text}`;
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
    this.#flush();
    this.#closing = true;
    this.#deadline = Infinity;
    this.#unwatch();
    if (this.#readPaused) this.transport.resumeProducing();
    this.transport.loseWriteConnection();
    if (this.#timer !== null && this.#timer.active()) this.#timer.cancel();
    this.#timer = this.reactor.callLater(LINGER_SECONDS, () => this.transport.loseConnection());
  }

  // ---------------------------------------------------------------------------------------- answering

  /** Sends a whole response. */
  respond(request: Request, body: Data): void {
    if (typeof body === "string" && body.length <= LONG_TEXT) {
      const set = this.#usual(request);
      if (set !== null) this.#answer(request, set, body);
      else {
        const length = utf8Length(body);
        this.#out += this.#head(request, length, length > 0);
        if (!request._dropsBody) {
          request.sentLength = length;
          this.#out += body;
        }
      }
      if (this.#out.length > MUCH_OUTPUT) this.#flush();
    } else {
      const bytes = typeof body === "string" ? encodeUtf8(body) : body;
      this.#out += this.#head(request, bytes.length, bytes.length > 0);
      if (!request._dropsBody) {
        request.sentLength = bytes.length;
        this.#written += bytes.length;
        this.#flush();
        this.transport.write(bytes);
      }
    }
    this.#done(request);
  }

  // The fields of a response whose head is as most are: those with them keep it for the next.
  #usual(request: Request): HeaderSet | null {
    if (request.code !== 200 || request._dropsBody || this.#closeAfter) return null;
    const set = request._headerSet;
    if (set === null || (set.flags & SPEAKS_OF_CONNECTION) !== 0) return null;
    return request.codeMessage === "" && request.method !== "CONNECT" ? set : null;
  }

  #answer(request: Request, set: HeaderSet, body: string): void {
    const now = this.#owner.secondAt(this.#turn());
    if (this.#out === "" && this.#parser.buffered === 0) { // of many, text that is joined is quicker
      const bytes = set.answer(now, body);
      if (bytes !== null) {
        request.sentLength = body.length;
        this.#written += bytes.length;
        this.transport.write(bytes);
        if (this.#written > UNWATCHED_OUTPUT) this.#watch();
        return;
      }
    }
    const length = utf8Length(body);
    request.sentLength = length;
    this.#out += set.head(now, length) + body;
  }

  /** Sends the head of a response. */
  startResponse(request: Request): void {
    this.#out += this.#head(request, -1, true);
    if (!this.#running) this.#flush();
  }

  // The head; length is -1 if it is not known.
  #head(request: Request, length: number, typed: boolean): string {
    const headers = request._setHeaders;
    const { code } = request;
    const tunnel = request.method === "CONNECT" && code >= 200 && code <= 299;
    if (headers !== null && (headers._flags & HAS_TRANSFER_ENCODING) !== 0) {
      headers.delete("transfer-encoding");
    }
    if (tunnel && headers !== null) headers.delete("content-length"); // RFC 9110 §9.3.6: what follows is the tunnel
    const flags = headers === null ? 0 : headers._flags;
    let framing = "";
    this.#chunked = false;
    this.#left = -1;
    if (tunnel) {
      if (length >= 0 || typed) this.#closeAfter = true; // no tunnel, but an answer: it ends with the connection
      typed = false;
    } else if (hasNoBody(code)) {
      typed = false;
      if (headers !== null && code !== 304) headers.delete("content-length");
    } else if (length >= 0) {
      if ((flags & HAS_CONTENT_LENGTH) === 0) framing = `Content-Length: ${length}\r\n`;
      else if (request.method !== "HEAD") headers!.set("content-length", String(length));
    } else if ((flags & HAS_CONTENT_LENGTH) !== 0 && (this.#left = announcedLength(headers!)) >= 0) {
      // what is written is held to it
    } else if (request.clientproto === "HTTP/1.1") {
      framing = "Transfer-Encoding: chunked\r\n";
      this.#chunked = true;
    } else {
      this.#closeAfter = true;
    }
    let close = "";
    if ((flags & HAS_CONNECTION) !== 0) {
      if (/\bclose\b/i.test(headers!.get("connection")!)) this.#closeAfter = true;
      else if (this.#closeAfter && code !== 101) headers!.set("connection", "close");
    } else if (this.#closeAfter) close = "Connection: close\r\n";
    const type = typed && (flags & HAS_CONTENT_TYPE) === 0 ? DEFAULT_TYPE : "";
    const rest = close + type + framing + (headers === null ? "\r\n" : headers.toString() + "\r\n");
    let standard = serverAndDate(this.#owner.secondAt(this.#turn()));
    if ((flags & HAS_SERVER) !== 0) standard = standard.slice(standard.indexOf("Date:"));
    if ((flags & HAS_DATE) !== 0) standard = standard.slice(0, standard.indexOf("Date:"));
    const phrase = request.codeMessage === "" ? statusPhrase(code) : request.codeMessage;
    return `HTTP/1.1 ${code} ${phrase}\r\n` + standard + rest;
  }

  /** Sends a piece of a body. */
  writeBody(data: Data): void {
    const bytes = typeof data === "string" ? encodeUtf8(data) : data;
    const request = this.#request!;
    if (this.#left >= 0 && bytes.length > this.#left) {
      reportError(
        new TypeError(`Cannot send the body of ${request.path}: it is longer than its Content-Length`),
      );
      return this.abortResponse();
    }
    if (this.#left >= 0) this.#left -= bytes.length;
    request.sentLength += bytes.length;
    this.#written += bytes.length;
    this.#flush();
    if (this.#chunked) {
      this.transport.writeSequence([`${bytes.length.toString(16)}\r\n`, bytes, "\r\n"]);
    } else {
      this.transport.write(bytes);
    }
  }

  /** The body is complete. */
  endResponse(request: Request): void {
    if (this.#left > 0 && !request._dropsBody) {
      reportError(
        new TypeError(`Cannot end the body of ${request.path}: it is shorter than its Content-Length`),
      );
      return this.abortResponse();
    }
    if (this.#chunked && !request._dropsBody) this.#out += "0\r\n\r\n";
    this.#done(request);
  }

  #done(request: Request): void {
    this.#request = null;
    this.#owner.requestDone(request);
    this.#bodyPaused = false;
    if (!this.#received && request.streaming && !this.#owesContinue && !this.#closeAfter && !this.#closing) {
      this.#unread = MAX_UNREAD_BYTES; // closing at once could cost the client the answer
      if (!this.#running) this.#run();
      return;
    }
    // A status below 200 ends no response: what is sent after it would be taken for that.
    if (!this.#received || this.#closeAfter || this.#closing || request.code < 200) {
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
    this.#out = "";
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
      this.#out += CONTINUE;
      this.#flush();
    }
    this.#owesContinue = false;
    if (!this.#running) this.#run();
  }

  /** The response at hand is the last. */
  closeAfter(): void {
    this.#closeAfter = true;
  }

  #flush(): void {
    const out = this.#out;
    if (out === "") return;
    this.#out = "";
    this.#written += out.length;
    this.transport.write(out);
    if (this.#written > UNWATCHED_OUTPUT) this.#watch();
  }

  // Has the transport tell when it has enough.
  #watch(): void {
    if (this.#watching || this.#closing) return;
    this.#watching = true;
    this.transport.registerProducer(this, true);
  }

  #unwatch(): void {
    if (!this.#watching) return;
    this.#watching = false;
    this.transport.unregisterProducer();
  }

  #close(): void {
    this.#flush();
    if (this.#closing && this.transport.disconnecting) return;
    this.#closing = true;
    this.#wait(this.#limits.abortSeconds);
    this.#unwatch();
    this.transport.loseConnection();
  }

  /** Closes the connection if no request is received or answered. */
  closeIfIdle(): void {
    if (this.idle && !this.#closing) this.#close();
    else this.#closeAfter = true;
  }

  /** Gives the connection to another protocol, after the head of the response. */
  upgrade(request: Request, protocol: StreamProtocol): void {
    const { transport } = this;
    this.#out += this.#head(request, -1, false);
    this.#flush();
    this.#deadline = Infinity;
    this.#request = null;
    this.#owner.requestDone(request);
    this.#closing = true; // for #run
    this.#upgraded = protocol;
    this.#unwatch();
    if (this.#readPaused) transport.resumeProducing();
    const rest = this.#parser.takeRest();
    protocol.makeConnection(transport);
    if (rest.length > 0) protocol.dataReceived(rest);
  }

  // ---------------------------------------------------------------------------------------- back-pressure

  /** Ties a producer to the response at hand. */
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    this.#watch();
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
    if (!this.#closing) this.#wait(this.#limits.timeoutSeconds);
  }

  /** The transport takes more. */
  resumeProducing(): void {
    this.#blocked = false;
    if (this.#closing) return;
    if (this.#request !== null && (this.#received || this.#bodyPaused)) this.#deadline = Infinity;
    if (this.#producer !== null) this.#producer.resumeProducing();
    else if (this.#request === null && !this.#running) this.#run();
  }

  /** The connection is gone. */
  stopProducing(): void {
    const producer = this.#producer;
    this.#producer = null;
    producer?.stopProducing();
  }

  // ---------------------------------------------------------------------------------------- time-outs

  // Only moves the deadline; the timer that is set looks at it when it fires.
  #wait(seconds: number): void {
    this.#deadline = this.#turn() + seconds;
    if (this.#deadline < this.#timerAt) this.#arm(seconds);
  }

  // The time, where it is cheap only as it was at the beginning of the turn.
  #turn(): number {
    const { reactor } = this;
    return reactor.turnSeconds !== undefined ? reactor.turnSeconds() : reactor.seconds();
  }

  #arm(seconds: number): void {
    this.#timerAt = this.#deadline;
    if (this.#timer !== null && this.#timer.active()) this.#timer.reset(seconds);
    else this.#timer = this.reactor.callLater(seconds, this.#timerFired);
  }

  readonly #timerFired = (): void => {
    this.#timer = null;
    this.#timerAt = Infinity;
    if (this.#deadline === Infinity) return;
    const left = this.#deadline - this.reactor.seconds();
    if (left > 0) this.#arm(left);
    else this.#timedOut();
  };

  #timedOut(): void {
    if (this.#closing || this.#blocked) this.abortResponse();
    else if (this.#request !== null || this.#parser.inHead) this.#refuse(TOO_SLOW);
    else this.#close();
  }
}

// The one length that a page said, or -1: one that is no number, or that is said twice, is taken away.
function announcedLength(headers: HTTPHeaders): number {
  const lengths = headers.getRawHeaders("content-length");
  if (lengths.length === 1 && /^\d+$/.test(lengths[0]!)) return Number(lengths[0]);
  headers.delete("content-length");
  return -1;
}
