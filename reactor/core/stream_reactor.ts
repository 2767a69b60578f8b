/**
 * `StreamReactor`: a whole reactor over what a host offers.
 * @module
 */
import { Deferred } from "@ropewalk/deferred";
import { ipAddress, PipeAddress, UNIXAddress } from "./addresses.ts";
import { NotSupportedError } from "./errors.ts";
import type { Accepted, HostListener, HostNetwork, HostStream } from "./host_network.ts";
import type {
  ClientProtocolFactory,
  Connector,
  ConnectTCPOptions,
  DatagramHandler,
  DatagramTransport,
  ListeningPort,
  ListenTCPOptions,
  ListenUDPOptions,
  ListenUNIXOptions,
  ProtocolFactory,
  Reactor,
  ReactorUNIXDatagram,
  TLSClientOptions,
  TLSServerOptions,
} from "./interfaces.ts";
import { type HostClock, ReactorBase } from "./reactor_base.ts";
import { type ConnectorKind, StreamConnector } from "./stream_connector.ts";
import { type PortKind, StreamPort } from "./stream_port.ts";

/** How long an attempt to connect may take, by default. */
const CONNECT_SECONDS = 30;
/** How long a client may take over its TLS handshake. */
const HANDSHAKE_SECONDS = 30;

/** A reactor whose sockets are the host's. */
export abstract class StreamReactor extends ReactorBase implements Reactor, ReactorUNIXDatagram {
  readonly #network: HostNetwork;

  /**
   * Makes one.
   *
   * @param clock The host's clock.
   * @param network The host's sockets.
   */
  constructor(clock: HostClock, network: HostNetwork) {
    super(clock);
    this.#network = network;
  }

