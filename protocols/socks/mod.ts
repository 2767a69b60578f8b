/**
 * SOCKS 4, 4a and 5: a server that connects its clients to where they ask, and a client that goes through one.
 *
 * @example
 * ```ts
 * import { Factory } from "@ropewalk/protocols";
 * import { SOCKSServer } from "@ropewalk/protocols/socks";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * function serve(reactor: Reactor) {
 *   const authorize = ({ host }: { host: string }) => host.endsWith(".example.org");
 *   return reactor.listenTCP(1080, Factory.forProtocol(SOCKSServer, { reactor, authorize }));
 * }
 * ```
 *
 * @module
 */
export { SOCKSClient, type SOCKSClientOptions, SOCKSError } from "./client.ts";
export type { SOCKSTarget } from "./codec.ts";
export { SOCKSServer, type SOCKSServerOptions } from "./server.ts";
