/**
 * `WebSocketConnection`: a WebSocket that is open.
 *
 * ```text
 *   bytes ─► FrameParser ─► frames ─► messages ─► messageReceived
 *                              └► ping: pong · close: close, then the end
 * ```
 * @module
 */
import { type Failure, reportError } from "@ropewalk/deferred";
import type { Data, DelayedCall } from "@ropewalk/reactor/core";
import { encodeUtf8 } from "../bytes.ts";
import type { Factory } from "../factory.ts";
import { Protocol } from "../protocol.ts";
import { UnreadCount } from "../_unread_count.ts";
import { watch } from "../_watch.ts";
import { deflate, inflate } from "./deflate.ts";
import { WebSocketError } from "./errors.ts";
import { writeFrame } from "./frame_writer.ts";
import { BINARY, CLOSE, CONTINUATION, type Frame, FrameParser, PING, PONG, TEXT } from "./frames.ts";
import { MessageAssembler } from "./message_assembler.ts";
import type { WebSocketOptions } from "./options.ts";
import { isSendable, readText } from "./payloads.ts";

/** Bytes of pongs that may wait for a peer to read them. */
const MAX_UNREAD_PONG_BYTES = 1024 * 1024;

/** How a connection stands. */
export type WebSocketState = "connecting" | "open" | "closing" | "closed";

/**
 * An open WebSocket (RFC 6455), whichever side it is. Subclass it; `WebSocketServerProtocol` and
 * `WebSocketClientProtocol` add the opening handshake, and an HTTP server that has done that itself makes one of these.
 *
 * @example
 * ```ts
 * import { WebSocketServerProtocol } from "@ropewalk/protocols/websocket";
 *
 * class Echo extends WebSocketServerProtocol {
 *   override messageReceived(message: string | Uint8Array) {
 *     this.sendMessage(message);
 *   }
 * }
 * ```
 */
export class WebSocketConnection<F = Factory> extends Protocol<F> {
  /** What is kept of a chunk is copied. */
  readonly borrowsData = true;
  /** Whether this is the server's side. */
  readonly isServer: boolean;
  /** The subprotocol agreed on, or `""`. */
  subprotocol = "";
  #state: WebSocketState = "connecting";
  #options: Required<WebSocketOptions>;
  #parser: FrameParser;
  #deflating = false; // per-message deflate was agreed on
  #delivering = false;
  readonly #message = new MessageAssembler(); // what is coming in pieces
  #inflating = false;
  // What is being compressed, with what waits behind it.
  #outgoing: Promise<void> | null = null;
  #closeSent = false;
  #closeReceived: { code: number; reason: string } | null = null;
  #timer: DelayedCall | null = null;
  #pinged = false;
  #told = false; // closed() was called
  // A peer that pings and does not read is cut off.
  readonly #pongs = new UnreadCount(MAX_UNREAD_PONG_BYTES);