  /**
   * The addresses of a host, as the system knows them, preferred first.
   *
   * @param name A name, or an address.
   * @returns Fails with `DNSLookupError`.
   */
  resolveHost(name: string): Deferred<string[]> {
    return Deferred.fromPromise(this.#network.resolve(name));
  }

  /** Listens on a TCP port. */
  listenTCP(port: number, factory: ProtocolFactory, options: ListenTCPOptions = {}): ListeningPort {
    return this.#listen(factory, this.#tcp("tcp", port, options));
  }

  /**
   * As {@linkcode listenTCP}, under TLS: protocols are built once the handshake is through.
   *
   * @throws {CannotListenError} At once if the certificate or its key is of no use, too.
   */
  listenTLS(
    port: number,
    factory: ProtocolFactory,
    tls: TLSServerOptions,
    options: ListenTCPOptions = {},
  ): ListeningPort {
    const prepare = (stream: HostStream): Promise<HostStream> => {
      const late = this.callLater(HANDSHAKE_SECONDS, () => stream.close());
      return this.#network.serveTLS(stream, tls).finally(() => late.active() && late.cancel());
    };
    const kind = this.#tcp("tls", port, options);
    const listen = (accepted: Accepted): HostListener => {
      this.#network.checkTLS(tls);
      return kind.listen(accepted);
    };
    return this.#listen(factory, { ...kind, listen, prepare });
  }

  /** Listens on a UNIX socket. */
  listenUNIX(path: string, factory: ProtocolFactory, options: ListenUNIXOptions = {}): ListeningPort {
    return this.#listen(factory, {
      name: "unix",
      wanted: new UNIXAddress(path),
      where: { host: "", port: path },
      listen: (accepted) => this.#network.listenUNIX(path, options, accepted),
    });
  }

  /**
   * Listens on a stream socket that somebody else has opened, such as systemd. The port owns it from then on.
   *
   * @param fd The number of the socket.
   * @throws {NotSupportedError} On Deno, which cannot.
   */
  adoptStreamPort(fd: number, factory: ProtocolFactory): ListeningPort {
    return this.#listen(factory, {
      name: "fd",
      wanted: new PipeAddress(`fd ${fd}`),
      where: { host: "", port: `fd ${fd}` },
      listen: (accepted) => this.#network.listenFD(fd, accepted),
    });
  }

  /** Connects over TCP. */
  connectTCP(
    host: string,
    port: number,
    factory: ProtocolFactory | ClientProtocolFactory,
    options: ConnectTCPOptions = {},
  ): Connector {
    return this.#connect(factory, this.#dial(host, port, options));
  }

  /** As {@linkcode connectTCP}, under TLS: the protocol is built once the handshake is through. */
  connectTLS(
    host: string,
    port: number,
    factory: ProtocolFactory | ClientProtocolFactory,
    tls: TLSClientOptions = {},
    options: ConnectTCPOptions = {},
  ): Connector {
    const prepare = (stream: HostStream): Promise<HostStream> =>
      this.#network.connectTLS(stream, { hostname: host, ...tls });
    return this.#connect(factory, { ...this.#dial(host, port, options), prepare });
  }

  /** Connects to a UNIX socket. */
  connectUNIX(
    path: string,
    factory: ProtocolFactory | ClientProtocolFactory,
    options: { timeoutSeconds?: number } = {},
  ): Connector {
    return this.#connect(factory, {
      destination: new UNIXAddress(path),
      timeoutSeconds: options.timeoutSeconds ?? CONNECT_SECONDS,
      dial: () => this.#network.connectUNIX(path),
    });
  }

  /**
   * Always refused. Node has no UNIX datagrams. Deno has, but a socket of its own answers "already in use" to a send
   * while a receive waits, and a receive cannot be taken back but by closing; a second socket to send from would have
   * another address, so that nobody could answer.
   *
   * @throws {NotSupportedError} On every host.
   */
  listenUNIXDatagram(path: string, _protocol: unknown, _options?: unknown): never {
    throw noUNIXDatagrams(path);
  }

  /** As {@linkcode listenUNIXDatagram}. */
  connectUNIXDatagram(path: string, _protocol: unknown, _options?: unknown): never {
    throw noUNIXDatagrams(path);
  }

  /** Binds a UDP port. */
  abstract listenUDP(port: number, protocol: DatagramHandler, options?: ListenUDPOptions): DatagramTransport;

  /** Binds a UDP port for multicast. */
  abstract listenMulticast(
    port: number,
    protocol: DatagramHandler,
    options?: ListenUDPOptions & { listenMultiple?: boolean },
  ): DatagramTransport;

  #tcp(name: string, port: number, options: ListenTCPOptions): PortKind {
    const host = options.hostname ?? "0.0.0.0";
    checkPort(port);
    return {
      name,
      wanted: ipAddress("TCP", host, port),
      where: { host, port },
      listen: (accepted) => this.#network.listenTCP(port, options, accepted),
    };
  }

  #dial(host: string, port: number, options: ConnectTCPOptions): ConnectorKind {
    checkPort(port);
    return {
      destination: ipAddress("TCP", host, port),
      timeoutSeconds: options.timeoutSeconds ?? CONNECT_SECONDS,
      dial: () => this.#network.connectTCP(host, port, options.bindAddress),
    };
  }

  #listen(factory: ProtocolFactory, kind: PortKind): ListeningPort {
    const port = new StreamPort(this, factory, kind, this.#network);
    port.startListening();
    return port;
  }

  #connect(factory: ProtocolFactory | ClientProtocolFactory, kind: ConnectorKind): Connector {
    const connector = new StreamConnector(this, factory, kind, this.#network);
    connector.connect();
    return connector;
  }
}

function noUNIXDatagrams(path: string): NotSupportedError {
  return new NotSupportedError(
    `Cannot use UNIX datagrams at ${new UNIXAddress(
      path,
    )}: neither Node nor Deno can send and receive on one socket; ` +
      "UNIX streams (listenUNIX) and UDP on 127.0.0.1 (listenUDP) work",
  );
}

function checkPort(port: number): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`Cannot use port ${port}: a port is a whole number from 0 to 65535`);
  }
}
