/**
 * Node's sockets. They work under Deno too, which takes its TLS from here.
 * @module
 */
import { lookup } from "node:dns";
import { connect, createServer, type Server, type Socket } from "node:net";
import { type Address, hostAndPort, ipAddress, UNIXAddress } from "../core/addresses.ts";
import { asciiHost } from "../core/ascii_host.ts";
import { DNSLookupError, NotSupportedError } from "../core/errors.ts";
import type { Accepted, Dialling, HostListener, HostNetwork, HostStream } from "../core/host_network.ts";
import type {
  ListenTCPOptions,
  ListenUNIXOptions,
  TLSClientOptions,
  TLSServerOptions,
} from "../core/interfaces.ts";
import { checkCertificates, checkClientCertificate } from "./check_certificate.ts";
import { NodeStream } from "./node_stream.ts";
import { checkSocketPath, removeStaleSocket, setSocketMode } from "./socket_file.ts";
import { clientTLS, serverTLS } from "./tls.ts";
import { translateConnectError } from "./translate_error.ts";

const DEFAULT_BACKLOG = 511;

/** See {@linkcode HostNetwork}. */
export class NodeNetwork implements HostNetwork {
  listenTCP(port: number, options: ListenTCPOptions, accepted: Accepted): HostListener {
    const { hostname = "0.0.0.0", backlog = DEFAULT_BACKLOG, reusePort = false } = options;
    if (reusePort) throw new NotSupportedError("Cannot share a port: this host has no reusePort");
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: false }, (socket) => {
      accepted(new NodeStream(socket, tcpAddress(socket, "local"), tcpAddress(socket, "remote")));
    });
    return new NodeListener(server, (done) => server.listen({ port, host: hostname, backlog }, done), () => {
      const { address, port } = server.address() as { address: string; port: number };
      return ipAddress("TCP", address, port);
    });
  }

  listenUNIX(path: string, options: ListenUNIXOptions, accepted: Accepted): HostListener {
    checkSocketPath(path);
    if (options.removeStale !== false) removeStaleSocket(path);
    const address = new UNIXAddress(path);
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      accepted(new NodeStream(socket, address, new UNIXAddress("")));
    });
    const { backlog = DEFAULT_BACKLOG, mode = 0o666 } = options;
    return new NodeListener(server, (done) => server.listen({ path, backlog }, done), () => {
      if (!path.startsWith("\0")) setSocketMode(path, mode);
      return address;
    });
  }

  listenFD(fd: number, accepted: Accepted): HostListener {
    if ("Deno" in globalThis) {
      throw new NotSupportedError(
        "Deno cannot listen on a descriptor that it did not open; the reactor on Node can",
      );
    }
    const end = (socket: Socket, which: "local" | "remote"): Address =>
      socket.remoteFamily === undefined ? new UNIXAddress("") : tcpAddress(socket, which);
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      accepted(new NodeStream(socket, end(socket, "local"), end(socket, "remote")));
    });
    return new NodeListener(server, (done) => server.listen({ fd }, done), () => {
      const where = server.address();
      if (where === null || typeof where === "string") return new UNIXAddress(where ?? "");
      return ipAddress("TCP", where.address, where.port);
    });
  }

  connectTCP(host: string, port: number, bindAddress?: { hostname: string; port?: number }): Dialling {
    const socket = connect({
      host,
      port,
      allowHalfOpen: true,
      ...(bindAddress === undefined
        ? {}
        : { localAddress: bindAddress.hostname, localPort: bindAddress.port ?? 0 }),
    });
    return dial(
      socket,
      hostAndPort(host, port),
      () => [tcpAddress(socket, "local"), tcpAddress(socket, "remote")],
    );
  }

  connectUNIX(path: string): Dialling {
    checkSocketPath(path);
    const socket = connect({ path, allowHalfOpen: true });
    return dial(socket, `${new UNIXAddress(path)}`, () => [new UNIXAddress(""), new UNIXAddress(path)]);
  }

  checkTLS(options: TLSServerOptions): void {
    checkCertificates(options);
  }

  serveTLS(stream: HostStream, options: TLSServerOptions): Promise<HostStream> {
    return serverTLS(stream, options);
  }

  connectTLS(stream: HostStream, options: TLSClientOptions): Promise<HostStream> {
    try {
      checkClientCertificate(options);
    } catch (error) {
      stream.close();
      return Promise.reject(error);
    }
    const { hostname } = options;
    return clientTLS(
      stream,
      hostname === undefined ? options : { ...options, hostname: asciiHost(hostname) },
    );
  }

  resolve(name: string): Promise<string[]> {
    return new Promise((resolve, reject) => {
      lookup(name, { all: true }, (error, found) => {
        if (error) {
          reject(
            new DNSLookupError(`Cannot find the address of ${name}: ${error.message}`, { cause: error }),
          );
        } else resolve(found.map(({ address }) => address));
      });
    });
  }
}

class NodeListener implements HostListener {
  readonly ready: Promise<void>;
  #address: Address | null = null;

  constructor(readonly server: Server, listen: (done: () => void) => void, addressOf: () => Address) {
    this.ready = new Promise((resolve, reject) => {
      server.once("error", reject);
      listen(() => {
        server.off("error", reject);
        server.on("error", () => {}); // accepting failed: the next attempt may not
        try {
          this.#address = addressOf();
          resolve();
        } catch (error) {
          server.close();
          reject(error);
        }
      });
    });
  }

  get address(): Address {
    return this.#address!;
  }

  close(): Promise<void> {
    // A server closes once its connections are gone too, and ours live on: it has stopped accepting, which is what counts.
    if (this.#address !== null) {
      this.server.close();
      return Promise.resolve();
    }
    // One that is closed before it is bound would never say that it is: that is waited for.
    return this.ready.then(() => void this.server.close(), () => {});
  }
}

function dial(socket: Socket, where: string, ends: () => [Address, Address]): Dialling {
  const stream = new Promise<HostStream>((resolve, reject) => {
    const failed = (error: Error) => reject(translateConnectError(error, where));
    socket.once("error", failed);
    socket.once("connect", () => {
      socket.off("error", failed);
      const [local, remote] = ends();
      resolve(new NodeStream(socket, local, remote));
    });
  });
  stream.catch(() => {}); // after a cancel nobody listens
  return {
    stream,
    cancel: () => {
      socket.on("error", () => {});
      socket.destroy();
    },
  };
}

function tcpAddress(socket: Socket, end: "local" | "remote"): Address {
  const host = end === "local" ? socket.localAddress : socket.remoteAddress;
  const port = end === "local" ? socket.localPort : socket.remotePort;
  return ipAddress("TCP", host ?? "", port ?? 0);
}
