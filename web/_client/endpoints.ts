/**
 * Ways to a server: over the reactor that was handed in.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import {
  type ClientEndpoint,
  type ClientProtocolFactory,
  type Connector,
  type ConnectTCPOptions,
  connectWith,
  type FactoryOf,
  HostnameEndpoint,
  NotSupportedError,
  type ReactorTCP,
  type ReactorTime,
  type ReactorTLS,
  type ReactorUNIX,
  type ResolvingReactor,
  type StreamProtocol,
  TimeoutError,
  type TLSClientOptions,
} from "@ropewalk/reactor/core";
import { SchemeNotSupported } from "./errors.ts";
import type { Origin } from "./origin.ts";

/** An endpoint out of a reactor's `connect…` method. */
function endpointOf(connect: (factory: ClientProtocolFactory) => Connector): ClientEndpoint {
  return { connect: (factory) => connectWith(connect, factory) };
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

/**
 * What an agent needs of a reactor: time and TCP; TLS and UNIX sockets for those who ask for them. One that resolves
 * names has the addresses of a name tried side by side (RFC 8305); another is asked to connect by name.
 */
export type ClientReactor =
  & ResolvingReactor
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
    return endpointOf((factory) =>
      connectUNIX.call(reactor, socketPath ?? host, factory, timeoutOf(timeoutSeconds))
    );
  }
  const options: ConnectTCPOptions = timeoutOf(timeoutSeconds);
  if (settings.bindAddress !== undefined) options.bindAddress = settings.bindAddress;
  if (scheme === "http") return overTCP(reactor, host, port, options);
  if (scheme !== "https") throw new SchemeNotSupported(scheme);
  const { connectTLS } = reactor;
  if (connectTLS === undefined) throw new NotSupportedError("This reactor has no TLS");
  // The name is what is verified, whichever of its addresses answers.
  const tls = { hostname: host, alpnProtocols: ["http/1.1"], ...settings.tls };
  const connectTCP: ReactorTCP["connectTCP"] = (address, port, factory, options) =>
    connectTLS.call(reactor, address, port, factory, tls, options);
  return overTCP(
    {
      connectTCP,
      seconds: () => reactor.seconds(),
      callLater: (seconds, f, ...args) => reactor.callLater(seconds, f, ...args),
      getDelayedCalls: () => reactor.getDelayedCalls(),
      ...(reactor.resolveHost && { resolveHost: (name: string) => reactor.resolveHost!(name) }),
    },
    host,
    port,
    options,
  );
}

function overTCP(
  reactor: ResolvingReactor,
  host: string,
  port: number,
  options: ConnectTCPOptions,
): ClientEndpoint {
  if (reactor.resolveHost === undefined || IP_ADDRESS.test(host)) {
    return endpointOf((factory) => reactor.connectTCP(host, port, factory, options));
  }
  return new PromptEndpoint(
    new HostnameEndpoint(reactor, host, port, options),
    reactor,
    options.timeoutSeconds!,
  );
}

/** What `URL` makes of an address: four numbers, or a colon in it. */
const IP_ADDRESS = /:|^\d+\.\d+\.\d+\.\d+$/;

/** Bounds resolving and all attempts together: the time-out of each attempt begins with that attempt. */
class PromptEndpoint implements ClientEndpoint {
  constructor(
    readonly inner: ClientEndpoint,
    readonly reactor: ReactorTime,
    readonly seconds: number,
  ) {}

  connect<P extends StreamProtocol>(factory: FactoryOf<P>): Deferred<P> {
    return this.inner.connect(factory).addTimeout(this.seconds, this.reactor, (): P => {
      throw new TimeoutError();
    });
  }
}

// A time-out that is Infinity means none; reactors take a number of seconds, and a century is enough.
function timeoutOf(seconds: number): { timeoutSeconds: number } {
  return { timeoutSeconds: Math.min(seconds, 3e9) };
}
