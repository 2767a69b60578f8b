/**
 * Protocols around protocols: what the policies are made of.
 *
 * ```text
 *   transport  ◄─ write ──  ProtocolWrapper  ◄─ write ──  wrapped protocol
 *              ── data ──►   (a protocol to   ── data ──►
 *                             its left, a transport to its right)
 * ```
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import type {
  Address,
  ClientProtocolFactory,
  Connector,
  Data,
  PeerCertificate,
  ProtocolFactory,
  PullProducer,
  PushProducer,
  StreamProtocol,
  TLSClientOptions,
  TLSServerOptions,
  Transport,
} from "@ropewalk/reactor/core";
import { ClientFactory } from "../factory.ts";
import { Protocol } from "../protocol.ts";

/** Who made a {@linkcode ProtocolWrapper}, and keeps account of it. */
export interface WrapperOwner {
  /** The wrapper is connected. */
  registerProtocol(wrapper: ProtocolWrapper): void;
  /** Its connection is gone. */
  unregisterProtocol(wrapper: ProtocolWrapper): void;
}

/**
 * Stands between a transport and a protocol, and passes everything on. Subclasses look at it, or hold it up.
 *
 * @example
 * ```ts
 * import { ProtocolWrapper } from "@ropewalk/protocols";
 *
 * class Counting extends ProtocolWrapper {
 *   bytes = 0;
 *   override dataReceived(data: Uint8Array) {
 *     this.bytes += data.length;
 *     super.dataReceived(data);
 *   }
 * }
 * ```
 */
export class ProtocolWrapper extends Protocol<WrapperOwner> implements Transport {
  /** The protocol inside; `null` once the connection is gone. */
  wrappedProtocol: StreamProtocol | null;
  #losing = false;

  /**
   * Wraps a protocol.
   *
   * @param factory Who keeps account of the wrapper.
   * @param wrappedProtocol The protocol inside.
   */
  constructor(factory: WrapperOwner, wrappedProtocol: StreamProtocol) {
    super();
    this.factory = factory;
    this.wrappedProtocol = wrappedProtocol;
  }

  // ---- as a protocol

  /** Whether the protocol inside copies what it keeps. */
  get borrowsData(): boolean {
    return this.wrappedProtocol?.borrowsData ?? false;
  }

  /** Tells the factory, then connects the protocol inside, with this wrapper as its transport. */
  override makeConnection(transport: Transport): void {
    super.makeConnection(transport);
    this.factory.registerProtocol(this);
    return this.wrappedProtocol?.makeConnection(this);
  }

  /** Passes some bytes on. */
  override dataReceived(data: Uint8Array): void {
    return this.wrappedProtocol?.dataReceived(data);
  }

  /** Passes the loss on; the wrapper lets go of the protocol. */
  override connectionLost(reason: Failure): void {
    const wrapped = this.wrappedProtocol;
    if (wrapped === null) return;
    this.connected = false;
    this.wrappedProtocol = null;
    this.factory.unregisterProtocol(this);
    return wrapped.connectionLost(reason);
  }

  /** The peer has finished sending. Only if the wrapped protocol has it: a transport closes otherwise. */
  get readConnectionLost(): (() => void) | undefined {
    const wrapped = this.wrappedProtocol;
    return wrapped?.readConnectionLost && (() => wrapped.readConnectionLost!());
  }

  /** Our own sending side was closed. */
  writeConnectionLost(): void {
    return this.wrappedProtocol?.writeConnectionLost?.();
  }

  /** The TLS that was asked for is agreed on. */
  handshakeCompleted(): void {
    return this.wrappedProtocol?.handshakeCompleted?.();
  }

  // ---- as a transport

  /** True once the connection is being closed. */
  get disconnecting(): boolean {
    return this.#losing || this.transport.disconnecting;
  }

  /** True under TLS. */
  get secure(): boolean {
    return this.transport.secure;
  }

  /** How much waits to be sent, if the transport tells. */
  get unsentBytes(): number | undefined {
    return this.transport.unsentBytes;
  }

  /** True from the moment that TLS was asked for. */
  get tlsStarted(): boolean {
    return this.transport.tlsStarted ?? this.transport.secure;
  }

  /** The protocol that ALPN chose, or `null`. */
  get negotiatedProtocol(): string | null {
    return this.transport.negotiatedProtocol;
  }

  /** Sends data. */
  write(data: Data): void {
    this.transport.write(data);
  }