  /**
   * A connection to be; it is open once it has a transport.
   *
   * @param isServer Whether this is the server's side.
   * @param options Limits and times.
   */
  constructor(isServer: boolean, options: WebSocketOptions = {}) {
    super();
    this.isServer = isServer;
    this.#options = {
      maxMessageBytes: 1024 * 1024,
      pingSeconds: 0,
      pongTimeoutSeconds: 20,
      closeTimeoutSeconds: 10,
      perMessageDeflate: false,
      deflateFromBytes: 1024,
      ...options,
    };
    this.#parser = this.#makeParser();
  }

  /** How the connection stands. */
  get state(): WebSocketState {
    return this.#state;
  }

  /** Whether per-message deflate is to be offered or agreed on. */
  get wantsDeflate(): boolean {
    return this.#options.perMessageDeflate;
  }

  // ---- what a subclass hears

  /** The WebSocket is open. */
  opened(): void {}

  /** A whole message came: text as a string, else bytes, which are the receiver's to keep. */
  messageReceived(_message: string | Uint8Array): void {}

  /** A ping came; it has been answered. */
  pingReceived(_payload: Uint8Array): void {}

  /** A pong came. */
  pongReceived(_payload: Uint8Array): void {}

  /**
   * The WebSocket is closed; called once.
   *
   * @param _code What the peer gave; 1005 if it gave none, 1006 if the connection broke without a closing handshake.
   * @param _reason Its reason, in words.
   */
  closed(_code: number, _reason: string): void {}

  // ---- what it can do

  /**
   * Sends a message.
   *
   * @param message A string goes as text, bytes as binary.
   * @returns False, with nothing sent, if the WebSocket is not open.
   */
  sendMessage(message: Data): boolean {
    if (this.#state !== "open") return false;
    const isText = typeof message === "string";
    const first = 128 | (isText ? TEXT : BINARY);
    if (this.#deflating && message.length >= this.#options.deflateFromBytes) {
      this.#sendDeflated(first, isText ? encodeUtf8(message) : new Uint8Array(message));
    } else if (this.#outgoing !== null) {
      const copy = isText ? encodeUtf8(message) : new Uint8Array(message);
      this.#afterOutgoing(() => this.#sendFrame(first, copy));
    } else {
      this.#sendFrame(first, message);
    }
    return true;
  }

  /** Sends a ping of up to 125 bytes. */
  sendPing(payload: Uint8Array = new Uint8Array(0)): void {
    if (payload.length > 125) throw new RangeError("Cannot send a ping: it has more than 125 bytes");
    if (this.#state === "open") this.#sendFrame(128 | PING, payload);
  }

  /**
   * Begins to close: what was sent before is delivered, then the peer is asked to close, too.
   *
   * @param code 1000, or 3000 to 4999; or another one that RFC 6455 §7.4 allows to be sent.
   * @param reason Up to 123 bytes.
   */
  close(code = 1000, reason = ""): void {
    if (!isSendable(code)) throw new RangeError(`Cannot close with the code ${code}`);
    if (encodeUtf8(reason).length > 123) {
      throw new RangeError("Cannot close: the reason has more than 123 bytes");
    }
    if (this.#state === "connecting") return this.transport?.abortConnection();
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#afterOutgoing(() => this.#sendClose(code, reason));
    this.#setTimer(this.#options.closeTimeoutSeconds);
  }

  // ---- as a protocol

  /** The handshake is done: the WebSocket is open. */
  override connectionMade(): void {
    this.open({ deflate: this.#options.perMessageDeflate });
  }

  /** @ignore Opens the WebSocket, as was agreed. For what does a handshake. */
  protected open(agreed: { deflate: boolean }): void {
    this.#deflating = agreed.deflate;
    this.#parser = this.#makeParser();
    this.#state = "open";
    if (this.#options.pingSeconds > 0) this.#setTimer(this.#options.pingSeconds);
    watch(this, "opened", this.opened());
  }

  /** Takes some bytes, and delivers the messages that are complete. */
  override dataReceived(data: Uint8Array): void {
    const { queue } = this.#parser;
    if (this.#delivering || this.#inflating) {
      queue.append(data);
      return;
    }
    queue.take(data);
    this.#run();
  }

  /** The connection is gone. */
  override connectionLost(_reason: Failure): void {
    this.connected = false;
    this.#end();
  }

  #run(): void {
    const { queue } = this.#parser;
    this.#delivering = true;
    try {
      while (!this.#inflating && this.#closeReceived === null && this.#state !== "closed") {
        const frame = this.#parser.next();
        if (frame === null) break;
        this.#frameReceived(frame);
      }
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error;
      this.#fail(error);
    } finally {
      this.#delivering = false;
      if (this.#closeReceived !== null || this.#state === "closed") queue.clear();
      queue.settle();
    }
    if (this.#options.pingSeconds > 0 && this.#state === "open") {
      this.#pinged = false;
      this.#setTimer(this.#options.pingSeconds);
    }
  }

  #frameReceived(frame: Frame): void {
    const { fin, rsv1, opcode, payload } = frame;
    if (opcode >= CLOSE) return this.#controlReceived(opcode, payload);
    const message = this.#message;
    if (fin && !rsv1 && opcode !== CONTINUATION && !message.begun) { // the common case
      this.#deliver(opcode === TEXT ? readText(payload) : payload);
      return;
    }
    const complete = message.add(frame);
    this.#parser.maxFrameBytes = this.#options.maxMessageBytes - message.length;
    if (!complete) return;
    this.#parser.maxFrameBytes = this.#options.maxMessageBytes;
    const { compressed, isText } = message;
    const whole = message.take();
    if (compressed) this.#inflate(whole as Uint8Array, isText);
    else this.#deliver(whole);
  }

  // The platform decompresses in its own time: until then nothing is read.
  #inflate(payload: Uint8Array, isText: boolean): void {
    this.#inflating = true;
    this.transport.pauseProducing();
    inflate(payload, this.#options.maxMessageBytes).then((message) => {
      this.#inflating = false;
      if (this.#state === "closed") return;
      this.#deliver(isText ? readText(message) : message);
      this.#goOn();
    }).catch((error) => {
      this.#inflating = false;
      if (error instanceof WebSocketError) {
        this.#fail(error);
        return;
      }
      reportError(error, "Error in a WebSocket protocol");
      this.transport.abortConnection();
    });
  }

  #goOn(): void {
    if (!this.connected) return;
    if (!this.transport.disconnecting) this.transport.resumeProducing();
    this.#run();
  }

  #deliver(message: string | Uint8Array): void {
    if (this.#state !== "open") return;
    const returned: unknown = this.messageReceived(message);
    if (returned !== undefined) watch(this, "messageReceived", returned);
  }

  #controlReceived(opcode: number, payload: Uint8Array): void {
    if (opcode === PING) {
      if (!this.#closeSent) this.#sendPong(payload);
      this.pingReceived(payload);
    } else if (opcode === PONG) {
      this.pongReceived(payload);
    } else {
      this.#closeFrame(payload);
    }
  }

  #sendPong(payload: Uint8Array): void {
    this.#sendFrame(128 | PONG, payload);
    if (this.#pongs.isTooMuch(payload.length + 2, this.transport)) this.transport.abortConnection();
  }

  #closeFrame(payload: Uint8Array): void {
    let code = 1005;
    let reason = "";
    if (payload.length > 0) {
      code = payload.length === 1 ? 0 : payload[0]! << 8 | payload[1]!;
      if (!isSendable(code)) throw new WebSocketError(1002, "a close code that may not be sent");
      reason = readText(payload.subarray(2));
    }
    this.#closeReceived = { code, reason };
    this.#state = "closing";
    this.#afterOutgoing(() => {
      if (!this.connected) return; // it was lost while a message was compressed
      if (!this.#closeSent) this.#sendFrame(128 | CLOSE, payload.subarray(0, 2));
      this.#closeSent = true;
      // The server ends the connection. Both give the peer some time: to take the last of it, or to end it itself.
      if (this.isServer) this.transport.loseConnection();
      this.#setTimer(this.#options.closeTimeoutSeconds);
    });
  }

  // The peer broke the rules: it is told, and the connection ends.
  #fail(error: WebSocketError): void {
    if (this.#state === "closed") return;
    this.#state = "closing";
    this.#sendClose(error.closeCode, error.message);
    this.transport.loseConnection();
    this.#end();
    if (this.connected) this.#setTimer(this.#options.closeTimeoutSeconds); // a peer that reads nothing is cut off
  }

  #sendClose(code: number, reason: string): void {
    if (this.#closeSent) return;
    const words = encodeUtf8(reason);
    const payload = new Uint8Array(2 + words.length);
    payload[0] = code >> 8;
    payload[1] = code;
    payload.set(words, 2);
    this.#sendFrame(128 | CLOSE, payload);
    this.#closeSent = true;
  }

  #end(): void {
    this.#state = "closed";
    this.#timer?.cancel();
    this.#timer = null;
    this.#message.clear();
    if (this.#told) return;
    this.#told = true;
    const { code, reason } = this.#closeReceived ?? { code: 1006, reason: "" };
    watch(this, "closed", this.closed(code, reason));
  }

  // One timer: for the next ping, for its pong, and at the end for the peer's close.
  #setTimer(seconds: number): void {
    if (this.#timer !== null) this.#timer.reset(seconds);
    else this.#timer = this.reactor.callLater(seconds, () => this.#timeIsUp());
  }

  #timeIsUp(): void {
    this.#timer = null;
    if (this.#state !== "open" || this.#pinged) {
      this.transport.abortConnection();
      return;
    }
    this.#pinged = true;
    this.#sendFrame(128 | PING, new Uint8Array(0));
    this.#setTimer(this.#options.pongTimeoutSeconds);
  }

  #sendFrame(first: number, payload: Data): void {
    writeFrame(this.transport, !this.isServer, first, payload);
  }

  #sendDeflated(first: number, message: Uint8Array): void {
    this.#afterOutgoing(async () => {
      const compressed = await deflate(message);
      if (this.connected && !this.#closeSent) this.#sendFrame(first | 0x40, compressed);
    });
  }

  // Does something when what is being compressed has been sent: at once if nothing is.
  #afterOutgoing(what: () => void | Promise<void>): void {
    if (this.#outgoing === null) {
      const promise = what();
      if (promise === undefined) return;
      this.#track(promise);
    } else {
      this.#track(this.#outgoing.then(what));
    }
  }

  #track(promise: Promise<void>): void {
    const tracked = promise.catch((error) => {
      reportError(error, "Error while a WebSocket message was compressed");
    }).then(() => {
      if (this.#outgoing === tracked) this.#outgoing = null;
    });
    this.#outgoing = tracked;
  }

  #makeParser(): FrameParser {
    return new FrameParser({
      masked: this.isServer,
      maxFrameBytes: this.#options.maxMessageBytes,
      allowRsv1: this.#deflating,
    });
  }
}
