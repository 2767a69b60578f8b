/**
 * What all transports in memory share: the state of a connection and the rules that a real one holds to.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import {
  type Address,
  type Data,
  IPv4Address,
  type PeerCertificate,
  type PullProducer,
  type PushProducer,
  type ReactorTime,
  type StreamProtocol,
  type TLSClientOptions,
  type TLSServerOptions,
  type Transport,
} from "@ropewalk/reactor/core";
import { Clock } from "./clock.ts";
import { concatenate, Written } from "./written.ts";

const utf8 = new TextEncoder();

/** Whether a transport reads, as the producer that it is for its protocol. */
export type ProducerState = "producing" | "paused" | "stopped";

/** What every transport in memory can be given. */
export interface MemoryTransportOptions {
  /** The reactor that it claims to be run by. @default a new `Clock` */
  reactor?: ReactorTime;
  /** The far end's address. @default 192.168.1.1:54321 */
  peer?: Address;
  /** Our end's address. @default 10.0.0.1:12345 */
  host?: Address;
}

/**
 * One end of a connection that has no socket. A subclass says what becomes of bytes ({@linkcode accept}) and how the
 * connection ends ({@linkcode finish}, {@linkcode reset}, {@linkcode finishWriting}).
 */
export abstract class MemoryTransport implements Transport {
  /** The reactor that this connection claims to be run by. */
  readonly reactor: ReactorTime;
  /** True until the connection is lost. */
  connected = true;
  /** True once `loseConnection` or `abortConnection` was called. */
  disconnecting = false;
  /** What `abortConnection` was given. */
  abortReason: Failure | null = null;
  /** True once `abortConnection` was called. */
  aborting = false;
  /** True once `loseWriteConnection` was called: nothing more can be written. */
  writeDisconnected = false;
  /** True under TLS. */
  secure = false;
  /** What `getPeerCertificate` returns; a test may set it. */
  peerCertificate: PeerCertificate | null = null;
  /** What ALPN chose; a test may set it. */
  negotiatedProtocol: string | null = null;
  /** What `startTLS` was called with. */
  tls: { readonly options: TLSServerOptions | TLSClientOptions; readonly normal: boolean } | null = null;
  /** The producer that is registered here. */
  producer: PushProducer | PullProducer | null = null;
  /** Whether {@linkcode producer} is a push producer; `null` without one. */
  streaming: boolean | null = null;
  /** Whether this end reads. */
  producerState: ProducerState = "producing";
  /** What `setTcpNoDelay` was told last. */
  tcpNoDelay = true;
  /** What `setTcpKeepAlive` was told last. */
  tcpKeepAlive = false;
  #late: Written | null = null; // few need it
  readonly #peer: Address;
  readonly #host: Address;

  /** Makes the end of an open connection.
   *
   * @param options The reactor and the addresses.
   */
  constructor(options: MemoryTransportOptions = {}) {
    this.reactor = options.reactor ?? new Clock();
    this.#peer = options.peer ?? new IPv4Address("TCP", "192.168.1.1", 54321);
    this.#host = options.host ?? new IPv4Address("TCP", "10.0.0.1", 12345);
  }

  /** What was written too late to be sent: a real transport drops it in silence. */
  get late(): Uint8Array<ArrayBuffer> {
    return this.#late?.value() ?? new Uint8Array();
  }

  /** Takes a copy of some data, or drops it if the connection is no longer there for writing. */
  write(data: Data): void {
    this.#write(toBytes(data));
  }

  /** Takes a copy of several pieces, as one write. */
  writeSequence(parts: Iterable<Data>): void {
    this.#write(concatenate(Array.from(parts, toBytes)));
  }

  #write(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.canWrite) this.accept(bytes);
    else (this.#late ??= new Written()).add(bytes);
  }

  /** Whether what is written now is sent: while closing is asked for only a registered producer may still write. */
  protected get canWrite(): boolean {
    return this.connected && !this.aborting &&
      (!(this.disconnecting || this.writeDisconnected) || this.producer !== null);
  }

  /** Closes once everything is sent; with a producer, once that is unregistered. */
  loseConnection(): void {
    if (!this.connected || this.disconnecting) return;
    this.disconnecting = true;
    if (this.producer === null) this.finish();
  }

