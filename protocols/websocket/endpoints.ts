/**
 * WebSockets that do the opening handshake themselves: for a port or a connection of their own.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import type { DelayedCall } from "@ropewalk/reactor/core";
import { ByteQueue } from "../_byte_queue.ts";
import { latin1 } from "../bytes.ts";
import type { Factory } from "../factory.ts";
import { WebSocketConnection } from "./connection.ts";
import type { WebSocketOptions } from "./options.ts";
import { HandshakeError } from "./errors.ts";
import {
  acceptHandshake,
  type Agreement,
  checkAnswer,
  checkSubprotocols,
  handshakeRequest,
  type Head,
  MAX_HEAD_BYTES,
  parseHead,
} from "./handshake.ts";

/** Options of a WebSocket that does the handshake itself. */
export interface HandshakeOptions extends WebSocketOptions {
  /** The subprotocols it speaks, the preferred first. */
  subprotocols?: readonly string[];
  /** How long the handshake may take. @default 10 */
  handshakeTimeoutSeconds?: number;
}

/** What {@linkcode WebSocketServerProtocol} and {@linkcode WebSocketClientProtocol} have in common. */
export abstract class WebSocketHandshakeProtocol<F> extends WebSocketConnection<F> {
  readonly #head = new ByteQueue();
  #done = false;
  #searched = 0;
  #timer: DelayedCall | null = null;
  readonly #timeout: number;

  /**
   * A connection to be.
   *
   * @param isServer Whether this is the server's side.
   * @param options Limits and times.
   */
  constructor(isServer: boolean, options: HandshakeOptions) {
    super(isServer, options);
    this.#timeout = options.handshakeTimeoutSeconds ?? 10;
  }

