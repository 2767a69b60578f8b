/**
 * A response whose body comes from a connection.
 * @module
 */
import { Failure, reportError } from "@ropewalk/deferred";
import type { ReactorTime, StreamProtocol, Transport } from "@ropewalk/reactor/core";
import { concatBytes, NO_BYTES } from "@ropewalk/protocols/bytes";
import type { HeaderBlock } from "../_header_block.ts";
import { HTTPHeaders } from "../http_headers.ts";
import { type BodySource, BodyTransport } from "./body_transport.ts";
import { ClientResponse, type SentRequest, UNKNOWN_LENGTH } from "./response.ts";
import { bodyFailure } from "./collect.ts";
import { ResponseDone } from "./errors.ts";

/** The connection that a body comes from. */
export interface BodyConnection {
  readonly transport: Transport;
  /** Reads no more until {@linkcode resumeBody}. */
  pauseBody(): void;
  /** Reads on. */
  resumeBody(): void;
  /** Closes, as nobody wants the body. */
  dropBody(now: boolean): void;
  /** Hands the connection over. */
  switchTo(protocol: StreamProtocol): void;
}

/** What a status line says. */
export interface ResponseHead {
  readonly status: number;
  readonly phrase: string;
  readonly minor: number;
  readonly length: number;
  readonly switches: boolean;
  readonly headers: HeaderBlock;
}

/** How all good bodies end. Made once: an error costs more than all else here. */
export const RESPONSE_DONE: Failure = new Failure(new ResponseDone());

/**
 * The body's way to its reader:
 *
 * ```text
 *              asked for?   _data              _finish                       deliverBody
 *   waiting        no       kept, reading      kept in #end                  kept pieces, then
 *                           is paused                                        the rest as it comes
 *   flowing        yes      dataReceived       connectionLost                TypeError
 *   complete       -        -                  -                             kept pieces and #end
 * ```
 */
export class WireResponse extends ClientResponse implements BodySource {
  readonly version: string;
  readonly code: number;
  readonly phrase: string;
  readonly length: number | typeof UNKNOWN_LENGTH;
  readonly request: SentRequest;
  readonly reactor: ReactorTime;
  #connection: BodyConnection | null;
  readonly #block: HeaderBlock;
  #headers: HTTPHeaders | null = null;
  readonly #switches: boolean;
  #protocol: StreamProtocol | null = null;
  #kept: Uint8Array = NO_BYTES;
  #more: Uint8Array[] | null = null;
  #end: Failure | null = null;
  #asked = false;
  #delivering = false;
  #held = false; // by the body's protocol
  #stopped = false;

  constructor(connection: BodyConnection, head: ResponseHead, request: SentRequest) {
    super();
    this.version = head.minor === 0 ? "HTTP/1.0" : "HTTP/1.1";
    this.code = head.status;
    this.phrase = head.phrase;
    this.length = head.length < 0 ? UNKNOWN_LENGTH : head.length;
    this.request = request;
    this.reactor = connection.transport.reactor;
    this.#connection = connection;
    this.#block = head.headers;
    this.#switches = head.switches;
  }

  get headers(): HTTPHeaders {
    return this.#headers ??= HTTPHeaders._received(this.#block);
  }

  get transport(): Transport | null {
    return this.#connection?.transport ?? null;
  }

  /** Whether somebody takes the body as it comes. */
  get flowing(): boolean {
    return this.#protocol !== null && !this.#held;
  }

  override deliverBody(protocol: StreamProtocol): void {
    this.#ask();
    if (this.#switches && this.#connection !== null) { // nobody goes on with the connection: there is no body
      const connection = this.#connection;
      this._finish(RESPONSE_DONE);
      connection.dropBody(false);
    }
    this.#protocol = protocol;
    this.#delivering = true;
    protocol.makeConnection(new BodyTransport(this));
    this.#flush();
    this.#delivering = false;
    if (this.#end !== null) this.#lose(this.#end);
    else if (!this.#held) this.#connection?.resumeBody();
  }

  override upgrade(protocol: StreamProtocol): Transport {
    if (!this.#switches) throw new TypeError(`Cannot take the connection over: the status is ${this.code}`);
    this.#ask();
    const connection = this.#connection;
    if (connection === null) throw new TypeError("Cannot take the connection over: it is lost");
    this.#connection = null;
    connection.switchTo(protocol);
    return connection.transport;
  }

  override abort(): void {
    this.stop(true);
  }

  override _takeWhole(): Uint8Array | null {
    if (this.#asked || this.#end === null || !(this.#end.value instanceof ResponseDone)) return null;
    this.#asked = true;
    return this.#more === null ? this.#kept : concatBytes([this.#kept, ...this.#more]);
  }

  /** A piece of the body came; it is borrowed. */
  _data(data: Uint8Array): void {
    if (this.#stopped) return;
    const protocol = this.#protocol;
    if (protocol !== null && !this.#delivering) {
      protocol.dataReceived(protocol.borrowsData === true ? data : data.slice());
    } else if (this.#kept.length === 0) this.#kept = data.slice();
    else (this.#more ??= []).push(data.slice());
  }

  /** The body is over: complete, or not. */
  _finish(reason: Failure): void {
    if (this.#end !== null) return;
    this.#connection = null;
    this.#end = reason;
    if (this.#protocol !== null && !this.#delivering) this.#lose(reason);
  }

  /** As {@linkcode _finish}, for what went wrong. */
  _fail(reason: Failure): void {
    this._finish(bodyFailure(reason, this));
  }

  pause(): void {
    this.#held = true;
    this.#connection?.pauseBody();
  }

  resume(): void {
    this.#held = false;
    if (!this.#delivering) this.#connection?.resumeBody();
  }

  stop(now: boolean): void {
    this.#stopped = true;
    this.#connection?.dropBody(now);
  }

  #ask(): void {
    if (this.#asked) throw new TypeError("Cannot deliver the body: it was asked for before");
    this.#asked = true;
  }

  #flush(): void {
    const more = this.#more;
    if (this.#kept.length > 0 && !this.#stopped) this.#protocol!.dataReceived(this.#kept);
    if (more !== null) {
      for (const piece of more) if (!this.#stopped) this.#protocol!.dataReceived(piece);
    }
    this.#kept = NO_BYTES;
    this.#more = null;
  }

  #lose(reason: Failure): void {
    const protocol = this.#protocol!;
    this.#protocol = null;
    try {
      protocol.connectionLost(reason);
    } catch (error) {
      reportError(error, "Error in connectionLost of a response's body");
    }
  }
}
