/**
 * A TCP port that listens, over `Deno.listen`.
 * @module
 */
import { Deferred, type Failure, maybeDeferred } from "@ropewalk/deferred";
import { type Address, ipAddress } from "../core/addresses.ts";
import { CannotListenError, NotSupportedError } from "../core/errors.ts";
import type { ListeningPort, ListenTCPOptions, ProtocolFactory, StreamProtocol } from "../core/interfaces.ts";
import type { ReactorBase } from "../core/reactor_base.ts";
import { StreamConnection } from "./stream_connection.ts";

const DEFAULT_BACKLOG = 511;
/** How long accepting rests when the system refuses it, as it does without a file descriptor left, in seconds. */
const REST_SECONDS = 0.1;

/** See {@linkcode ListeningPort}. */
export class TCPPort implements ListeningPort {
  ready: Deferred<ListeningPort> = new Deferred<ListeningPort>();
  readonly #reactor: ReactorBase;
  readonly #factory: ProtocolFactory;
  readonly #options: ListenTCPOptions;
  #port: number;
  #listener: Deno.TcpListener | null = null;
  #address: Address;

  constructor(reactor: ReactorBase, port: number, factory: ProtocolFactory, options: ListenTCPOptions) {
    this.#reactor = reactor;
    this.#port = port;
    this.#factory = factory;
    this.#options = options;
    this.#address = ipAddress("TCP", options.hostname ?? "0.0.0.0", port);
  }

  startListening(): void {
    const { hostname = "0.0.0.0", backlog = DEFAULT_BACKLOG, reusePort = false } = this.#options;
    if (reusePort && !("listenDatagram" in Deno)) {
      throw new NotSupportedError("Cannot share the port: Deno needs the flag --unstable-net for reusePort");
    }
    try {
      this.#listener = Deno.listen({
        port: this.#port,
        hostname,
        ...(reusePort ? { reusePort } : {}),
        ...({ tcpBacklog: backlog } as object),
      });
    } catch (error) {
      throw new CannotListenError(hostname, this.#port, error);
    }
    const { addr } = this.#listener;
    this.#address = ipAddress("TCP", addr.hostname, addr.port);
    this.#port = addr.port;
    this.#reactor.figures.ports.add(this);
    this.#factory.doStart();
    this.#accept(this.#listener);
    if (this.ready.called) this.ready = new Deferred<ListeningPort>();
    this.ready.callback(this);
  }

  #accept(listener: Deno.TcpListener): void {
    listener.accept().then(
      (conn) => {
        this.#accept(listener); // Deno takes one accept at a time: ask for the next before anything else
        this.#accepted(conn);
      },
      (error) => {
        if (this.#listener !== listener) return; // the port was closed
        // A peer that reset before it was accepted is no reason to wait; anything else might come again at once.
        if (error instanceof Deno.errors.NotConnected) this.#accept(listener);
        else {this.#reactor.callLater(REST_SECONDS, () =>
            this.#listener === listener && this.#accept(listener));}
      },
    );
  }

  #accepted(conn: Deno.TcpConn): void {
    const peer = ipAddress("TCP", conn.remoteAddr.hostname, conn.remoteAddr.port);
    const host = ipAddress("TCP", conn.localAddr.hostname, conn.localAddr.port);
    let protocol: StreamProtocol | null = null;
    try {
      protocol = this.#factory.buildProtocol(peer);
    } catch (error) {
      this.#reactor.reportError(error, "Error in buildProtocol of a factory");
    }
    if (protocol === null) {
      conn.close();
      return;
    }
    try {
      conn.setNoDelay(true);
    } catch { /* it is gone already: the first read tells */ }
    new StreamConnection(this.#reactor, conn, host, peer, protocol, ignore).start();
  }

  stopListening(): Deferred<void> {
    const listener = this.#listener;
    if (listener !== null) {
      this.#listener = null;
      listener.close();
      this.#reactor.figures.ports.delete(this);
      this.#factory.doStop();
    }
    return maybeDeferred(() => {});
  }

  getHost(): Address {
    return this.#address;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }

  toString(): string {
    return `tcp ${this.#address}`;
  }
}

function ignore(_reason: Failure): void {}
