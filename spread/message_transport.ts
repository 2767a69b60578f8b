/**
 * Perspective Broker, or any other protocol, over what carries messages rather than bytes: a worker's `postMessage`, a
 * `MessagePort`, a platform `WebSocket`. What is written in one turn goes as one message.
 * @module
 */
import { Failure } from "@ropewalk/deferred";
import {
  type Address,
  ConnectionAborted,
  ConnectionDone,
  ConnectionLost,
  type Data,
  type PeerCertificate,
  PipeAddress,
  type PullProducer,
  type PushProducer,
  type ReactorTime,
  type StreamProtocol,
  type Transport,
} from "@ropewalk/reactor/core";

/** A `MessagePort`, a `Worker`, or a worker's own global scope. */
export interface PortLike {
  /** Sends a message. */
  postMessage(message: unknown): void;
  /** Hears messages. */
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  /** Hears them no more. */
  removeEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  /** Begins to deliver, where there is need to. */
  start?(): void;
  /** Closes, where that can be done. */
  close?(): void;
}

/** A platform WebSocket, as far as it is needed here; it is handed in, so that nothing here opens one. */
export interface SocketLike {
  /** How binary messages come. */
  binaryType: string;
  /** 1 while it is open. */
  readonly readyState: number;
  /** Sends a message. */
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /** Closes. */
  close(): void;
  /** Hears of messages. */
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  /** Hears of its opening and its end. */
  addEventListener(type: "open" | "close", listener: () => void): void;
}

const OPEN = 1; // of `readyState`, in the HTML standard

/** Options of {@linkcode connectPort} and {@linkcode connectWebSocket}. */
export interface MessageTransportOptions {
  /** Where the protocol takes its time from; without one it must not ask. */
  reactor?: ReactorTime;
}

// The largest message: what is longer is cut, since carriers limit their messages, and protocols take bytes cut anywhere.
const MOST = 512 * 1024;

/** What a kind of carrier has to do. */
export interface Carrier {
  /** Sends a message. */
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /** Closes, for the second time perhaps. */
  close(): void;
  /** What carries the carrier, where there is such a thing: it does the pacing. */
  readonly below?: Transport;
}

/** The transport that a protocol sees. */
export class MessageTransport implements Transport {
  readonly secure = false;
  readonly negotiatedProtocol = null;
  disconnecting = false;
  readonly #protocol: StreamProtocol;
  readonly #carrier: Carrier;
  readonly #reactor: ReactorTime | undefined;
  readonly #address = new PipeAddress("messages");
  #parts: Uint8Array[] = [];
  #lost = false;
  #paused = false;
  #arrived: Uint8Array[] = [];
  #pull: PullProducer | null = null;
  #producing = false;

  constructor(protocol: StreamProtocol, carrier: Carrier, options: MessageTransportOptions) {
    this.#protocol = protocol;
    this.#carrier = carrier;
    this.#reactor = options.reactor;
  }

