/**
 * TLS endpoints: from the first byte of TCP, or around another endpoint.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import type { Address } from "../addresses.ts";
import type {
  ConnectTCPOptions,
  ListeningPort,
  ListenTCPOptions,
  ProtocolFactory,
  ReactorTLS,
  StreamProtocol,
  TLSClientOptions,
  TLSServerOptions,
  Transport,
} from "../interfaces.ts";
import {
  type ClientEndpoint,
  connectWith,
  type FactoryOf,
  listenWith,
  PassingOn,
  type ServerEndpoint,
} from "./endpoint.ts";

/** Listens on TCP, under TLS. */
export class SSL4ServerEndpoint implements ServerEndpoint {
  /**
   * Makes one.
   *
   * @param reactor Does the listening.
   * @param port 0 to 65535; 0 lets the system choose.
   * @param tls Certificate, key and the like.
   * @param options Address, backlog and the like.
   */
  constructor(
    private readonly reactor: ReactorTLS,
    readonly port: number,
    private readonly tls: TLSServerOptions,
    private readonly options: ListenTCPOptions = {},
  ) {}

  /** Listens; see {@linkcode ServerEndpoint.listen}. */
  listen(factory: ProtocolFactory): Deferred<ListeningPort> {
    return listenWith(() => this.reactor.listenTLS(this.port, factory, this.tls, this.options));
  }
}

/** Connects over TCP, under TLS. */
export class SSL4ClientEndpoint implements ClientEndpoint {
  /**
   * Makes one.
   *
   * @param reactor Does the connecting.
   * @param host A name, which the server's certificate must be good for, or an address.
   * @param port 1 to 65535.
   * @param tls What is trusted, and what is shown.
   * @param options Time-out and local address.
   */
  constructor(
    private readonly reactor: ReactorTLS,
    readonly host: string,
    readonly port: number,
    private readonly tls: TLSClientOptions = {},
    private readonly options: ConnectTCPOptions = {},
  ) {}

  /** Connects; see {@linkcode ClientEndpoint.connect}. */
  connect<P extends StreamProtocol>(factory: FactoryOf<P>): Deferred<P> {
    return connectWith(
      (watched) => this.reactor.connectTLS(this.host, this.port, watched, this.tls, this.options),
      factory,
    );
  }
}

/**
 * An endpoint that puts TLS over the connections of another. The protocol is connected as soon as the inner one is;
 * what it writes waits for the handshake, and a handshake that fails is the reason of its `connectionLost`.
 *
 * @param tls What is trusted; `hostname` is the name that is verified.
 * @param endpoint The inner one.
 * @returns An endpoint whose connections are under TLS.
 *
 * @example TLS to a name, over TCP to an address
 * ```ts
 * import { TCP4ClientEndpoint, wrapClientTLS } from "@ropewalk/reactor/core";
 * import { MemoryReactor } from "@ropewalk/testing";
 *
 * const inner = new TCP4ClientEndpoint(new MemoryReactor(), "192.0.2.1", 443);
 * const endpoint = wrapClientTLS({ hostname: "example.org" }, inner);
 * ```
 */
export function wrapClientTLS(
  tls: TLSClientOptions & { hostname: string },
  endpoint: ClientEndpoint,
): ClientEndpoint {
  return {
    connect<P extends StreamProtocol>(factory: FactoryOf<P>): Deferred<P> {
      let built: P | null = null;
      return endpoint.connect({
        doStart: () => factory.doStart(),
        doStop: () => factory.doStop(),
        buildProtocol(address: Address): StreamProtocol | null {
          built = factory.buildProtocol(address);
          return built === null ? null : new Starting(built, tls);
        },
      }).addCallback(() => built!);
    },
  };
}

// Goes over to TLS before the protocol hears of the connection.
class Starting extends PassingOn {
  readonly #tls: TLSClientOptions;

  constructor(inner: StreamProtocol, tls: TLSClientOptions) {
    super(inner);
    this.#tls = tls;
  }

  override makeConnection(transport: Transport): void {
    transport.startTLS(this.#tls);
    return super.makeConnection(transport);
  }
}
