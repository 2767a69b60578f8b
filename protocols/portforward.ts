/**
 * A port that is another one somewhere else: what comes is passed on, both ways, as fast as each side takes it.
 *
 * ```text
 *   client ──► ProxyServer ──► ProxyClient ──► host:port
 *          ◄──             ◄──             ◄──
 * ```
 *
 * @example
 * ```ts
 * import { ProxyFactory } from "@ropewalk/protocols/portforward";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * function forward(reactor: Reactor) {
 *   return reactor.listenTCP(8080, new ProxyFactory(reactor, "localhost", 80));
 * }
 * ```
 *
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import type { Connector, ReactorTCP, StreamProtocol } from "@ropewalk/reactor/core";
import { ClientFactory, Factory } from "./factory.ts";
import { Protocol } from "./protocol.ts";

/**
 * One side of a pair. When the far end of one has finished sending, so has the other side, once everything was sent; the
 * other direction goes on. When one loses its connection, so does the other.
 */
export class Proxy<F = Factory> extends Protocol<F> {
  /** `write` has copied the data when it returns. */
  readonly borrowsData = true;
  /** The other side. */
  peer: Proxy<unknown> | null = null;
  #producing = false; // the other side's transport is registered as our producer
  #finished = false; // our far end sends no more

  /** Ties both sides together: neither reads faster than the other can write. */
  protected join(peer: Proxy<unknown>): void {
    this.peer = peer;
    peer.peer = this;
    this.#producing = peer.#producing = true;
    this.transport.registerProducer(peer.transport, true);
    peer.transport.registerProducer(this.transport, true);
  }

  /** Passes some bytes on. */
  override dataReceived(data: Uint8Array): void {
    this.peer?.transport.write(data);
  }

  /** This side's far end has finished sending: so has the other side, once everything was sent. */
  readConnectionLost(): void {
    const { peer } = this;
    if (peer === null) return this.transport.loseConnection();
    this.#finished = true;
    peer.#release();
    if (!peer.#finished) return peer.transport.loseWriteConnection();
    this.transport.loseConnection();
    peer.transport.loseConnection();
  }

  /** The other side goes, too. */
  override connectionLost(_reason: Failure): void {
    this.connected = this.#producing = false;
    const { peer } = this;
    this.peer = null;
    if (peer === null) return;
    peer.peer = null;
    if (!peer.connected) return;
    peer.#release();
    peer.transport.loseConnection();
  }

  // Nothing more comes from the other side; a producer would be waited for.
  #release(): void {
    if (!this.#producing) return;
    this.#producing = false;
    this.transport.unregisterProducer();
  }
}

/** The side that we made the connection of. */
export class ProxyClient extends Proxy {
  readonly #server: Proxy<unknown>;

  /**
   * A connection to be.
   *
   * @param server The side that waits for it.
   */
  constructor(server: Proxy<unknown>) {
    super();
    this.#server = server;
  }

  /** The server's side begins to read. */
  override connectionMade(): void {
    if (!this.#server.connected) return this.transport.loseConnection();
    this.join(this.#server);
    this.#server.transport.resumeProducing();
  }
}

/** The side that was accepted. It reads nothing until the other side is there. */
export class ProxyServer extends Proxy<ProxyFactory> {
  #connector: Connector | null = null;

  /** Connects the other side. */
  override connectionMade(): void {
    this.transport.pauseProducing();
    this.#connector = this.factory.connect(this);
  }

  /** The other side goes, too, or is given up. */
  override connectionLost(reason: Failure): void {
    const waiting = this.peer === null;
    super.connectionLost(reason);
    if (waiting) this.#connector?.disconnect();
    this.#connector = null;
  }

  /** The other side could not be connected. */
  connectionFailed(): void {
    this.#connector = null;
    this.transport.loseConnection();
  }
}

class ProxyClientFactory extends ClientFactory {
  readonly #server: ProxyServer;

  constructor(server: ProxyServer) {
    super();
    this.#server = server;
  }

  override buildProtocol(): StreamProtocol {
    return this.adopt(new ProxyClient(this.#server));
  }

  override clientConnectionFailed(): void {
    this.#server.connectionFailed();
  }
}

/** Makes a {@linkcode ProxyServer} for each connection. */
export class ProxyFactory extends Factory {
  /**
   * Where the other side is.
   *
   * @param reactor Makes the connections.
   * @param host Where to.
   * @param port Where to.
   */
  constructor(
    readonly reactor: Pick<ReactorTCP, "connectTCP">,
    readonly host: string,
    readonly port: number,
  ) {
    super();
  }

  /** A side to be. */
  override buildProtocol(): StreamProtocol {
    return this.adopt(new ProxyServer());
  }

  /** Connects the other side of `server`. */
  connect(server: ProxyServer): Connector {
    return this.reactor.connectTCP(this.host, this.port, new ProxyClientFactory(server));
  }
}
