/**
 * An attempt to connect over TCP, and the connection that comes of it.
 * @module
 */
import { Failure } from "@ropewalk/deferred";
import { type Address, ipAddress } from "../core/addresses.ts";
import {
  ConnectError,
  ConnectionRefusedError,
  DNSLookupError,
  NoRouteError,
  NotSupportedError,
  TimeoutError,
  UserError,
} from "../core/errors.ts";
import type {
  ClientProtocolFactory,
  Connector,
  ConnectTCPOptions,
  DelayedCall,
  ProtocolFactory,
  StreamProtocol,
} from "../core/interfaces.ts";
import type { ReactorBase } from "../core/reactor_base.ts";
import { StreamConnection } from "./stream_connection.ts";

const DEFAULT_TIMEOUT = 30;

/** See {@linkcode Connector}. */
export class TCPConnector implements Connector {
  readonly #reactor: ReactorBase;
  readonly #host: string;
  readonly #port: number;
  readonly #factory: ProtocolFactory & Partial<ClientProtocolFactory>;
  readonly #options: ConnectTCPOptions;
  #state: "idle" | "connecting" | "connected" = "idle";
  #attempt = 0;
  #timeout: DelayedCall | null = null;
  #connection: StreamConnection | null = null;
  #factoryStarted = false;

  constructor(
    reactor: ReactorBase,
    host: string,
    port: number,
    factory: ProtocolFactory | ClientProtocolFactory,
    options: ConnectTCPOptions,
  ) {
    this.#reactor = reactor;
    this.#host = host;
    this.#port = port;
    this.#factory = factory;
    this.#options = options;
  }

  getDestination(): Address {
    return ipAddress("TCP", this.#host, this.#port);
  }

  connect(): void {
    if (this.#state !== "idle") throw new TypeError(`Cannot connect: the connector is ${this.#state}`);
    if (this.#options.bindAddress) {
      throw new NotSupportedError("Cannot bind the local address: this host connects from any");
    }
    this.#state = "connecting";
    if (!this.#factoryStarted) {
      this.#factoryStarted = true;
      this.#factory.doStart();
    }
    const attempt = ++this.#attempt;
    this.#factory.startedConnecting?.(this);
    if (this.#attempt !== attempt || this.#state !== "connecting") return;
    const seconds = this.#options.timeoutSeconds ?? DEFAULT_TIMEOUT;
    this.#timeout = this.#reactor.callLater(seconds, () => {
      this.#failed(
        new TimeoutError(`Connecting to ${this.#host}:${this.#port} took longer than ${seconds} s`),
      );
    });
    Deno.connect({ hostname: this.#host, port: this.#port }).then(
      (conn) =>
        this.#attempt === attempt && this.#state === "connecting" ? this.#connected(conn) : conn.close(),
      (error) => {
        if (this.#attempt === attempt) this.#failed(translate(error, `${this.#host}:${this.#port}`));
      },
    );
  }

  #connected(conn: Deno.TcpConn): void {
    this.#stopTimer();
    const peer = ipAddress("TCP", conn.remoteAddr.hostname, conn.remoteAddr.port);
    const host = ipAddress("TCP", conn.localAddr.hostname, conn.localAddr.port);
    this.#state = "connected";
    let protocol: StreamProtocol | null = null;
    try {
      protocol = this.#factory.buildProtocol(peer);
    } catch (error) {
      this.#reactor.reportError(error, "Error in buildProtocol of a factory");
    }
    if (protocol === null) {
      conn.close();
      this.#lost(new Failure(new ConnectError("The factory built no protocol")));
      return;
    }
    try {
      conn.setNoDelay(true);
    } catch { /* it is gone already: the first read tells */ }
    this.#connection = new StreamConnection(
      this.#reactor,
      conn,
      host,
      peer,
      protocol,
      (reason) => this.#lost(reason),
    );
    this.#connection.start();
  }

  #failed(error: Error): void {
    if (this.#state !== "connecting") return;
    this.#stopTimer();
    this.#state = "idle";
    this.#attempt++;
    this.#tell(() => this.#factory.clientConnectionFailed?.(this, new Failure(error)));
  }

  #lost(reason: Failure): void {
    this.#connection = null;
    this.#state = "idle";
    this.#tell(() => this.#factory.clientConnectionLost?.(this, reason));
  }

  #tell(f: () => void): void {
    try {
      f();
    } catch (error) {
      this.#reactor.reportError(error, "Error in a client factory");
    }
    if (this.#state !== "idle" || !this.#factoryStarted) return; // it connects again
    this.#factoryStarted = false;
    this.#factory.doStop();
  }

  #stopTimer(): void {
    if (this.#timeout?.active()) this.#timeout.cancel();
    this.#timeout = null;
  }

  stopConnecting(): void {
    if (this.#state !== "connecting") throw new TypeError("Cannot stop connecting: no attempt is under way");
    this.#failed(new UserError());
  }

  disconnect(): void {
    if (this.#state === "connecting") this.stopConnecting();
    else this.#connection?.loseConnection();
  }
}

function translate(error: unknown, where: string): Error {
  const text = error instanceof Error ? error.message : String(error);
  const options = { cause: error };
  if (error instanceof Deno.errors.ConnectionRefused) {
    return new ConnectionRefusedError(`Connection to ${where} was refused`, options);
  }
  if (/lookup|resolve/i.test(text)) return new DNSLookupError(`Cannot resolve ${where}: ${text}`, options);
  if (/unreachable/i.test(text)) return new NoRouteError(`No route to ${where}: ${text}`, options);
  return new ConnectError(`Cannot connect to ${where}: ${text}`, options);
}
