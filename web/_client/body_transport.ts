/**
 * The transport that the protocol of a response's body sees: it can hold the body back and close the connection, and
 * nothing else.
 * @module
 */
import type {
  Address,
  Data,
  PeerCertificate,
  PullProducer,
  PushProducer,
  ReactorTime,
  Transport,
} from "@ropewalk/reactor/core";

/** What makes the body come. */
export interface BodySource {
  /** The connection's transport; `null` when the body is here and the connection gone on. */
  readonly transport: Transport | null;
  /** Runs the connection. */
  readonly reactor: ReactorTime;
  /** Hold the body. */
  pause(): void;
  /** Go on with it. */
  resume(): void;
  /** Give the body up: close the connection, now or in an orderly way. */
  stop(now: boolean): void;
}

/** A transport for reading only. */
export class BodyTransport implements Transport {
  #stopped = false;
  readonly #source: BodySource;

  /** @param source What makes the body come. */
  constructor(source: BodySource) {
    this.#source = source;
  }

  get reactor(): ReactorTime {
    return this.#source.reactor;
  }

  get disconnecting(): boolean {
    return this.#stopped;
  }

  get secure(): boolean {
    return this.#source.transport?.secure ?? false;
  }

  get negotiatedProtocol(): string | null {
    return this.#source.transport?.negotiatedProtocol ?? null;
  }

  /** @throws {TypeError} Always: nothing can be said to the body of a response. */
  write(_data: Data): void {
    throw new TypeError("Cannot write: this is the body of a response");
  }

  /** @throws {TypeError} Always, as {@linkcode write}. */
  writeSequence(_parts: Iterable<Data>): void {
    this.write("");
  }

  loseConnection(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#source.stop(false);
  }

  abortConnection(): void {
    this.#stopped = true;
    this.#source.stop(true);
  }

  loseWriteConnection(): void {}

  getPeer(): Address {
    return this.#live("peer").getPeer();
  }

  getHost(): Address {
    return this.#live("host").getHost();
  }

  pauseProducing(): void {
    this.#source.pause();
  }

  resumeProducing(): void {
    this.#source.resume();
  }

  stopProducing(): void {
    this.loseConnection();
  }

  /** @throws {TypeError} Always, as {@linkcode write}. */
  registerProducer(_producer: PushProducer | PullProducer, _streaming: boolean): void {
    this.write("");
  }

  unregisterProducer(): void {}

  setTcpNoDelay(on: boolean): void {
    this.#source.transport?.setTcpNoDelay(on);
  }

  setTcpKeepAlive(on: boolean): void {
    this.#source.transport?.setTcpKeepAlive(on);
  }

  /** @throws {TypeError} Always, as {@linkcode write}. */
  startTLS(): void {
    throw new TypeError("Cannot start TLS: this is the body of a response");
  }

  getPeerCertificate(): PeerCertificate | null {
    return this.#source.transport?.getPeerCertificate() ?? null;
  }

  #live(what: string): Transport {
    const { transport } = this.#source;
    if (transport === null) throw new TypeError(`Cannot tell the ${what}'s address: the connection is gone`);
    return transport;
  }
}
