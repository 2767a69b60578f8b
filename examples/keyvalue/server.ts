/**
 * The whole program but for its command line: one store and its services, on any reactor.
 */
import { type Deferred, inlineCallbacks } from "@ropewalk/deferred";
import type { ListeningPort, ProtocolFactory, Reactor } from "@ropewalk/reactor/core";
import { LineFactory } from "./line_service.ts";
import { KeyValuePBFactory, KeyValueRoot } from "./pb_service.ts";
import { KeyValueStore } from "./store.ts";
import { KeyValueSite } from "./web_service.ts";

export interface ServerOptions {
  host: string;
  linePort: number;
  pbPort: number;
  webPort: number;
  ttlSeconds: number;
}

/** How long requests in progress may take to end, once the server stops. */
const GRACE_SECONDS = 5;

/** A port could not be had. */
export class PortError extends Error {
  constructor(readonly option: string, cause: Error) {
    super(`${cause.message}. Choose another port with ${option}.`, { cause });
  }
}

export class KeyValueServer {
  readonly store: KeyValueStore;
  readonly lines: LineFactory;
  readonly pb: KeyValuePBFactory;
  readonly site: KeyValueSite;
  /** What listens, in the order of `lines`, `pb`, `site`. */
  readonly ports: ListeningPort[] = [];

  constructor(readonly reactor: Reactor, readonly options: ServerOptions) {
    this.store = new KeyValueStore(reactor, options.ttlSeconds);
    this.lines = new LineFactory(this.store);
    this.pb = new KeyValuePBFactory(new KeyValueRoot(this.store));
    this.site = new KeyValueSite(this.store, reactor, [this.lines.stats, this.pb.root.stats]);
  }

  /** Opens the three ports; if one cannot be had, the others are closed again. */
  start(): Deferred<void> {
    return start(this);
  }

  /** Closes the ports, lets requests in progress end, and forgets the keys. */
  stop(): Deferred<void> {
    return stop(this);
  }
}

const start = inlineCallbacks(function* (server: KeyValueServer) {
  const { host, linePort, pbPort, webPort } = server.options;
  const wanted: [number, ProtocolFactory, string][] = [
    [linePort, server.lines, "--line-port"],
    [pbPort, server.pb, "--pb-port"],
    [webPort, server.site, "--web-port"],
  ];
  for (const [port, factory, option] of wanted) {
    try {
      server.ports.push(yield* server.reactor.listenTCP(port, factory, { hostname: host }).ready);
    } catch (error) {
      yield* server.stop();
      throw new PortError(option, error as Error);
    }
  }
});

const stop = inlineCallbacks(function* (server: KeyValueServer) {
  for (const port of server.ports) yield* port.stopListening();
  yield* server.site.drain(GRACE_SECONDS);
  server.store.clear();
});
