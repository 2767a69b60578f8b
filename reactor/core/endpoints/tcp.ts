/**
 * TCP endpoints.
 * @module
 */
import { hostAndPort } from "../addresses.ts";
import { CancelledError, type Deferred } from "@ropewalk/deferred";
import { ConnectingCancelledError, DNSLookupError } from "../errors.ts";
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
import type { ResolvingReactor } from "./hostname_endpoint.ts";

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

/** Connects to an IPv6 address; of a name, to the first that it has, where the reactor can tell. */
export class TCP6ClientEndpoint extends TCP4ClientEndpoint {
  /** Connects; see {@linkcode ClientEndpoint.connect}. */
  override connect<P extends StreamProtocol>(factory: FactoryOf<P>): Deferred<P> {
    const { host, port, options } = this;
    const reactor: ReactorTCP & Pick<ResolvingReactor, "resolveHost"> = this.reactor;
    if (host.includes(":") || reactor.resolveHost === undefined) return super.connect(factory);
    const where = hostAndPort(host, port);
    return reactor.resolveHost(host).addCallbacks((addresses) => {
      const address = addresses.find((address) => address.includes(":"));
      if (address === undefined) throw new DNSLookupError(`Cannot resolve ${where}: it has no IPv6 address`);
      return new TCP4ClientEndpoint(reactor, address, port, options).connect(factory);
    }, (failure): never => {
      throw failure.check(CancelledError) ? new ConnectingCancelledError(where) : failure;
    });
  }
}
