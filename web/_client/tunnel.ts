/**
 * A connection through a proxy: CONNECT first, then whatever protocol it is for.
 * @module
 */
import { Deferred, type Failure } from "@ropewalk/deferred";
import type {
  Address,
  ClientEndpoint,
  FactoryOf,
  StreamProtocol,
  TLSClientOptions,
  Transport,
} from "@ropewalk/reactor/core";
import { NoProtocol } from "@ropewalk/reactor/core";
import { HTTPConnection } from "./connection.ts";
import type { ConnectionOwner } from "./connection_owner.ts";
import { BadResponse, ProxyError } from "./errors.ts";
import type { RequestTimeouts, ResponseLimits } from "./options.ts";
import type { Origin } from "./origin.ts";
import { ClientRequest, type ResponseHandler } from "./request.ts";
import type { ClientResponse } from "./response.ts";

/** How a tunnel is opened. */
export interface TunnelSettings {
  /** The way to the proxy. */
  readonly proxy: ClientEndpoint;
  /** Header lines for the proxy, each with its CR LF. */
  readonly headers: string;
  /** What goes through the tunnel is under TLS with these; `null` for plain text. */
  readonly tls: TLSClientOptions | null;
  readonly timeouts: RequestTimeouts;
  readonly limits: ResponseLimits;
}

/** An endpoint at the far end of a proxy. */
export class TunnelEndpoint implements ClientEndpoint {
  readonly #origin: Origin;
  readonly #settings: TunnelSettings;

  constructor(origin: Origin, settings: TunnelSettings) {
    this.#origin = origin;
    this.#settings = settings;
  }

  connect<P extends StreamProtocol>(factory: FactoryOf<P>): Deferred<P> {
    return new Opening(this.#origin, this.#settings, factory).open();
  }
}

// The life of one CONNECT: it builds the connection to the proxy, and is told what the proxy says.
class Opening<P extends StreamProtocol>
  implements FactoryOf<HTTPConnection>, ConnectionOwner, ResponseHandler {
  readonly #origin: Origin;
  readonly #settings: TunnelSettings;
  readonly #factory: FactoryOf<P>;
  readonly #done: Deferred<P>;
  #connecting: Deferred<unknown> | null = null;
  #connection: HTTPConnection | null = null;

  constructor(origin: Origin, settings: TunnelSettings, factory: FactoryOf<P>) {
    this.#origin = origin;
    this.#settings = settings;
    this.#factory = factory;
    this.#done = new Deferred<P>(() => {
      this.#connecting?.cancel();
      this.#connection?.transport.abortConnection();
    });
  }

  open(): Deferred<P> {
    this.#connecting = this.#settings.proxy.connect(this);
    this.#connecting.addErrback((failure) => this.failed(failure));
    return this.#done;
  }

  doStart(): void {}

  doStop(): void {}

  buildProtocol(_address: Address): HTTPConnection | null {
    return this.#done.called ? null : new HTTPConnection(this, true, this.#settings.limits);
  }

  connectionReady(connection: HTTPConnection): void {
    this.#connection = connection;
    const { host, port } = this.#origin;
    const target = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    const { headers, timeouts } = this.#settings;
    connection.send(
      new ClientRequest("CONNECT", target, target, headers, null, null, timeouts, target),
      this,
    );
  }

  connectionIdle(connection: HTTPConnection): void {
    connection.close();
  }

  connectionGone(): void {}

  responded(response: ClientResponse): void {
    if (this.#done.called) {
      response.abort();
      return;
    }
    if (response.code < 200 || response.code > 299) {
      response.abort();
      this.#done.errback(new ProxyError(response.code, response.phrase));
      return;
    }
    const { tls } = this.#settings;
    if (tls !== null && this.#connection!.buffered > 0) { // it would be taken for what comes under TLS
      response.abort();
      this.#done.errback(
        new BadResponse("The proxy sent something in plain text after it had opened the tunnel"),
      );
      return;
    }
    const transport = this.#connection!.transport;
    const protocol = this.#factory.buildProtocol(transport.getPeer());
    if (protocol === null) {
      response.abort();
      this.#done.errback(new NoProtocol());
      return;
    }
    this.#done.callback(protocol);
    response.upgrade(tls === null ? protocol : new Secured(protocol, tls, this.#origin.host));
  }

  failed(failure: Failure): void {
    if (!this.#done.called) this.#done.errback(failure);
  }
}

/** Turns TLS on before its protocol is told of the connection. */
class Secured implements StreamProtocol {
  readonly borrowsData: boolean;
  readonly #protocol: StreamProtocol;
  readonly #tls: TLSClientOptions;
  readonly #host: string;

  constructor(protocol: StreamProtocol, tls: TLSClientOptions, host: string) {
    this.borrowsData = protocol.borrowsData === true;
    this.#protocol = protocol;
    this.#tls = tls;
    this.#host = host;
  }

  makeConnection(transport: Transport): void {
    transport.startTLS({ hostname: this.#host, alpnProtocols: ["http/1.1"], ...this.#tls });
    return this.#protocol.makeConnection(transport);
  }

  dataReceived(data: Uint8Array): void {
    return this.#protocol.dataReceived(data);
  }

  connectionLost(reason: Failure): void {
    this.#protocol.connectionLost(reason);
  }
}