  get reactor(): ReactorTime {
    if (this.#reactor === undefined) throw new TypeError("Cannot tell the time: no reactor was given");
    return this.#reactor;
  }

  write(data: Data): void {
    if (this.#lost || this.disconnecting) return;
    if (this.#parts.length === 0) queueMicrotask(() => this.#flush());
    this.#parts.push(typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data));
  }

  writeSequence(parts: Iterable<Data>): void {
    for (const part of parts) this.write(part);
  }

  #flush(): void {
    const parts = this.#parts;
    if (parts.length === 0 || this.#lost) return;
    this.#parts = [];
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    for (let from = 0; from < all.length; from += MOST) this.#carrier.send(all.subarray(from, from + MOST));
  }

  loseConnection(): void {
    if (this.disconnecting || this.#lost) return;
    this.#flush();
    this.disconnecting = true;
    if (!this.#producing) queueMicrotask(() => this.lose(new ConnectionDone()));
  }

  abortConnection(): void {
    this.disconnecting = true;
    this.#parts = [];
    queueMicrotask(() => this.lose(new ConnectionAborted()));
  }

  loseWriteConnection(): void {
    this.loseConnection();
  }

  stopProducing(): void {
    this.loseConnection();
  }

  /** The connection is gone; the protocol is told once. */
  lose(reason: Error): void {
    if (this.#lost) return;
    this.#lost = true;
    this.disconnecting = true;
    this.#carrier.close();
    this.#protocol.connectionLost(new Failure(reason));
  }

  /** A message came. */
  receive(bytes: Uint8Array): void {
    if (this.#lost) return;
    if (this.#paused) {
      this.#arrived.push(bytes);
      return;
    }
    try {
      this.#protocol.dataReceived(bytes);
    } catch (error) {
      this.lose(error instanceof Error ? error : new ConnectionLost(String(error)));
    }
  }

  pauseProducing(): void {
    this.#paused = true;
    this.#carrier.below?.pauseProducing();
  }

  resumeProducing(): void {
    this.#paused = false;
    while (this.#arrived.length > 0 && !this.#paused) this.receive(this.#arrived.shift()!);
    if (!this.#paused) this.#carrier.below?.resumeProducing();
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (this.#producing) throw new TypeError("Cannot register a producer: there is one already");
    this.#producing = true;
    if (streaming) {
      this.#flush();
      this.#carrier.below?.registerProducer(producer, true);
      return;
    }
    this.#pull = producer;
    const next = () => {
      if (this.#pull !== producer || this.#lost) return;
      producer.resumeProducing();
      queueMicrotask(next);
    };
    queueMicrotask(next);
  }

  unregisterProducer(): void {
    if (this.#producing && this.#pull === null && !this.#lost) this.#carrier.below?.unregisterProducer();
    this.#pull = null;
    this.#producing = false;
    if (this.disconnecting && !this.#lost) queueMicrotask(() => this.lose(new ConnectionDone()));
  }

  getPeer(): Address {
    return this.#address;
  }

  getHost(): Address {
    return this.#address;
  }

  setTcpNoDelay(_on: boolean): void {}

  setTcpKeepAlive(_on: boolean): void {}

  startTLS(): never {
    throw new TypeError("Cannot start TLS: messages are no stream");
  }

  getPeerCertificate(): PeerCertificate | null {
    return null;
  }
}

/**
 * Connects a protocol to a worker or port; the other side does the same with a protocol of its own. It takes part in no
 * other conversation over that port.
 *
 * @param port The port, the worker, or `self` inside of a worker.
 * @param protocol For example `new PBServerFactory(root).buildProtocol(new PipeAddress())`.
 * @param options Where time comes from.
 */
export function connectPort(
  port: PortLike,
  protocol: StreamProtocol,
  options: MessageTransportOptions = {},
): void {
  const listener = ({ data }: MessageEvent) => {
    if (data instanceof Uint8Array) transport.receive(data);
    else if (data === null) transport.lose(new ConnectionDone());
  };
  const transport = new MessageTransport(protocol, {
    send: (bytes) => port.postMessage(bytes),
    close() {
      port.removeEventListener("message", listener);
      port.postMessage(null); // ports do not tell when they are closed
      port.close?.();
    },
  }, options);
  port.addEventListener("message", listener);
  port.start?.();
  protocol.makeConnection(transport);
}

/**
 * Connects a protocol to a platform `WebSocket`, so that a browser page can hold references. It may still be opening.
 *
 * @param socket The socket; its `binaryType` is set.
 * @param protocol For example `new PBClientFactory().buildProtocol(new PipeAddress())`.
 * @param options Where time comes from.
 */
export function connectWebSocket(
  socket: SocketLike,
  protocol: StreamProtocol,
  options: MessageTransportOptions = {},
): void {
  socket.binaryType = "arraybuffer";
  const transport = new MessageTransport(protocol, {
    send: (bytes) => {
      if (socket.readyState === OPEN) socket.send(bytes);
    },
    close: () => socket.close(),
  }, options);
  socket.addEventListener("message", ({ data }: MessageEvent) => {
    if (data instanceof ArrayBuffer) transport.receive(new Uint8Array(data));
    else transport.lose(new ConnectionLost("A message came that is no bytes"));
  });
  let open = socket.readyState === OPEN;
  const begin = () => {
    open = true;
    protocol.makeConnection(transport);
  };
  socket.addEventListener("close", () => {
    if (open) transport.lose(new ConnectionDone());
  });
  if (open) begin();
  else socket.addEventListener("open", begin);
}
