/**
 * TCP endpoints.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import type {
  ConnectTCPOptions,
  ListeningPort,
  ListenTCPOptions,
  ProtocolFactory,
  ReactorTCP,
  StreamProtocol,
} from "../interfaces.ts";
import {
  type ClientEndpoint,
  connectWith,
  type FactoryOf,
  listenWith,
  type ServerEndpoint,
} from "./endpoint.ts";

/** Listens on an IPv4 address, by default on all of them. */
export class TCP4ServerEndpoint implements ServerEndpoint {
  /**
   * Makes one.
   *
   * @param reactor Does the listening.
   * @param port 0 to 65535; 0 lets the system choose.
   * @param options Address, backlog and the like.
   */
  constructor(
    protected readonly reactor: ReactorTCP,
    readonly port: number,
    readonly options: ListenTCPOptions = {},
  ) {}

  /** Listens; see {@linkcode ServerEndpoint.listen}. */
  listen(factory: ProtocolFactory): Deferred<ListeningPort> {
    return listenWith(() => this.reactor.listenTCP(this.port, factory, this.options));
  }
}

/** Listens on an IPv6 address, by default on all of them. */
export class TCP6ServerEndpoint extends TCP4ServerEndpoint {
  /** See {@linkcode TCP4ServerEndpoint}. */
  constructor(reactor: ReactorTCP, port: number, options: ListenTCPOptions = {}) {
    super(reactor, port, { hostname: "::", ...options });
  }
}

/** Connects to an address. */
export class TCP4ClientEndpoint implements ClientEndpoint {
  /**
   * Makes one.
   *
   * @param reactor Does the connecting.
   * @param host An address, or a name that the host resolves.
   * @param port 1 to 65535.
   * @param options Time-out and local address.
   */
  constructor(
    protected readonly reactor: ReactorTCP,
    readonly host: string,
    readonly port: number,
    readonly options: ConnectTCPOptions = {},
  ) {}

  /** Connects; see {@linkcode ClientEndpoint.connect}. */
  connect<P extends StreamProtocol>(factory: FactoryOf<P>): Deferred<P> {
    return connectWith(
      (watched) => this.reactor.connectTCP(this.host, this.port, watched, this.options),
      factory,
    );
  }
}

/** Connects to an IPv6 address. */
export class TCP6ClientEndpoint extends TCP4ClientEndpoint {}
