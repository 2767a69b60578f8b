/**
 * Deno's own sockets. TLS, and whatever Deno lacks (binding a client's address), comes from its `node:` modules.
 * @module
 */
import { type Address, hostAndPort, ipAddress, UNIXAddress } from "../core/addresses.ts";
import { asciiHost } from "../core/ascii_host.ts";
import { NotSupportedError } from "../core/errors.ts";
import type { Accepted, Dialling, HostListener, HostNetwork, HostStream } from "../core/host_network.ts";
import type {
  ListenTCPOptions,
  ListenUNIXOptions,
  TLSClientOptions,
  TLSServerOptions,
} from "../core/interfaces.ts";
import { NodeNetwork } from "../node/node_network.ts";
import { translateConnectError } from "../node/translate_error.ts";
import { checkSocketPath, removeStaleSocket, setSocketMode } from "../node/socket_file.ts";

const DEFAULT_BACKLOG = 511;
/** How long accepting rests when the system refuses it, as it does without a file descriptor left, in milliseconds. */
const REST = 100;

/** See {@linkcode HostNetwork}. */
export class DenoNetwork implements HostNetwork {
  readonly #node = new NodeNetwork();

  listenTCP(port: number, options: ListenTCPOptions, accepted: Accepted): HostListener {
    const { hostname = "0.0.0.0", backlog = DEFAULT_BACKLOG, reusePort = false } = options;
    if (reusePort && Deno.listenDatagram === undefined) {
      throw new NotSupportedError("Cannot share a port: reusePort needs Deno's flag --unstable-net");
    }
    const wanted = { port, hostname, tcpBacklog: backlog, ...(reusePort ? { reusePort } : {}) };
    const listener = Deno.listen(wanted);
    return new DenoListener(listener, ipAddress("TCP", listener.addr.hostname, listener.addr.port), accepted);
  }

  listenUNIX(path: string, options: ListenUNIXOptions, accepted: Accepted): HostListener {
    checkSocketPath(path);
    if (options.removeStale !== false) removeStaleSocket(path);
    const listener = Deno.listen({ transport: "unix", path });
    const abstract = path.startsWith("\0");
    try {
      if (!abstract) setSocketMode(path, options.mode ?? 0o666);
    } catch (error) {
      listener.close();
      throw error;
    }
    return new DenoListener(listener, new UNIXAddress(path), accepted, abstract ? null : path);
  }

  listenFD(fd: number, accepted: Accepted): HostListener {
    return this.#node.listenFD(fd, accepted);
  }

  connectTCP(host: string, port: number, bindAddress?: { hostname: string; port?: number }): Dialling {
    if (bindAddress !== undefined) return this.#node.connectTCP(host, port, bindAddress);
    const hostname = asciiHost(host);
    return dial((signal) => Deno.connect({ hostname, port, signal }), hostAndPort(host, port));
  }

  connectUNIX(path: string): Dialling {
    checkSocketPath(path);
    return dial(() => Deno.connect({ transport: "unix", path }), `${new UNIXAddress(path)}`);
  }

  checkTLS(options: TLSServerOptions): void {
    this.#node.checkTLS(options);
  }

  serveTLS(stream: HostStream, options: TLSServerOptions): Promise<HostStream> {
    return this.#node.serveTLS(stream, options);
  }

  connectTLS(stream: HostStream, options: TLSClientOptions): Promise<HostStream> {
    return this.#node.connectTLS(stream, options);
  }

  resolve(name: string): Promise<string[]> {
    return this.#node.resolve(name);
  }
}

class DenoListener implements HostListener {
  readonly ready = null;
  #closed = false;
  #accepting: Promise<void> = Promise.resolve();
  readonly #rests = new Set<number>();

  constructor(
    readonly listener: Deno.Listener,
    readonly address: Address,
    readonly accepted: Accepted,
    readonly path: string | null = null,
  ) {
    this.#accept();
  }

  // Deno takes one accept at a time: the next is asked for before anything else is done.
  #accept(): void {
    this.#accepting = this.listener.accept().then(
      (conn) => {
        this.#accept();
        this.accepted(new DenoStream(conn));
      },
      (error) => {
        if (this.#closed) return;
        // A peer that reset before it was accepted is no reason to wait; anything else might come again at once.
        if (error instanceof Deno.errors.NotConnected) {
          this.#accept();
          return;
        }
        const rest = setTimeout(() => {
          this.#rests.delete(rest);
          this.#accept();
        }, REST) as unknown as number;
        this.#rests.add(rest);
      },
    );
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const rest of this.#rests) clearTimeout(rest);
    this.listener.close();
    if (this.path !== null) {
      try {
        Deno.removeSync(this.path);
      } catch { /* somebody was quicker */ }
    }
    return this.#accepting; // the accept in flight holds the socket open until it fails
  }
}

/** A `Deno.Conn`; reading and writing are its own. */
class DenoStream implements HostStream {
  readonly localAddress: Address;
  readonly remoteAddress: Address;
  #closed = false;

  constructor(readonly conn: Deno.Conn) {
    this.localAddress = addressOf(conn.localAddr);
    this.remoteAddress = addressOf(conn.remoteAddr);
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.conn.read(buffer);
  }

  write(data: Uint8Array): Promise<number> {
    return this.conn.write(data);
  }

  closeWrite(): Promise<void> {
    return this.conn.closeWrite();
  }

  close(): void {
    if (this.#closed) return; // a failed handshake closes it, and so does whoever began the handshake
    this.#closed = true;
    this.conn.close();
  }

  setNoDelay(on: boolean): void {
    if ("setNoDelay" in this.conn) (this.conn as Deno.TcpConn).setNoDelay(on);
  }

  setKeepAlive(on: boolean): void {
    if ("setKeepAlive" in this.conn) (this.conn as Deno.TcpConn).setKeepAlive(on);
  }
}

function addressOf(address: Deno.Addr): Address {
  if ("hostname" in address) return ipAddress("TCP", address.hostname, address.port);
  return new UNIXAddress("path" in address ? address.path ?? "" : "");
}

function dial(connect: (signal: AbortSignal) => Promise<Deno.Conn>, where: string): Dialling {
  const controller = new AbortController();
  const { signal } = controller;
  // Deno asks a signal once more when the connection is there: one that is given up in that moment would be thrown away
  // open, with its descriptor. So it is not told then, and the connection is closed below.
  signal.throwIfAborted = () => {};
  const stream = connect(signal).then((conn) => {
    if (!signal.aborted) return new DenoStream(conn);
    conn.close();
    throw signal.reason;
  }, (error) => {
    throw translateConnectError(error, where);
  });
  stream.catch(() => {}); // after a cancel nobody listens
  return { stream, cancel: () => controller.abort() };
}
