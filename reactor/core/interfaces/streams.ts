/**
 * The streams that a reactor offers: TCP, TLS and UNIX sockets.
 * @module
 */
import type { Connector, ListeningPort } from "./ports.ts";
import type { TLSClientOptions, TLSServerOptions } from "./tls_options.ts";
import type { ClientProtocolFactory, ProtocolFactory } from "./transports.ts";

/** Options of {@linkcode ReactorTCP.listenTCP}. */
export interface ListenTCPOptions {
  /** How many connections may wait to be accepted. @default 511 */
  backlog?: number;
  /** The address to bind. @default "0.0.0.0" */
  hostname?: string;
  /** Whether several processes may listen on the port (needs Deno's unstable net flag). @default false */
  reusePort?: boolean;
}

/** Options of {@linkcode ReactorTCP.connectTCP}. */
export interface ConnectTCPOptions {
  /** How long the attempt may take. @default 30 */
  timeoutSeconds?: number;
  /** The local address to connect from. */
  bindAddress?: { hostname: string; port?: number };
}

/** TCP. */
export interface ReactorTCP {
  /**
   * Listens on a port.
   *
   * @param port 0 to 65535; 0 lets the system choose.
   * @throws {CannotListenError} At once where the host binds synchronously, else through the port's `ready`.
   */
  listenTCP(port: number, factory: ProtocolFactory, options?: ListenTCPOptions): ListeningPort;
  /** Connects. The factory hears of failure and loss; a plain {@linkcode ProtocolFactory} does not. */
  connectTCP(
    host: string,
    port: number,
    factory: ProtocolFactory | ClientProtocolFactory,
    options?: ConnectTCPOptions,
  ): Connector;
}

/** TLS over TCP. */
export interface ReactorTLS {
  /**
   * As `listenTCP`, under TLS from the first byte.
   *
   * @throws {CannotListenError} Also if a certificate or its key cannot be read, or the key belongs to another one.
   */
  listenTLS(
    port: number,
    factory: ProtocolFactory,
    tls: TLSServerOptions,
    options?: ListenTCPOptions,
  ): ListeningPort;
  /** As `connectTCP`, under TLS from the first byte. The name to verify is `tls.hostname`, by default `host`. */
  connectTLS(
    host: string,
    port: number,
    factory: ProtocolFactory | ClientProtocolFactory,
    tls?: TLSClientOptions,
    options?: ConnectTCPOptions,
  ): Connector;
}

/** Options of {@linkcode ReactorUNIX.listenUNIX}. */
export interface ListenUNIXOptions {
  /** How many connections may wait to be accepted. @default 511 */
  backlog?: number;
  /** Permission bits of the socket file. @default 0o666 */
  mode?: number;
  /** Whether a socket file that nobody listens on is removed first. @default true */
  removeStale?: boolean;
}

/** UNIX stream sockets. */
export interface ReactorUNIX {
  /** Listens on a path; one that begins with a NUL is an abstract name (Linux). */
  listenUNIX(path: string, factory: ProtocolFactory, options?: ListenUNIXOptions): ListeningPort;
  /** Connects to a path. */
  connectUNIX(
    path: string,
    factory: ProtocolFactory | ClientProtocolFactory,
    options?: { timeoutSeconds?: number },
  ): Connector;
}
