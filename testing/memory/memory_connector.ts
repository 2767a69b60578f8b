/**
 * A connection that a `MemoryReactor` has been asked for.
 * @module
 */
import { Failure, reportError } from "@ropewalk/deferred";
import {
  type Address,
  type ClientProtocolFactory,
  ConnectionRefusedError,
  type Connector,
  type ConnectTCPOptions,
  type DelayedCall,
  IPv4Address,
  type ProtocolFactory,
  type ReactorTime,
  TimeoutError,
  type TLSClientOptions,
  UserError,
} from "@ropewalk/reactor/core";
import { MemoryConnection } from "./memory_connection.ts";

/** What was asked for. */
export interface MemoryConnectRequest {
  /** Where to. */
  readonly address: Address;
  /** The factory. */
  readonly factory: ProtocolFactory | ClientProtocolFactory;
  /** The options, as they were given. */
  readonly options: ConnectTCPOptions;
  /** What TLS was asked for; `null` without. */
  readonly tls: TLSClientOptions | null;
}

/** A connector without a socket: a test lets its attempts succeed or fail. */
export class MemoryConnector implements Connector, MemoryConnectRequest {
  readonly address: Address;
  readonly factory: ProtocolFactory | ClientProtocolFactory;
  readonly options: ConnectTCPOptions;
  readonly tls: TLSClientOptions | null;
  /** `"connecting"` while a test may decide. */
  state: "disconnected" | "connecting" | "connected" = "disconnected";
  /** How often it tried to connect. */
  attempts = 0;
  /** How many attempts succeeded. */
  succeeded = 0;
  /** The connection that came of the last attempt, while it is open. */
  connection: MemoryConnection | null = null;
  readonly #reactor: ReactorTime;
  #timeout: DelayedCall | null = null;
  #inUse = false; // the factory was started, and not stopped

  /** Made by the reactor.
   *
   * @param reactor The reactor.
   * @param request What was asked for.
   */
  constructor(reactor: ReactorTime, request: MemoryConnectRequest) {
    this.#reactor = reactor;
    this.address = request.address;
    this.factory = request.factory;
    this.options = request.options;
    this.tls = request.tls;
  }

  /** The host that was asked for; empty for a path. */
  get host(): string {
    return (this.address as { host?: string }).host ?? "";
  }

  /** The port that was asked for; 0 for a path. */
  get port(): number {
    return (this.address as { port?: number }).port ?? 0;
  }

  /** Tries (again). The attempt fails by itself when its time is over. */
  connect(): void {
    if (this.state !== "disconnected") {
      throw new TypeError(`Cannot connect: the connector is ${this.state} already`);
    }
    this.state = "connecting";
    this.attempts++;
    if (!this.#inUse) this.factory.doStart();
    this.#inUse = true;
    this.#timeout = this.#reactor.callLater(
      this.options.timeoutSeconds ?? 30,
      () => this.fail(new TimeoutError()),
    );
    const { factory } = this;
    if ("startedConnecting" in factory) this.#tell(() => factory.startedConnecting(this));
  }

  /**
   * The attempt succeeds: the factory builds a protocol.
   *
   * @param host Our end's address.
   * @returns The connection, or `null` if the factory refused it.
   * @throws {TypeError} If no attempt is under way.
   */
  succeed(host: Address = new IPv4Address("TCP", "10.0.0.1", 12345)): MemoryConnection | null {
    this.#decide("succeed");
    const protocol = this.factory.buildProtocol(this.address);
    this.state = "connected";
    this.succeeded++;
    const connection = new MemoryConnection({
      reactor: this.#reactor,
      peer: this.address,
      host,
      lost: (reason) => this.#lost(reason),
    });
    this.connection = connection;
    if (protocol === null) {
      connection.protocol = { makeConnection() {}, dataReceived() {}, connectionLost() {} };
      connection.loseConnection();
      return null;
    }
    if (this.tls !== null) connection.startTLS(this.tls);
    connection.open(protocol);
    return connection;
  }

  /**
   * The attempt fails.
   *
   * @param error Why. @default ConnectionRefusedError
   * @throws {TypeError} If no attempt is under way.
   */
  fail(error: Error = new ConnectionRefusedError()): void {
    this.#decide("fail");
    this.state = "disconnected";
    const { factory } = this;
    if ("clientConnectionFailed" in factory) {
      this.#tell(() => factory.clientConnectionFailed(this, new Failure(error)));
    }
    this.#rest();
  }

  /** Stops the attempt: it fails with `UserError`. */
  stopConnecting(): void {
    this.fail(new UserError());
  }

  /** Stops the attempt, or closes the connection. */
  disconnect(): void {
    if (this.state === "connecting") this.stopConnecting();
    else this.connection?.loseConnection();
  }

  /** See {@linkcode address}. */
  getDestination(): Address {
    return this.address;
  }

  #decide(what: string): void {
    if (this.state !== "connecting") {
      throw new TypeError(`Cannot let an attempt ${what}: the connector is ${this.state}`);
    }
    if (this.#timeout?.active()) this.#timeout.cancel();
  }

  #lost(reason: Failure): void {
    this.state = "disconnected";
    this.connection = null;
    const { factory } = this;
    if ("clientConnectionLost" in factory) this.#tell(() => factory.clientConnectionLost(this, reason));
    this.#rest();
  }

  // Unless the factory has begun the next attempt in the meantime.
  #rest(): void {
    if (this.state !== "disconnected" || !this.#inUse) return;
    this.#inUse = false;
    this.factory.doStop();
  }

  #tell(f: () => void): void {
    try {
      f();
    } catch (error) {
      reportError(error, "A factory failed");
    }
  }
}
