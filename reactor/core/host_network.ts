/**
 * What a host has to offer, so that {@linkcode StreamReactor} can do the rest. The two hosts and their differences live
 * below this line; everything above it is the same on both.
 * @module
 */
import type { Address } from "./addresses.ts";
import type {
  ListenTCPOptions,
  ListenUNIXOptions,
  PeerCertificate,
  TLSClientOptions,
  TLSServerOptions,
} from "./interfaces.ts";

/** One stream connection of the host. There is one read and one write in flight at most. */
export interface HostStream {
  /** Our end. */
  readonly localAddress: Address;
  /** The far end. */
  readonly remoteAddress: Address;
  /** What TLS agreed on; absent on a plain connection. */
  readonly tls?: TLSFacts | undefined;
  /** Fills some of `buffer`; `null` at the end of input. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Sends some of `data`, which is left alone until then; the number of bytes sent. */
  write(data: Uint8Array): Promise<number>;
  /** Ends the sending side. */
  closeWrite(): Promise<void>;
  /** Closes; what waits on `read` or `write` fails. */
  close(): void;
  /** Closes without a farewell, where the host can. */
  abort?(): void;
  /** Nagle's algorithm off or on. */
  setNoDelay?(on: boolean): void;
  /** Probes of an idle connection. */
  setKeepAlive?(on: boolean): void;
}

/** What a TLS handshake agreed on. */
export interface TLSFacts {
  /** What ALPN chose. */
  readonly negotiatedProtocol: string | null;
  /** The peer's certificate, if it showed one. */
  peerCertificate(): PeerCertificate | null;
}

/** A socket that listens. */
export interface HostListener {
  /** Where; valid once `ready` is through. */
  readonly address: Address;
  /** When the socket is bound; `null` where it is already. */
  readonly ready: Promise<void> | null;
  /** Stops accepting; resolves when the socket is closed. */
  close(): Promise<void>;
}

/** An attempt to connect. */
export interface Dialling {
  /** The connection, or why there is none: an error of this package. */
  readonly stream: Promise<HostStream>;
  /** Gives it up; `stream` is then nobody's business any more. */
  cancel(): void;
}

/** Takes the connections that a port accepts. */
export type Accepted = (stream: HostStream) => void;

/** A host's sockets. */
export interface HostNetwork {
  /** Listens on TCP. Throws, or fails `ready`, with what the system says. */
  listenTCP(port: number, options: ListenTCPOptions, accepted: Accepted): HostListener;
  /** Listens on a UNIX socket. */
  listenUNIX(path: string, options: ListenUNIXOptions, accepted: Accepted): HostListener;
  /** Listens on a socket that was inherited; throws `NotSupportedError` where the host cannot. */
  listenFD(fd: number, accepted: Accepted): HostListener;
  /** Connects over TCP. */
  connectTCP(host: string, port: number, bindAddress?: { hostname: string; port?: number }): Dialling;
  /** Connects to a UNIX socket. */
  connectUNIX(path: string): Dialling;
  /** Throws `TLSError` if a server's certificates and keys are of no use. */
  checkTLS(options: TLSServerOptions): void;
  /** Does a TLS handshake over a connection; fails with `TLSError`. */
  serveTLS(stream: HostStream, options: TLSServerOptions): Promise<HostStream>;
  /** The client's side of it. */
  connectTLS(stream: HostStream, options: TLSClientOptions): Promise<HostStream>;
  /** The addresses of a name, preferred first; fails with `DNSLookupError`. */
  resolve(name: string): Promise<string[]>;
}
