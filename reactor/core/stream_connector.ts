/**
 * An attempt to connect, and the connection that comes of it, whatever the kind of its socket.
 * @module
 */
import { Failure } from "@ropewalk/deferred";
import type { Address } from "./addresses.ts";
import { ConnectError, TimeoutError, UserError } from "./errors.ts";
import { guard, onRejection } from "./guard.ts";
import type { Dialling, HostStream } from "./host_network.ts";
import type {
  ClientProtocolFactory,
  Connector,
  DelayedCall,
  ProtocolFactory,
  ReactorTime,
} from "./interfaces.ts";
import type { ReactorBase } from "./reactor_base.ts";
import { StreamConnection } from "./stream_connection.ts";
import type { StreamUpgrades } from "./tls_switch.ts";

/** What is particular to one kind of connector. */
export interface ConnectorKind {
  /** Where to. */
  readonly destination: Address;
  /** How long the attempt may take, handshakes included. */
  readonly timeoutSeconds: number;
  /** Begins. */
  dial(): Dialling;
  /** Comes between connecting and the protocol: a TLS handshake. */
  prepare?(stream: HostStream): Promise<HostStream>;
}

/** See {@linkcode Connector}. */
export class StreamConnector implements Connector {
  readonly #reactor: ReactorBase;
  readonly #factory: ProtocolFactory & Partial<ClientProtocolFactory>;
  readonly #kind: ConnectorKind;
  readonly #upgrades: StreamUpgrades;
  #state: "idle" | "connecting" | "connected" = "idle";
  #attempt = 0;
  #dialling: Dialling | null = null;
  #handshaking: HostStream | null = null;
  #timeout: DelayedCall | null = null;
  #connection: StreamConnection | null = null;
  #factoryStarted = false;
  #unwanted = false;
  readonly #faulty = (error: unknown): void => this.#reactor.reportError(error, "Error in a client factory");

  /**
   * @param reactor Runs the connection.
   * @param factory Builds its protocol, and hears how it goes.
   * @param kind What is particular to it.
   * @param upgrades For `startTLS`.
   */
  constructor(
    reactor: ReactorBase,
    factory: ProtocolFactory | ClientProtocolFactory,
    kind: ConnectorKind,
    upgrades: StreamUpgrades,
  ) {
    this.#reactor = reactor;
    this.#factory = factory;
    this.#kind = kind;
    this.#upgrades = upgrades;
  }

  /** The reactor that connects. */
  get reactor(): ReactorTime {
    return this.#reactor;
  }

  /** Where to. */
  getDestination(): Address {
    return this.#kind.destination;
  }

  /** Connects. */
  connect(): void {
    if (this.#state !== "idle") throw new TypeError(`Cannot connect: the connector is ${this.#state}`);
    if (this.#reactor.figures.closing && this.#factoryStarted) return; // it was given up: the reactor stops
    const { destination, timeoutSeconds } = this.#kind;
    const timeout = this.#reactor.callLater(timeoutSeconds, () => {
      this.#timeout = null;
      this.#failed(
        attempt,
        new TimeoutError(`Connecting to ${destination} took longer than ${timeoutSeconds} s`),
      );
    });
    try {
      if (!this.#factoryStarted) onRejection(this.#factory.doStart(), this.#faulty);
    } catch (error) {
      timeout.cancel();
      throw error;
    }
    this.#factoryStarted = true;
    this.#timeout = timeout;
    this.#state = "connecting";
    this.#reactor.figures.attempts.add(this);
    const attempt = ++this.#attempt;
    this.#guard(() => this.#factory.startedConnecting?.(this));
    if (attempt !== this.#attempt) return; // it was stopped already
    let dialling: Dialling;
    try {
      dialling = this.#kind.dial();
    } catch (error) {
      queueMicrotask(() => this.#failed(attempt, error));
      return;
    }
    this.#dialling = dialling;
    dialling.stream.then(
      (stream) => this.#dialled(attempt, stream),
      (error) => this.#failed(attempt, error),
    );
  }

  /** Stops the attempt, which fails with `UserError`. */
  stopConnecting(): void {
    if (this.#state !== "connecting") throw new TypeError("Cannot stop connecting: no attempt is under way");
    this.#failed(this.#attempt, new UserError());
  }

  /** Stops the attempt, or closes the connection. */
  disconnect(): void {
    if (this.#state === "connecting") this.stopConnecting();
    else if (this.#state === "connected") {
      if (this.#connection === null) this.#unwanted = true; // its protocol is being built
      else this.#connection.loseConnection();
    }
  }

  #dialled(attempt: number, stream: HostStream): void {
    if (attempt !== this.#attempt) {
      stream.close();
      return;
    }
    this.#dialling = null;
    const { prepare } = this.#kind;
    if (prepare === undefined) {
      this.#connected(attempt, stream);
      return;
    }
    this.#handshaking = stream;
    prepare.call(this.#kind, stream).then(
      (prepared) => this.#connected(attempt, prepared),
      (error) => this.#failed(attempt, error),
    );
  }

  #connected(attempt: number, stream: HostStream): void {
    if (attempt !== this.#attempt) {
      stream.close();
      return;
    }
    this.#handshaking = null;
    this.#stopTimer();
    this.#reactor.figures.attempts.delete(this);
    this.#state = "connected";
    this.#unwanted = false;
    let protocol = null;
    let reason: Failure = new Failure(new ConnectError("The factory built no protocol"));
    try {
      protocol = this.#factory.buildProtocol(stream.remoteAddress);
    } catch (error) {
      reason = new Failure(error);
      this.#reactor.reportError(error, "Error in buildProtocol of a factory");
    }
    if (protocol === null) {
      stream.close();
      this.#lost(reason);
      return;
    }
    const lost = (why: Failure) => this.#lost(why);
    this.#connection = new StreamConnection(this.#reactor, stream, protocol, this.#upgrades, false, lost);
    this.#connection.start();
    if (this.#unwanted) this.#connection?.loseConnection();
  }

  #failed(attempt: number, error: unknown): void {
    if (attempt !== this.#attempt || this.#state !== "connecting") return;
    this.#attempt++;
    this.#stopTimer();
    this.#reactor.figures.attempts.delete(this);
    this.#dialling?.cancel();
    this.#dialling = null;
    this.#handshaking?.close();
    this.#handshaking = null;
    this.#state = "idle";
    this.#guard(() => this.#factory.clientConnectionFailed?.(this, new Failure(error)));
    this.#release();
  }

  #lost(reason: Failure): void {
    this.#connection = null;
    this.#state = "idle";
    this.#guard(() => this.#factory.clientConnectionLost?.(this, reason));
    this.#release();
  }

  // The factory is through with this connector, unless it has connected again.
  #release(): void {
    if (this.#state !== "idle" || !this.#factoryStarted) return;
    this.#factoryStarted = false;
    this.#guard(() => this.#factory.doStop());
  }

  #guard(f: () => unknown): void {
    guard(f, this.#faulty);
  }

  #stopTimer(): void {
    if (this.#timeout?.active()) this.#timeout.cancel();
    this.#timeout = null;
  }
}