  /** The time begins. */
  override connectionMade(): void {
    this.#timer = this.reactor.callLater(this.#timeout, () => {
      this.#timer = null;
      this.transport.abortConnection();
    });
  }

  /** Takes some bytes: of the handshake, then of frames. */
  override dataReceived(data: Uint8Array): void {
    if (this.#done) return super.dataReceived(data);
    const head = this.#head;
    head.append(data);
    const text = latin1(head.bytes, head.start, Math.min(head.end, head.start + MAX_HEAD_BYTES));
    const length = text.indexOf("\r\n\r\n", Math.max(0, this.#searched - 3));
    this.#searched = text.length;
    if (length < 0) {
      if (head.length >= MAX_HEAD_BYTES) this.#refuse(new HandshakeError(431, "The request is too long"));
      return;
    }
    let agreed: Agreement;
    try {
      agreed = this.headReceived(parseHead(text.slice(0, length)));
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error;
      this.#refuse(error);
      return;
    }
    this.#done = true;
    this.#stopTimer();
    head.start += length + 4;
    const rest = head.takeAll();
    head.clear();
    this.subprotocol = agreed.subprotocol;
    this.open(agreed);
    if (rest.length > 0) super.dataReceived(rest);
  }

  /** The connection is gone. */
  override connectionLost(reason: Failure): void {
    this.#stopTimer();
    super.connectionLost(reason);
  }

  /** The head of the peer's message came. */
  protected abstract headReceived(head: Head): Agreement;

  /** The handshake failed; the connection is lost after this. */
  protected refused(_error: HandshakeError): void {}

  #refuse(error: HandshakeError): void {
    this.#done = true; // whatever comes now is no frame
    this.#stopTimer();
    this.refused(error);
    this.transport.loseConnection();
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}

/** Options of {@linkcode WebSocketServerProtocol}. */
export interface WebSocketServerOptions extends HandshakeOptions {
  /** The origins whose pages may connect; others are refused. @default any */
  origins?: readonly string[];
}

/**
 * A WebSocket server on a port of its own. (Beside web pages, `@ropewalk/web` has a resource.)
 *
 * @example
 * ```ts
 * import { Factory } from "@ropewalk/protocols";
 * import { WebSocketServerProtocol } from "@ropewalk/protocols/websocket";
 *
 * class Echo extends WebSocketServerProtocol {
 *   override messageReceived(message: string | Uint8Array) {
 *     this.sendMessage(message);
 *   }
 * }
 *
 * const factory = Factory.forProtocol(Echo);
 * ```
 */
export class WebSocketServerProtocol<F = Factory> extends WebSocketHandshakeProtocol<F> {
  /** The path and query that the client asked for; `""` before that. */
  path = "";
  /** The fields of its request. */
  headers: Headers = new Headers();
  readonly #options: WebSocketServerOptions;

  /**
   * A connection to be.
   *
   * @param options Limits, times, subprotocols and origins.
   */
  constructor(options: WebSocketServerOptions = {}) {
    super(true, options);
    this.#options = options;
  }

  /** Answers the client's request. */
  protected override headReceived({ start: [method, path, version], headers }: Head): Agreement {
    if (version !== "HTTP/1.1" || !headers.has("host")) throw new HandshakeError(400, "HTTP/1.1 is needed");
    const answer = acceptHandshake(method, headers, this.#options);
    this.path = path;
    this.headers = headers;
    let text = "HTTP/1.1 101 Switching Protocols\r\n";
    answer.headers.forEach((value, name) => text += `${name}: ${value}\r\n`);
    this.transport.write(text + "\r\n");
    return answer.agreed;
  }

  /** Tells the client why not. */
  protected override refused(error: HandshakeError): void {
    const upgrade = error.status === 426 ? "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" : "";
    this.transport.write(
      `HTTP/1.1 ${error.status} ${error.message}\r\n${upgrade}Content-Length: 0\r\nConnection: close\r\n\r\n`,
    );
  }
}

/** Options of {@linkcode WebSocketClientProtocol}. */
export interface WebSocketClientOptions extends HandshakeOptions {
  /** Further fields of the request, such as `Origin` or `Authorization`. */
  headers?: Headers;
}

/**
 * A WebSocket client, on a connection to the URL's host (under TLS for `wss:`).
 *
 * @example
 * ```ts
 * import { WebSocketClientProtocol } from "@ropewalk/protocols/websocket";
 *
 * class Greeter extends WebSocketClientProtocol {
 *   override opened() {
 *     this.sendMessage("hello");
 *     this.close();
 *   }
 * }
 *
 * const greeter = new Greeter("ws://localhost:9001/chat");
 * ```
 */
export class WebSocketClientProtocol<F = Factory> extends WebSocketHandshakeProtocol<F> {
  /** Where to. */
  readonly url: URL;
  readonly #options: WebSocketClientOptions;
  readonly #key: string;

  /**
   * A connection to be.
   *
   * @param url Where to: `ws:` or `wss:`.
   * @param options Limits, times, subprotocols and header fields.
   * @throws {TypeError} If the URL is none of a WebSocket, or a subprotocol is no token or stands there twice.
   */
  constructor(url: string | URL, options: WebSocketClientOptions = {}) {
    super(false, options);
    this.url = new URL(url);
    if (!/^wss?:$/.test(this.url.protocol)) {
      throw new TypeError(`Cannot open a WebSocket: ${this.url.protocol} is not ws: or wss:`);
    }
    checkSubprotocols(options.subprotocols ?? []);
    this.#options = options;
    this.#key = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
  }

  /** Sends the request. */
  override connectionMade(): void {
    super.connectionMade();
    this.transport.write(handshakeRequest(this.url, this.#key, this.#options));
  }

  /** The server refused, or is none. Overridden to hear of it; {@linkcode closed} follows with 1006. */
  handshakeFailed(_error: HandshakeError): void {}

  /** Checks the server's answer. */
  protected override headReceived(head: Head): Agreement {
    return checkAnswer(head, this.#key, this.#options);
  }

  /** Tells the subclass. */
  protected override refused(error: HandshakeError): void {
    this.handshakeFailed(error);
  }
}