  /** Closes at once. */
  abortConnection(reason?: Failure): void {
    if (!this.connected || this.aborting) return;
    this.disconnecting = true;
    this.aborting = true;
    this.abortReason = reason ?? null;
    this.reset();
  }

  /** Closes the writing side once everything is sent; with a producer, once that is unregistered. */
  loseWriteConnection(): void {
    if (!this.connected || this.disconnecting || this.writeDisconnected) return;
    this.writeDisconnected = true;
    if (this.producer === null) this.finishWriting();
  }

  /** The far end's address. */
  getPeer(): Address {
    return this.#peer;
  }

  /** Our end's address. */
  getHost(): Address {
    return this.#host;
  }

  /**
   * Ties a producer to this transport. On a connection that is lost it is told to stop, as a real transport does.
   *
   * @throws {TypeError} If there is one already.
   */
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (this.producer !== null) {
      throw new TypeError("Cannot register a producer: another one is registered");
    }
    if (!this.connected) {
      producer.stopProducing();
      return;
    }
    this.producer = producer;
    this.streaming = streaming;
  }

  /**
   * The producer has nothing more; a `loseConnection` or `loseWriteConnection` that waited for it goes on.
   *
   * @throws {TypeError} If there is none on a live connection.
   */
  unregisterProducer(): void {
    if (this.producer === null) {
      if (this.connected) throw new TypeError("Cannot unregister the producer: none is registered");
      return;
    }
    this.producer = null;
    this.streaming = null;
    if (!this.connected || this.aborting) return;
    if (this.disconnecting) this.finish();
    else if (this.writeDisconnected) this.finishWriting();
  }

  /** Stops reading. */
  pauseProducing(): void {
    if (this.producerState === "producing") this.producerState = "paused";
  }

  /** Goes on reading; a connection that is going down does not. */
  resumeProducing(): void {
    if (this.producerState === "paused" && !this.disconnecting) this.producerState = "producing";
  }

  /** Closes, as `loseConnection`, and reads no more. */
  stopProducing(): void {
    this.producerState = "stopped";
    this.loseConnection();
  }

  /** Kept in {@linkcode tcpNoDelay}. */
  setTcpNoDelay(on: boolean): void {
    this.tcpNoDelay = on;
  }

  /** Kept in {@linkcode tcpKeepAlive}. */
  setTcpKeepAlive(on: boolean): void {
    this.tcpKeepAlive = on;
  }

  /**
   * Goes over to TLS; nothing is encrypted here.
   *
   * @throws {TypeError} If it is under TLS already, or closing.
   */
  startTLS(options: TLSServerOptions | TLSClientOptions, normal = true): void {
    if (this.secure) throw new TypeError("Cannot start TLS: the connection is under TLS already");
    if (!this.connected || this.disconnecting) {
      throw new TypeError("Cannot start TLS: the connection is being lost");
    }
    this.tls = { options, normal };
    this.secure = true;
  }

  /** See {@linkcode peerCertificate}. */
  getPeerCertificate(): PeerCertificate | null {
    return this.peerCertificate;
  }

  /** The connection is gone: tells the producer, then the protocol. Called once. @returns What `connectionLost` returns. */
  protected lose(protocol: StreamProtocol, reason: Failure): unknown {
    this.connected = false;
    this.producerState = "stopped";
    const { producer } = this;
    this.producer = null;
    this.streaming = null;
    let returned: unknown;
    try {
      producer?.stopProducing();
    } finally {
      returned = protocol.connectionLost(reason);
    }
    return returned;
  }

  /** Takes bytes that are to be sent; they are this transport's own. */
  protected abstract accept(bytes: Uint8Array): void;

  /** `loseConnection` goes ahead: end once everything accepted is sent. */
  protected abstract finish(): void;

  /** `abortConnection`: end now. */
  protected abstract reset(): void;

  /** `loseWriteConnection`: tell the peer once everything accepted is sent. */
  protected abstract finishWriting(): void;
}

// Text is encoded; bytes are copied, as the writer may use its buffer again.
function toBytes(data: Data): Uint8Array {
  if (typeof data === "string") return utf8.encode(data);
  if (data instanceof Uint8Array) return new Uint8Array(data);
  throw new TypeError(`Cannot write to a transport: bytes or text are needed, not ${typeof data}`);
}
