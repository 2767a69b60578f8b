/**
 * `clientFromString` and `serverFromString`: endpoints out of text that a user can write.
 * @module
 */
import type { ConnectTCPOptions, ListenTCPOptions, Reactor } from "../interfaces.ts";
import { proxyEndpoint } from "../haproxy/endpoint.ts";
import { Description } from "./description.ts";
import type { ClientEndpoint, ServerEndpoint } from "./endpoint.ts";
import { TCP4ClientEndpoint, TCP4ServerEndpoint, TCP6ClientEndpoint, TCP6ServerEndpoint } from "./tcp.ts";
import { UNIXClientEndpoint, UNIXServerEndpoint } from "./unix.ts";

/** Reads the descriptions of one kind. A parser may know how to connect, to listen, or both. */
export interface EndpointParser {
  /** An endpoint to connect to. Arguments are taken from the description; {@linkcode Description.end} is called after. */
  client?(reactor: Reactor, description: Description): ClientEndpoint;
  /** An endpoint to listen at. */
  server?(reactor: Reactor, description: Description): ServerEndpoint;
}

const parsers = new Map<string, EndpointParser>();

/**
 * Adds a kind of endpoint, or replaces one.
 *
 * @param prefix What stands before the first colon.
 * @param parser Reads the rest.
 *
 * @example
 * ```ts
 * import { registerEndpointParser, TCP4ClientEndpoint } from "@ropewalk/reactor/core";
 *
 * registerEndpointParser("local", {
 *   client: (reactor, description) => new TCP4ClientEndpoint(reactor, "127.0.0.1", description.needPort()),
 * });
 * ```
 */
export function registerEndpointParser(prefix: string, parser: EndpointParser): void {
  parsers.set(prefix, parser);
}

/**
 * An endpoint to connect to.
 *
 * @param reactor Does the connecting.
 * @param description `tcp:HOST:PORT`, `unix:PATH`, `tls:HOST:PORT` and others; in keyword form `tcp:host=HOST:port=PORT`,
 * with `timeout=SECONDS`. A `:` inside a value is written `\:`.
 * @throws {RangeError} For a kind that nobody knows.
 * @throws {TypeError} For arguments that are missing, wrong or too many.
 */
export function clientFromString(reactor: Reactor, description: string): ClientEndpoint {
  const parts = new Description(description);
  const make = find(parts, "client");
  const endpoint = make(reactor, parts);
  parts.end();
  return endpoint;
}

/**
 * An endpoint to listen at.
 *
 * @param reactor Does the listening.
 * @param description `tcp:PORT`, `tcp:PORT:interface=ADDRESS`, `unix:PATH` and others.
 * @throws {RangeError} For a kind that nobody knows.
 * @throws {TypeError} For arguments that are missing, wrong or too many.
 */
export function serverFromString(reactor: Reactor, description: string): ServerEndpoint {
  const parts = new Description(description);
  const make = find(parts, "server");
  const endpoint = make(reactor, parts);
  parts.end();
  return endpoint;
}

function find<K extends "client" | "server">(
  description: Description,
  side: K,
): NonNullable<EndpointParser[K]> {
  const make = parsers.get(description.kind)?.[side];
  if (make === undefined) {
    const known = [...parsers].filter(([, parser]) => parser[side]).map(([kind]) => kind);
    throw new RangeError(
      `Unknown endpoint type: "${description.kind}" in ${description}; a ${side} knows ${known.join(", ")}`,
    );
  }
  return make;
}

/** Fields whose value is known; an option that was not given is left out. */
export function given<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

/** Time-out and local address; for `tls` they go by their place too, as in Twisted. */
export function connectOptions(description: Description, byPlace = false): ConnectTCPOptions {
  const timeoutSeconds = byPlace ? description.takeSeconds("timeout") : description.secondsOption("timeout");
  const hostname = byPlace ? description.take("bindAddress") : description.option("bindAddress");
  return given({ timeoutSeconds, bindAddress: hostname ? { hostname } : undefined });
}

function listenOptions(description: Description): ListenTCPOptions {
  return given({
    hostname: description.take("interface") || undefined, // empty: all of them, as in Twisted
    backlog: description.takeNumber("backlog"),
  });
}

registerEndpointParser("tcp", {
  client: (reactor, d) => new TCP4ClientEndpoint(reactor, ...d.needHostAndPort(), connectOptions(d)),
  server: (reactor, d) => new TCP4ServerEndpoint(reactor, d.needPort(), listenOptions(d)),
});

registerEndpointParser("tcp6", {
  client: (reactor, d) => new TCP6ClientEndpoint(reactor, ...d.needHostAndPort(), connectOptions(d)),
  server: (reactor, d) => new TCP6ServerEndpoint(reactor, d.needPort(), listenOptions(d)),
});

registerEndpointParser("unix", {
  client: (reactor, d) => {
    const path = d.need("path");
    d.numberOption("lockfile"); // Twisted looks for its lock first; a socket that nobody listens on refuses anyway
    return new UNIXClientEndpoint(reactor, path, given({ timeoutSeconds: d.secondsOption("timeout") }));
  },
  server: (reactor, d) => {
    const path = d.option("address") ?? d.need("path"); // Twisted's name, and that of the client's side
    const mode = d.takeNumber("mode", 8);
    const backlog = d.takeNumber("backlog");
    const lockfile = d.takeNumber("lockfile"); // Twisted locks to know a stale socket file
    const removeStale = lockfile === undefined ? undefined : lockfile !== 0;
    return new UNIXServerEndpoint(reactor, path, given({ mode, backlog, removeStale }));
  },
});

registerEndpointParser("haproxy", {
  server: (reactor, d) => proxyEndpoint(serverFromString(reactor, d.takeRest())),
});
