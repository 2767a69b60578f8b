/**
 * A transport whose ends are those that a proxy named.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import type { Address } from "../addresses.ts";
import type {
  Data,
  PeerCertificate,
  PullProducer,
  PushProducer,
  ReactorTime,
  TLSClientOptions,
  TLSServerOptions,
  Transport,
} from "../interfaces.ts";

/** What a {@linkcode ProxiedTransport} asks of its connection: it still holds bytes that came with the header. */
export interface Holding {
  /** Whether it does. */
  isHolding(): boolean;
  /** Reading goes on: they are next. */
  release(): void;
}

/** Passes everything on but the questions for addresses. */
export class ProxiedTransport implements Transport {
  /** Whether the protocol inside asked to hold. */
  paused = false;

  constructor(
    private readonly inner: Transport,
    private readonly peer: Address,
    private readonly host: Address,
    private readonly holding: Holding,
  ) {}

  get reactor(): ReactorTime {
    return this.inner.reactor;
  }

  get disconnecting(): boolean {
    return this.inner.disconnecting;
  }

  get secure(): boolean {
    return this.inner.secure;
  }

  get unsentBytes(): number | undefined {
    return this.inner.unsentBytes;
  }

  get tlsStarted(): boolean {
    return this.inner.tlsStarted ?? this.inner.secure;
  }

  get negotiatedProtocol(): string | null {
    return this.inner.negotiatedProtocol;
  }

  getPeer(): Address {
    return this.peer;
  }

  getHost(): Address {
    return this.host;
  }

  write(data: Data): void {
    this.inner.write(data);
  }

  writeSequence(parts: Iterable<Data>): void {
    this.inner.writeSequence(parts);
  }

  loseConnection(): void {
    this.inner.loseConnection();
  }

  abortConnection(reason?: Failure): void {
    this.inner.abortConnection(reason);
  }

  loseWriteConnection(): void {
    this.inner.loseWriteConnection();
  }

  pauseProducing(): void {
    this.paused = true;
    this.inner.pauseProducing();
  }

  resumeProducing(): void {
    this.paused = false;
    if (this.holding.isHolding()) this.holding.release();
    else this.inner.resumeProducing();
  }

  stopProducing(): void {
    this.inner.stopProducing();
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    this.inner.registerProducer(producer, streaming);
  }

  unregisterProducer(): void {
    this.inner.unregisterProducer();
  }

  setTcpNoDelay(on: boolean): void {
    this.inner.setTcpNoDelay(on);
  }

  setTcpKeepAlive(on: boolean): void {
    this.inner.setTcpKeepAlive(on);
  }

  startTLS(options: TLSServerOptions | TLSClientOptions, normal?: boolean): void {
    this.inner.startTLS(options, normal);
  }

  getPeerCertificate(): PeerCertificate | null {
    return this.inner.getPeerCertificate();
  }
}