  /** Sends several pieces. */
  writeSequence(parts: Iterable<Data>): void {
    this.transport.writeSequence(parts);
  }

  /** Closes once everything was sent. */
  loseConnection(): void {
    this.#losing = true;
    this.transport.loseConnection();
  }

  /** Closes now. */
  abortConnection(reason?: Failure): void {
    this.#losing = true;
    this.transport.abortConnection(reason);
  }

  /** Closes the sending side. */
  loseWriteConnection(): void {
    this.transport.loseWriteConnection();
  }

  /** The far end's address. */
  getPeer(): Address {
    return this.transport.getPeer();
  }

  /** Our end's address. */
  getHost(): Address {
    return this.transport.getHost();
  }

  /** Ties a producer to the transport. */
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    this.transport.registerProducer(producer, streaming);
  }

  /** The producer is done. */
  unregisterProducer(): void {
    this.transport.unregisterProducer();
  }

  /** Stops reading. */
  pauseProducing(): void {
    this.transport.pauseProducing();
  }

  /** Goes on reading. */
  resumeProducing(): void {
    this.transport.resumeProducing();
  }

  /** Closes. */
  stopProducing(): void {
    this.transport.stopProducing();
  }

  /** Turns Nagle's algorithm off or on. */
  setTcpNoDelay(on: boolean): void {
    this.transport.setTcpNoDelay(on);
  }

  /** Has the system probe an idle connection. */
  setTcpKeepAlive(on: boolean): void {
    this.transport.setTcpKeepAlive(on);
  }

  /** Goes over to TLS, beneath the wrapper. */
  startTLS(options: TLSServerOptions | TLSClientOptions, normal?: boolean): void {
    this.transport.startTLS(options, normal);
  }

  /** The peer's certificate, or `null`. */
  getPeerCertificate(): PeerCertificate | null {
    return this.transport.getPeerCertificate();
  }
}

/**
 * Wraps each protocol of another factory. By itself it only keeps the set of them.
 *
 * @example
 * ```ts
 * import { Factory, LineReceiver, WrappingFactory } from "@ropewalk/protocols";
 *
 * const factory = new WrappingFactory(Factory.forProtocol(LineReceiver));
 * ```
 */
export class WrappingFactory extends ClientFactory implements WrapperOwner {
  /** The wrappers whose connections are open. */
  readonly protocols: Set<ProtocolWrapper> = new Set();

  /**
   * Wraps a factory.
   *
   * @param wrappedFactory Makes the protocols inside.
   */
  constructor(readonly wrappedFactory: ProtocolFactory | ClientProtocolFactory) {
    super();
  }

  /** A port or connector begins to use this factory, and so the one inside. */
  override doStart(): void {
    this.wrappedFactory.doStart();
    super.doStart();
  }

  /** A port or connector has stopped using it. */
  override doStop(): void {
    this.wrappedFactory.doStop();
    super.doStop();
  }

  /** An attempt begins. */
  override startedConnecting(connector: Connector): void {
    if ("startedConnecting" in this.wrappedFactory) this.wrappedFactory.startedConnecting(connector);
  }

  /** The attempt failed. */
  override clientConnectionFailed(connector: Connector, reason: Failure): void {
    if ("clientConnectionFailed" in this.wrappedFactory) {
      this.wrappedFactory.clientConnectionFailed(connector, reason);
    }
  }

  /** The connection was lost. */
  override clientConnectionLost(connector: Connector, reason: Failure): void {
    if ("clientConnectionLost" in this.wrappedFactory) {
      this.wrappedFactory.clientConnectionLost(connector, reason);
    }
  }

  /** The protocol that the factory inside makes, wrapped; `null` if it makes none. */
  override buildProtocol(address: Address): StreamProtocol | null {
    const protocol = this.wrappedFactory.buildProtocol(address);
    return protocol === null ? null : this.wrap(protocol, address);
  }

  /** A wrapper is connected. */
  registerProtocol(wrapper: ProtocolWrapper): void {
    this.protocols.add(wrapper);
  }

  /** A wrapper's connection is gone. */
  unregisterProtocol(wrapper: ProtocolWrapper): void {
    this.protocols.delete(wrapper);
  }

  /** Makes the wrapper for one protocol. */
  protected wrap(protocol: StreamProtocol, _address: Address): ProtocolWrapper {
    return new ProtocolWrapper(this, protocol);
  }
}
