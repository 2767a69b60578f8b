/**
 * One connection to a server: requests out, responses in, one after the other. It knows nothing of pools and agents.
 *
 * ```text
 *            send                     head of response              end of response
 *   IDLE ──────────► BUSY, #handler ─────────────────► BUSY, #response ─────────────► IDLE, or closing
 *     ▲                │  1xx: swallowed; 101, CONNECT 2xx: SWITCHED                     │
 *     └────────────────┼────────────────────────────────────────────────────────────────┘
 *                      └► connection lost: LOST; #handler fails, or #response does
 * ```
 * @module
 */
import { Failure } from "@ropewalk/deferred";
import type { StreamProtocol, Transport } from "@ropewalk/reactor/core";
import { ConnectionDone } from "@ropewalk/reactor/core";
import { BODY, END, FAULT, HEAD, NEED } from "../_message_parser.ts";
import { BodyWriter, type WriterOwner } from "./body_writer.ts";
import type { ConnectionOwner } from "./connection_owner.ts";
import { BadResponse, HTTPTimeoutError, PotentialDataLoss, RequestGenerationFailed } from "./errors.ts";
import { failureOf } from "./failure_of.ts";
import type { ResponseLimits } from "./options.ts";
import { type Phase, PhaseTimer } from "./phase_timer.ts";
import type { ClientRequest, ResponseHandler } from "./request.ts";
import { ResponseParser } from "./response_parser.ts";
import { type BodyConnection, RESPONSE_DONE, WireResponse } from "./wire_response.ts";

const DATA_LOSS = new Failure(new PotentialDataLoss());

const enum State {
  New,
  Idle,
  Busy,
  Switched,
  Closing,
  Lost,
}

/** A connection of a client to an HTTP/1.1 server. */
export class HTTPConnection implements StreamProtocol, BodyConnection, WriterOwner {
  /** All that is kept of what comes is copied. */
  readonly borrowsData = true;
  /** The transport. */
  transport!: Transport;
  /** How many requests it has carried. */
  used = 0;
  /** Called when the connection is lost. */
  whenLost: (() => void) | null = null;
  readonly #owner: ConnectionOwner;
  readonly #persistent: boolean;
  readonly #parser: ResponseParser;
  #state = State.New;
  #request: ClientRequest | null = null;
  #handler: ResponseHandler | null = null; // until the head of the response is here
  #response: WireResponse | null = null; // while its body comes
  #arrived: WireResponse | null = null; // its handler is told when all of this chunk was read
  #writer: BodyWriter | null = null; // while the request's body goes
  #inner: StreamProtocol | null = null; // after a switch
  #readPaused = false;
  readonly #timer = new PhaseTimer((phase) => this.#expired(phase));
  #gone = false;

  /**
   * @param owner Keeps it while it is idle.
   * @param persistent Whether it is to carry more than one request.
   * @param limits How much of a response is accepted.
   */
  constructor(owner: ConnectionOwner, persistent: boolean, limits: ResponseLimits) {
    this.#owner = owner;
    this.#persistent = persistent;
    this.#parser = new ResponseParser(limits);
  }

  /** True if a request can be sent now. */
  get idle(): boolean {
    return this.#state === State.Idle;
  }

  /** How many bytes have come that nobody has taken yet. */
  get buffered(): number {
    return this.#parser.buffered;
  }

  makeConnection(transport: Transport): void {
    this.transport = transport;
    this.#state = State.Idle;
    this.#owner.connectionReady(this);
  }

