/**
 * Ways to a server: over the reactor that was handed in.
 * @module
 */
import { Deferred, type Failure } from "@ropewalk/deferred";
import type {
  Address,
  ClientProtocolFactory,
  Connector,
  ConnectTCPOptions,
  ProtocolFactory,
  ReactorTCP,
  ReactorTime,
  ReactorTLS,
  ReactorUNIX,
  StreamProtocol,
  TLSClientOptions,
} from "@ropewalk/reactor/core";
import { ConnectingCancelledError, NoProtocol, NotSupportedError } from "@ropewalk/reactor/core";
import { SchemeNotSupported } from "./errors.ts";
import type { Origin } from "./origin.ts";

/** A way to one server: any endpoint of `@ropewalk/reactor`. */
export interface ClientEndpoint {
  /**
   * Connects.
   *
   * @param factory Builds the protocol of the connection.
   * @returns Fires with the protocol, or fails. Cancelling it stops the attempt.
   */
  connect(factory: ProtocolFactory): Deferred<StreamProtocol>;
}

/** Says how servers are reached. */
export interface EndpointFactory {
  /**
   * The way to the server of an address.
   *
   * @param uri The address; only its scheme, host and port matter.
   * @throws {SchemeNotSupported} If there is none.
   */
  endpointForURI(uri: URL): ClientEndpoint;
}

/** What an agent needs of a reactor: time and TCP; TLS and UNIX sockets for those who ask for them. */
export type ClientReactor =
  & ReactorTime
  & Pick<ReactorTCP, "connectTCP">
  & Partial<Pick<ReactorTLS, "connectTLS"> & Pick<ReactorUNIX, "connectUNIX">>;

/** What is the same for all connections of an agent. */
export interface ConnectSettings {
  readonly timeoutSeconds: number;
  readonly tls: TLSClientOptions;
  readonly bindAddress: { hostname: string; port?: number } | undefined;
  readonly socketPath: string | undefined;
}

/** The way to an origin. */
export function endpointFor(
  reactor: ClientReactor,
  origin: Origin,
  settings: ConnectSettings,
): ClientEndpoint {
  const { timeoutSeconds, socketPath } = settings;
  const { scheme, host, port } = origin;
  if (socketPath !== undefined || scheme === "http+unix") {
    if (scheme === "https") throw new TypeError("Cannot speak TLS over a UNIX socket: use http");
    const { connectUNIX } = reactor;
    if (connectUNIX === undefined) throw new NotSupportedError("This reactor has no UNIX sockets");
    return new ConnectorEndpoint((factory) =>
      connectUNIX.call(reactor, socketPath ?? host, factory, timeoutOf(timeoutSeconds))
    );
  }
  const options: ConnectTCPOptions = timeoutOf(timeoutSeconds);
  if (settings.bindAddress !== undefined) options.bindAddress = settings.bindAddress;
  if (scheme === "http") {
    return new ConnectorEndpoint((factory) => reactor.connectTCP(host, port, factory, options));
  }
  if (scheme !== "https") throw new SchemeNotSupported(scheme);
  const { connectTLS } = reactor;
  if (connectTLS === undefined) throw new NotSupportedError("This reactor has no TLS");
  const tls = { hostname: host, alpnProtocols: ["http/1.1"], ...settings.tls };
  return new ConnectorEndpoint((factory) => connectTLS.call(reactor, host, port, factory, tls, options));
}

// A time-out that is Infinity means none; reactors take a number of seconds, and a century is enough.
function timeoutOf(seconds: number): { timeoutSeconds: number } {
  return { timeoutSeconds: Math.min(seconds, 3e9) };
}

/** An endpoint out of a reactor's `connect…` method. */
export class ConnectorEndpoint implements ClientEndpoint {
  readonly #connect: (factory: ClientProtocolFactory) => Connector;

  constructor(connect: (factory: ClientProtocolFactory) => Connector) {
    this.#connect = connect;
  }

  connect(factory: ProtocolFactory): Deferred<StreamProtocol> {
    const attempt = new Attempt(factory);
    try {
      attempt.connector = this.#connect(attempt);
    } catch (error) {
      if (!attempt.done.called) attempt.done.errback(error as Error);
    }
    return attempt.done;
  }
}

// Fires as soon as the protocol is built: its own makeConnection is what users here wait for.
class Attempt implements ClientProtocolFactory {
  readonly done: Deferred<StreamProtocol>;
  connector: Connector | null = null;
  readonly #factory: ProtocolFactory;
  #cancelled = false;

  constructor(factory: ProtocolFactory) {
    this.#factory = factory;
    this.done = new Deferred<StreamProtocol>(() => {
      this.#cancelled = true;
      this.connector?.stopConnecting();
    });
  }

  doStart(): void {
    this.#factory.doStart();
  }

  doStop(): void {
    this.#factory.doStop();
  }

  startedConnecting(): void {}

  buildProtocol(address: Address): StreamProtocol | null {
    if (this.done.called) return null;
    const protocol = this.#factory.buildProtocol(address);
    if (protocol === null) this.done.errback(new NoProtocol());
    else this.done.callback(protocol);
    return protocol;
  }

  clientConnectionFailed(connector: Connector, reason: Failure): void {
    if (this.done.called) return;
    this.done.errback(this.#cancelled ? new ConnectingCancelledError(connector.getDestination()) : reason);
  }

  clientConnectionLost(): void {}
}
