/**
 * The kinds of endpoint that need more of the host than sockets: certificates from files, standard input and output.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Deferred } from "@ropewalk/deferred";
import { NoProtocol, NotSupportedError } from "../core/errors.ts";
import { inheritedSockets } from "../core/listen_fds.ts";
import { AdoptedStreamServerEndpoint, type AdoptingReactor } from "../core/endpoints/adopted.ts";
import type { Description } from "../core/endpoints/description.ts";
import type { ServerEndpoint } from "../core/endpoints/endpoint.ts";
import {
  clientFromString,
  connectOptions,
  given,
  registerEndpointParser,
} from "../core/endpoints/from_string.ts";
import { HostnameEndpoint } from "../core/endpoints/hostname_endpoint.ts";
import { SSL4ClientEndpoint, SSL4ServerEndpoint, wrapClientTLS } from "../core/endpoints/tls.ts";
import type {
  ListeningPort,
  ProtocolFactory,
  Reactor,
  StreamProtocol,
  TLSClientOptions,
} from "../core/interfaces.ts";
import { ReactorBase } from "../core/reactor_base.ts";
import { StreamConnection } from "../core/stream_connection.ts";
import { NodeNetwork } from "./node_network.ts";
import { STDIO, StdioStream } from "./stdio.ts";

/** Serves one protocol on standard input and output. */
export class StandardIOEndpoint implements ServerEndpoint {
  readonly #reactor: Reactor;

  /**
   * Makes one.
   *
   * @param reactor One of this package's.
   */
  constructor(reactor: Reactor) {
    this.#reactor = reactor;
  }

  /** Builds the one protocol. What comes of it is no port: stopping it does nothing. */
  listen(factory: ProtocolFactory): Deferred<ListeningPort> {
    const done = new Deferred<ListeningPort>();
    const reactor: unknown = this.#reactor;
    if (!(reactor instanceof ReactorBase)) {
      done.errback(
        new NotSupportedError("Cannot use standard input: this reactor has nothing of the system's"),
      );
      return done;
    }
    let protocol: StreamProtocol | null;
    try {
      protocol = factory.buildProtocol(STDIO);
    } catch (error) {
      done.errback(error as Error);
      return done;
    }
    if (protocol === null) {
      done.errback(new NoProtocol());
      return done;
    }
    const stream = new StdioStream();
    new StreamConnection(reactor, stream, protocol, new NodeNetwork(), true, null).start();
    const ready = new Deferred<ListeningPort>();
    const stop = (): Deferred<void> => {
      const stopped = new Deferred<void>();
      stopped.callback();
      return stopped;
    };
    const port: ListeningPort = {
      ready,
      startListening() {},
      stopListening: stop,
      getHost: () => stream.localAddress,
      async [Symbol.asyncDispose]() {
        await stop();
      },
    };
    ready.callback(port);
    done.callback(port);
    return done;
  }
}

function adopting(reactor: Reactor): AdoptingReactor {
  if ("adoptStreamPort" in reactor) return reactor as unknown as AdoptingReactor;
  throw new NotSupportedError("Cannot adopt a socket: this reactor has none of the system's");
}

function readPEM(d: Description, name: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new TypeError(
      `Cannot read ${d}: "${name}" is no file that can be read: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}

// A file, or, as Twisted takes it, a directory whose `.pem` files are the authorities.
function readRoots(d: Description, path: string | undefined): string[] | undefined {
  if (path === undefined) return undefined;
  let names: string[];
  try {
    names = readdirSync(path);
  } catch { // no directory
    return [readPEM(d, "trustRoots", path)!];
  }
  const roots = names.filter((name) => /\.pem$/i.test(name)).sort();
  if (roots.length > 0) return roots.map((name) => readPEM(d, "trustRoots", join(path, name))!);
  throw new TypeError(`Cannot read ${d}: "trustRoots" is a directory without a .pem file`);
}

function clientTLS(d: Description): Partial<TLSClientOptions> {
  const roots = readRoots(d, d.option("trustRoots") ?? d.option("caCertsDir"));
  const cert = readPEM(d, "certificate", d.option("certificate") ?? d.option("certKey"));
  const key = readPEM(d, "privateKey", d.option("privateKey"));
  return given({ ca: roots, cert, key: key ?? cert });
}

function listenTLS(reactor: Reactor, d: Description): SSL4ServerEndpoint {
  const port = d.needPort();
  const keyPath = d.take("privateKey") ?? "server.pem";
  const key = readPEM(d, "privateKey", keyPath)!;
  const certPath = d.take("certKey") ?? keyPath;
  const chain = readPEM(d, "extraCertChain", d.option("extraCertChain"));
  const own = readPEM(d, "certKey", certPath)!;
  const cert = chain === undefined ? own : `${own}\n${chain}`; // a file need not end its last line
  const hostname = d.option("interface") || undefined; // empty: all of them, as in Twisted
  const options = given({ hostname, backlog: d.numberOption("backlog") });
  return new SSL4ServerEndpoint(reactor, port, { cert, key }, options);
}

// By number, or by the name that its unit gives it.
function systemdSocket(d: Description): number {
  const domain = d.take("domain");
  if (domain !== undefined && !["INET", "INET6", "UNIX"].includes(domain)) {
    throw new TypeError(`Cannot read ${d}: "domain" is INET, INET6 or UNIX`);
  }
  const index = d.takeNumber("index");
  const name = d.take("name");
  if ((index === undefined) === (name === undefined)) {
    throw new TypeError(`Cannot read ${d}: it needs either "index" or "name"`);
  }
  const sockets = inheritedSockets((variable) => process.env[variable], process.pid);
  const socket = index === undefined ? sockets.find((socket) => socket.name === name) : sockets[index];
  if (socket !== undefined) return socket.fd;
  throw new TypeError(
    `Cannot read ${d}: this process was handed ${sockets.length} sockets, and not this one`,
  );
}

/** Adds the kinds `ssl`, `tls`, `stdio`, `fd` and `systemd`. */
export function registerHostEndpoints(): void {
  registerEndpointParser("ssl", {
    client: (reactor, d) =>
      new SSL4ClientEndpoint(
        reactor,
        ...d.needHostAndPort(),
        { ...clientTLS(d), ...given({ hostname: d.option("hostname") }) },
        connectOptions(d),
      ),
    server: listenTLS,
  });
  registerEndpointParser("tls", {
    client: (reactor, d) => {
      const [host, port] = d.needHostAndPort();
      const options = connectOptions(d, true);
      const tls = { hostname: d.option("hostname") ?? host, ...clientTLS(d) };
      const inner = d.option("endpoint"); // as in Twisted: the host is then only the name that is verified
      return wrapClientTLS(
        tls,
        inner === undefined
          ? new HostnameEndpoint(reactor, host, port, options)
          : clientFromString(reactor, inner),
      );
    },
    server: listenTLS,
  });
  registerEndpointParser("fd", {
    server: (reactor, d) => new AdoptedStreamServerEndpoint(adopting(reactor), d.needPort("fd")),
  });
  registerEndpointParser("systemd", {
    server: (reactor, d) => new AdoptedStreamServerEndpoint(adopting(reactor), systemdSocket(d)),
  });
  registerEndpointParser("stdio", { server: (reactor) => new StandardIOEndpoint(reactor) });
}
