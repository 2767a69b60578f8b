/**
 * A port that listens, whatever the kind of its sockets.
 * @module
 */
import { Deferred } from "@ropewalk/deferred";
import type { Address } from "./addresses.ts";
import { CannotListenError, NotSupportedError } from "./errors.ts";
import { guard, onRejection } from "./guard.ts";
import type { Accepted, HostListener, HostStream } from "./host_network.ts";
import type { ListeningPort, ProtocolFactory } from "./interfaces.ts";
import type { ReactorBase } from "./reactor_base.ts";
import { StreamConnection } from "./stream_connection.ts";
import type { StreamUpgrades } from "./tls_switch.ts";

/** What is particular to one kind of port. */
export interface PortKind {
  /** What it is, for messages and the status page: `"tcp"`. */
  readonly name: string;
  /** The address that was asked for. */
  readonly wanted: Address;
  /** For `CannotListenError`: host and port, or path. */
  readonly where: { host: string; port: number | string };
  /** Binds the socket. */
  listen(accepted: Accepted): HostListener;
  /** Comes between accepting and the protocol: a TLS handshake. It fails without consequence but for this stream. */
  prepare?(stream: HostStream): Promise<HostStream>;
}

/** See {@linkcode ListeningPort}. */
export class StreamPort implements ListeningPort {
  /** Fires when the port is bound. */
  ready: Deferred<ListeningPort> = new Deferred<ListeningPort>();
  readonly #reactor: ReactorBase;
  readonly #factory: ProtocolFactory;
  readonly #kind: PortKind;
  readonly #upgrades: StreamUpgrades;
  #listener: HostListener | null = null;
  #address: Address;
  readonly #preparing = new Set<HostStream>();

  /**
   * @param reactor Runs its connections.
   * @param factory Builds their protocols.
   * @param kind What is particular to it.
   * @param upgrades For `startTLS` on its connections.
   */
  constructor(reactor: ReactorBase, factory: ProtocolFactory, kind: PortKind, upgrades: StreamUpgrades) {
    this.#reactor = reactor;
    this.#factory = factory;
    this.#kind = kind;
    this.#upgrades = upgrades;
    this.#address = kind.wanted;
  }

  /** Binds. */
  startListening(): void {
    if (this.#listener !== null) throw new TypeError("Cannot listen: the port listens already");
    if (this.ready.called) this.ready = new Deferred<ListeningPort>();
    const { ready } = this;
    let listener: HostListener;
    try {
      listener = this.#kind.listen((stream) => this.#accepted(stream));
    } catch (error) {
      throw this.#cannotListen(error);
    }
    try {
      onRejection(this.#factory.doStart(), (error) => this.#faulty("doStart", error));
    } catch (error) {
      listener.close().catch(() => {});
      throw error;
    }
    this.#listener = listener;
    this.#reactor.figures.ports.add(this);
    if (listener.ready === null) {
      this.#address = listener.address;
      ready.callback(this);
      return;
    }
    listener.ready.then(() => {
      this.#address = listener.address;
      if (!ready.called) ready.callback(this);
    }, (error) => {
      if (this.#listener === listener) this.#closed();
      if (!ready.called) ready.errback(this.#cannotListen(error));
    });
  }

  /** Stops accepting. */
  stopListening(): Deferred<void> {
    const listener = this.#listener;
    const done = new Deferred<void>();
    if (listener === null) {
      done.callback();
      return done;
    }
    this.#closed();
    const closed = listener.close();
    closed.then(() => done.callback(), () => done.callback());
    return done;
  }

  /** The address it is bound to. */
  getHost(): Address {
    return this.#address;
  }

  /** Stops accepting. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }

  /** `tcp 127.0.0.1:8000` */
  toString(): string {
    return `${this.#kind.name} ${this.#address}`;
  }

  #cannotListen(error: unknown): Error {
    const { host, port } = this.#kind.where;
    return error instanceof CannotListenError || error instanceof NotSupportedError
      ? error
      : new CannotListenError(host, port, error);
  }

  #closed(): void {
    this.#listener = null;
    for (const stream of this.#preparing) closeQuietly(stream);
    this.#preparing.clear();
    this.#reactor.figures.ports.delete(this);
    // Whatever becomes of it, the socket has to be closed.
    guard(() => this.#factory.doStop(), (error) => this.#faulty("doStop", error));
  }

  #faulty(name: string, error: unknown): void {
    this.#reactor.reportError(error, `Error in ${name} of a factory`);
  }

  #accepted(stream: HostStream): void {
    const { prepare } = this.#kind;
    if (prepare === undefined) {
      this.#connect(stream);
      return;
    }
    this.#preparing.add(stream);
    prepare.call(this.#kind, stream).then((prepared) => {
      if (this.#preparing.delete(stream)) this.#connect(prepared);
      else prepared.close();
    }, () => { // a client that cannot agree on TLS is of no interest to the program
      this.#preparing.delete(stream);
    });
  }

  #connect(stream: HostStream): void {
    let protocol = null;
    try {
      protocol = this.#factory.buildProtocol(stream.remoteAddress);
    } catch (error) {
      this.#faulty("buildProtocol", error);
    }
    if (protocol === null) stream.close();
    else new StreamConnection(this.#reactor, stream, protocol, this.#upgrades, true, null).start();
  }
}

function closeQuietly(stream: HostStream): void {
  try {
    stream.close();
  } catch { /* it is closed already */ }
}
