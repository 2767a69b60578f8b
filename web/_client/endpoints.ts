/**
 * Ways to a server: over the reactor that was handed in.
 * @module
 */
import {
  type ClientEndpoint,
  type ClientProtocolFactory,
  type Connector,
  type ConnectTCPOptions,
  connectWith,
  NotSupportedError,
  type ReactorTCP,
  type ReactorTime,
  type ReactorTLS,
  type ReactorUNIX,
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
    return endpointOf((factory) =>
      connectUNIX.call(reactor, socketPath ?? host, factory, timeoutOf(timeoutSeconds))
    );
  }
  const options: ConnectTCPOptions = timeoutOf(timeoutSeconds);
  if (settings.bindAddress !== undefined) options.bindAddress = settings.bindAddress;
  if (scheme === "http") {
    return endpointOf((factory) => reactor.connectTCP(host, port, factory, options));
  }
  if (scheme !== "https") throw new SchemeNotSupported(scheme);
  const { connectTLS } = reactor;
  if (connectTLS === undefined) throw new NotSupportedError("This reactor has no TLS");
  const tls = { hostname: host, alpnProtocols: ["http/1.1"], ...settings.tls };
  return endpointOf((factory) => connectTLS.call(reactor, host, port, factory, tls, options));
}

// A time-out that is Infinity means none; reactors take a number of seconds, and a century is enough.
function timeoutOf(seconds: number): { timeoutSeconds: number } {
  return { timeoutSeconds: Math.min(seconds, 3e9) };
}
