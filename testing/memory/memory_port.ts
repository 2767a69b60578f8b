/**
 * A port that a `MemoryReactor` has been asked for.
 * @module
 */
import { Deferred, succeed } from "@ropewalk/deferred";
import {
  type Address,
  IPv4Address,
  type ListeningPort,
  type ListenTCPOptions,
  type ListenUNIXOptions,
  type ProtocolFactory,
  type ReactorTime,
  type StreamProtocol,
  type TLSServerOptions,
} from "@ropewalk/reactor/core";
import { MemoryConnection } from "./memory_connection.ts";

/** What was asked for. */
export interface MemoryPortRequest {
  /** Where it listens. */
  readonly address: Address;
  /** The factory. */
  readonly factory: ProtocolFactory;
  /** The options, as they were given. */
  readonly options: ListenTCPOptions & ListenUNIXOptions;
  /** What TLS was asked for; `null` without. */
  readonly tls: TLSServerOptions | null;
}

/** A listening port without a socket: a test accepts connections on it. */
export class MemoryPort implements ListeningPort, MemoryPortRequest {
  readonly address: Address;
  readonly factory: ProtocolFactory;
  readonly options: ListenTCPOptions & ListenUNIXOptions;
  readonly tls: TLSServerOptions | null;
  /** Fires with the port as soon as it listens. */
  readonly ready: Deferred<ListeningPort> = new Deferred<ListeningPort>();
  /** The connections that were accepted and are open. */
  readonly connections: Set<MemoryConnection> = new Set();
  /** How many connections were ever accepted. */
  accepted = 0;
  readonly #reactor: ReactorTime;
  readonly #changed: (port: MemoryPort, listens: boolean) => void;
  #listens = false;

  /** Made by the reactor.
   *
   * @param reactor The reactor.
   * @param request What was asked for.
   * @param changed Told when the port begins or ends to listen; it may throw to refuse.
   */
  constructor(
    reactor: ReactorTime,
    request: MemoryPortRequest,
    changed: (port: MemoryPort, listens: boolean) => void,
  ) {
    this.#reactor = reactor;
    this.address = request.address;
    this.factory = request.factory;
    this.options = request.options;
    this.tls = request.tls;
    this.#changed = changed;
  }

  /** Whether it listens. */
  get listens(): boolean {
    return this.#listens;
  }

  /** Its number, for TCP. */
  get port(): number {
    return (this.address as { port?: number }).port ?? 0;
  }

  /**
   * A client connects: the factory builds a protocol.
   *
   * @param peer The client's address.
   * @returns The connection, or `null` if the factory refused it.
   * @throws {TypeError} If the port does not listen.
   */
  accept(peer: Address = new IPv4Address("TCP", "192.168.1.1", 54321)): MemoryConnection | null {
    if (!this.#listens) throw new TypeError(`Cannot accept a connection: ${this.address} does not listen`);
    const protocol: StreamProtocol | null = this.factory.buildProtocol(peer);
    if (protocol === null) return null;
    const connection: MemoryConnection = new MemoryConnection({
      reactor: this.#reactor,
      peer,
      host: this.address,
      lost: () => void this.connections.delete(connection),
    });
    this.accepted++;
    this.connections.add(connection);
    if (this.tls !== null) connection.startTLS(this.tls);
    connection.open(protocol);
    return connection;
  }

  /**
   * Listens (again).
   *
   * @throws {TypeError} If it listens.
   */
  startListening(): void {
    if (this.#listens) throw new TypeError("Cannot listen: the port listens already");
    this.#changed(this, true);
    this.#listens = true;
    this.factory.doStart();
    if (!this.ready.called) this.ready.callback(this);
  }

  /** Stops to listen; connections live on. */
  stopListening(): Deferred<void> {
    if (this.#listens) {
      this.#listens = false;
      this.#changed(this, false);
      this.factory.doStop();
    }
    return succeed();
  }

  /** See {@linkcode address}. */
  getHost(): Address {
    return this.address;
  }

  /** Stops to listen. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }
}