  /** Sends a request. The connection must be idle. */
  send(request: ClientRequest, handler: ResponseHandler): void {
    if (this.#state !== State.Idle) throw new TypeError("Cannot send a request: the connection is not idle");
    const { transport } = this;
    const { body, timeouts } = request;
    this.#state = State.Busy;
    this.#request = request;
    this.#handler = handler;
    this.used++;
    this.#parser.expect(request.method, request.upgrades);
    transport.write(request.head(this.#persistent));
    if (body === null || typeof body === "string" || body instanceof Uint8Array) {
      if (body !== null && body.length > 0) transport.write(body);
      this.#wait("response", timeouts.responseTimeoutSeconds);
      return;
    }
    this.#writer = new BodyWriter(transport, body, this);
    if (request.expectsContinue) {
      this.#wait("continue", timeouts.continueTimeoutSeconds);
    } else this.#startBody();
  }

  /** Closes an idle connection when it has not been used for some time. */
  closeAfter(seconds: number): void {
    this.#wait("idle", seconds);
  }

  /** Gives up what it does. */
  cancel(reason: Failure): void {
    if (this.#handler === null && this.#response === null) return;
    this.#abort(reason);
  }

  /** Closes in an orderly way. */
  close(): void {
    if (this.#state >= State.Closing) return;
    this.#state = State.Closing;
    this.#leave();
    this.transport.loseConnection();
  }

  // ------------------------------------------------------------------------------------------ what comes

  dataReceived(data: Uint8Array): void {
    switch (this.#state) {
      case State.Busy:
        this.#parser.push(data);
        this.#read();
        return;
      case State.Switched:
        this.#forward(data);
        return;
      case State.Idle: // an answer to nothing: it would be taken for that of the next request
        this.#state = State.Closing;
        this.#leave();
        this.transport.abortConnection();
    }
  }

  connectionLost(reason: Failure): void {
    const before = this.#state;
    this.#state = State.Lost;
    this.#leave();
    if (this.#inner !== null) {
      this.#inner.connectionLost(reason);
      return;
    }
    this.#lose(reason, before === State.Closing);
    this.whenLost?.();
  }

  readConnectionLost(): void {
    const inner = this.#inner;
    if (inner?.readConnectionLost !== undefined) return inner.readConnectionLost();
    this.#writer?.abandon(); // closing would wait for the rest of a body that nobody reads
    this.transport.loseConnection();
  }

  writeConnectionLost(): void {
    this.#inner?.writeConnectionLost?.();
  }

  #read(): void {
    const parser = this.#parser;
    for (;;) {
      switch (parser.next()) {
        case HEAD:
          if (parser.status >= 200 || parser.switches) this.#head();
          break;
        case BODY:
          this.#response!._data(parser.body);
          if (this.#state !== State.Busy) return; // whoever took it has closed the connection
          break;
        case END:
          if (this.#response === null) { // 1xx
            this.#interim();
            break;
          }
          if (parser.switches) this.#switch();
          else this.#end();
          return;
        case FAULT:
          this.#abort(new Failure(new BadResponse(parser.fault!.reason)));
          return;
        case NEED:
          parser.keep();
          this.#moreToCome();
          return;
      }
    }
  }

  #head(): void {
    const response = new WireResponse(this, this.#parser, this.#request!);
    this.#response = response;
    this.#arrived = response;
  }

  // An answer that is none yet: RFC 9110 §15.2. Whatever it is, one that waits for 100 may stop waiting.
  #interim(): void {
    this.#parser.restart();
    if (this.#timer.phase === "continue") this.#startBody();
  }

  // All of the chunk was read, and the response is not complete.
  #moreToCome(): void {
    const response = this.#response;
    if (response === null) return;
    const arrived = this.#arrived;
    if (arrived !== null) this.#arrive();
    if (this.#response !== response || this.#state !== State.Busy) return;
    if (response.flowing) {
      if (!this.#readPaused) this.#wait("body", this.#request!.timeouts.bodyTimeoutSeconds);
    } else this.pauseBody();
  }

  #arrive(): void {
    const handler = this.#handler!;
    const response = this.#arrived!;
    this.#handler = null;
    this.#arrived = null;
    handler.responded(response);
  }

  #end(): void {
    const parser = this.#parser;
    const response = this.#response!;
    const handler = this.#handler;
    const rest = parser.buffered;
    parser.keep();
    this.#response =
      this.#request =
      this.#handler =
      this.#arrived =
        null;
    if (this.#writer !== null) { // the server did not want the rest of our body
      const writer = this.#writer;
      this.#writer = null;
      writer.abandon();
      this.close();
    } else if (!parser.persistent || !this.#persistent || rest > 0) this.close();
    else {
      this.#state = State.Idle;
      if (this.#readPaused) this.#resumeReading();
      this.#owner.connectionIdle(this);
    }
    // The connection is somebody else's from here on.
    response._finish(RESPONSE_DONE);
    handler?.responded(response);
  }

  // ------------------------------------------------------------------------------------------ how it ends

  #lose(reason: Failure, closing: boolean): void {
    const { value } = reason;
    const response = this.#response;
    const handler = this.#handler;
    const writer = this.#writer;
    const arrived = this.#arrived;
    this.#request = this.#handler = this.#writer = null;
    this.#response = this.#arrived = null;
    if (response !== null) {
      if (!closing && this.#parser.untilClose && value instanceof ConnectionDone) response._finish(DATA_LOSS);
      else response._fail(reason);
      if (arrived !== null) handler!.responded(arrived);
    } else if (handler !== null) {
      handler.failed(failureOf(reason, this.#parser.buffered > 0, writer !== null));
    }
    writer?.stopProducing();
  }

  // The connection is cut, and whoever waits hears why.
  #abort(reason: Failure): void {
    if (this.#state >= State.Closing) return;
    this.#state = State.Closing;
    this.#leave();
    try {
      this.#lose(reason, true); // first: some transports tell of the loss at once, with a reason of their own
    } finally {
      this.transport.abortConnection();
    }
  }

  #leave(): void {
    this.#timer.stop();
    if (this.#gone) return;
    this.#gone = true;
    this.#owner.connectionGone(this);
  }

  // ------------------------------------------------------------------------------------------ the request's body

  #startBody(): void {
    this.#wait("send", this.#request!.timeouts.sendTimeoutSeconds);
    this.#writer!.start();
  }

  bodyMoves(): void {
    if (this.#timer.phase === "send" && this.#request !== null) {
      this.#wait("send", this.#request.timeouts.sendTimeoutSeconds);
    }
  }

  bodySent(): void {
    this.#writer = null;
    if (this.#request !== null && this.#timer.phase === "send") {
      this.#wait("response", this.#request.timeouts.responseTimeoutSeconds);
    }
  }

  bodyBroken(reason: Error | Failure): void {
    this.#writer = null;
    this.#abort(
      new Failure(new RequestGenerationFailed([Failure.is(reason) ? reason : new Failure(reason)])),
    );
  }

  // ------------------------------------------------------------------------------------------ the response's body

  pauseBody(): void {
    if (this.#response === null) return;
    if (this.#state === State.Busy) this.#wait("body", Infinity); // the reader takes its time
    if (this.#readPaused || this.transport.disconnecting) return;
    this.#readPaused = true;
    this.transport.pauseProducing();
  }

  resumeBody(): void {
    if (this.#response === null || this.#state !== State.Busy) return;
    this.#wait("body", this.#request!.timeouts.bodyTimeoutSeconds);
    if (this.#readPaused) this.#resumeReading();
  }

  dropBody(now: boolean): void {
    if (this.#response === null || this.#state >= State.Closing) return;
    this.#state = State.Closing;
    this.#leave();
    if (this.#readPaused) this.#resumeReading();
    this.#writer?.abandon();
    if (now) this.transport.abortConnection();
    else this.transport.loseConnection();
  }

  #resumeReading(): void {
    this.#readPaused = false;
    if (!this.transport.disconnecting) this.transport.resumeProducing();
  }

  // ------------------------------------------------------------------------------------------ other protocols

  #switch(): void {
    const writer = this.#writer;
    this.#writer = null;
    writer?.abandon();
    this.#state = State.Switched;
    this.#leave();
    this.#parser.keep();
    this.pauseBody();
    this.#arrive();
  }

  switchTo(protocol: StreamProtocol): void {
    const rest = this.#parser.takeRest();
    this.#inner = protocol;
    this.#response = this.#request = null;
    protocol.makeConnection(this.transport);
    if (rest.length > 0 && this.#state === State.Switched) protocol.dataReceived(rest);
    if (this.#readPaused) this.#resumeReading();
  }

  #forward(data: Uint8Array): void {
    const inner = this.#inner;
    if (inner === null) this.#parser.push(data);
    else inner.dataReceived(inner.borrowsData === true ? data : data.slice());
  }

  // ------------------------------------------------------------------------------------------ time

  #wait(phase: Phase, seconds: number): void {
    this.#timer.wait(this.transport.reactor, phase, seconds, this.#request?.deadline ?? Infinity);
  }

  #expired(phase: Phase): void {
    if (phase === "idle") this.close();
    else if (phase === "continue") this.#startBody();
    else {
      const seconds = phase === "total" ? this.#request!.timeouts.totalTimeoutSeconds : this.#timer.seconds;
      this.#abort(new Failure(new HTTPTimeoutError(phase, seconds)));
    }
  }
}
