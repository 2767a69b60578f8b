/**
 * Protocols and factories that note what they hear, and can be waited for.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import { Deferred, setErrorReporter } from "@ropewalk/deferred";
import type { IPv4Address } from "../core/addresses.ts";
import type {
  ClientProtocolFactory,
  Connector,
  ListeningPort,
  ProtocolFactory,
  Reactor,
  ReactorTime,
  StreamProtocol,
  TLSClientOptions,
  TLSServerOptions,
  Transport,
} from "../core/interfaces.ts";

const decoder = new TextDecoder("latin1");

/** Notes what it hears. */
export class Recorder implements StreamProtocol {
  transport!: Transport;
  received = "";
  reason: unknown = null;
  losses = 0;
  readonly connected = new Deferred<this>();
  readonly lost = new Deferred<unknown>();
  #waiting: [string, Deferred<void>][] = [];

  makeConnection(transport: Transport): void {
    this.transport = transport;
    this.connectionMade();
    this.connected.callback(this);
  }

  connectionMade(): void {}

  dataReceived(data: Uint8Array): void {
    this.received += decoder.decode(data);
    this.#waiting = this.#waiting.filter(([text, d]) => {
      if (!this.received.includes(text)) return true;
      d.callback();
      return false;
    });
  }

  connectionLost(reason: Failure): void {
    this.losses++;
    this.reason = reason.value;
    this.lost.callback(reason.value);
    for (const [text, d] of this.#waiting) {
      d.errback(new Error(`lost (${reason.value}) before "${text}" came; there was "${this.received}"`));
    }
  }

  /** Fires when this text has come. */
  heard(text: string): Deferred<void> {
    const d = new Deferred<void>();
    if (this.received.includes(text)) d.callback();
    else this.#waiting.push([text, d]);
    return d;
  }
}

/** One that can be told of half-closed connections. */
export class HalfClosing extends Recorder {
  readonly readLost = new Deferred<void>();
  readonly writeLost = new Deferred<void>();

  readConnectionLost(): void {
    this.readLost.callback();
  }

  writeConnectionLost(): void {
    this.writeLost.callback();
  }
}

/** A factory of one kind of protocol. */
export class Recorders<P extends Recorder = Recorder> implements ProtocolFactory {
  readonly built: P[] = [];
  starts = 0;
  stops = 0;
  #waiting: Deferred<P>[] = [];
  readonly #make: () => P;

  constructor(make: () => P = () => new Recorder() as P) {
    this.#make = make;
  }

  doStart(): void {
    this.starts++;
  }

  doStop(): void {
    this.stops++;
  }

  buildProtocol(_address: unknown): StreamProtocol | null {
    const protocol = this.#make();
    this.built.push(protocol);
    for (const d of this.#waiting.splice(0)) protocol.connected.addCallback(() => d.callback(protocol));
    return protocol;
  }

  /** The next protocol, once it is connected. */
  next(): Deferred<P> {
    const d = new Deferred<P>();
    this.#waiting.push(d);
    return d;
  }
}

/** A client's factory. */
export class ClientRecorders<P extends Recorder = Recorder> extends Recorders<P>
  implements ClientProtocolFactory {
  readonly failed = new Deferred<unknown>();
  readonly gone = new Deferred<unknown>();
  readonly events: string[] = [];

  startedConnecting(_connector: Connector): void {
    this.events.push("started");
  }

  clientConnectionFailed(_connector: Connector, reason: Failure): void {
    this.events.push("failed");
    this.failed.callback(reason.value);
  }

  clientConnectionLost(_connector: Connector, reason: Failure): void {
    this.events.push("lost");
    this.gone.callback(reason.value);
  }
}

/** Both ends of a connection. */
export interface Pair<S extends Recorder, C extends Recorder> {
  server: S;
  client: C;
  port: ListeningPort;
  clients: ClientRecorders<C>;
  /** Ends it all. */
  close(): Promise<void>;
}

/** The number of a port. */
export function portOf(port: ListeningPort): number {
  return (port.getHost() as IPv4Address).port;
}

/** How the two ends of a connection come together; over TCP where nothing else is said. */
export interface Ways {
  readonly listen?: (factory: ProtocolFactory) => ListeningPort;
  readonly connect?: (port: ListeningPort, factory: ClientProtocolFactory) => Connector;
}

/** Over TLS. */
export function overTLS(reactor: Reactor, server: TLSServerOptions, client: TLSClientOptions): Ways {
  return {
    listen: (factory) => reactor.listenTLS(0, factory, server, { hostname: "127.0.0.1" }),
    connect: (port, factory) => reactor.connectTLS("127.0.0.1", portOf(port), factory, client),
  };
}

/** Connects two protocols over TCP, or in another way. */
export async function connected<S extends Recorder = Recorder, C extends Recorder = Recorder>(
  reactor: Reactor,
  makeServer: () => S = () => new Recorder() as S,
  makeClient: () => C = () => new Recorder() as C,
  ways: Ways = {},
): Promise<Pair<S, C>> {
  const servers = new Recorders<S>(makeServer);
  const clients = new ClientRecorders<C>(makeClient);
  const listen = ways.listen ?? ((factory) => reactor.listenTCP(0, factory, { hostname: "127.0.0.1" }));
  const connect = ways.connect ?? ((port, factory) => reactor.connectTCP("127.0.0.1", portOf(port), factory));
  const port = listen(servers);
  await port.ready;
  const nextServer = servers.next();
  const nextClient = clients.next();
  connect(port, clients);
  const failed = clients.failed.addCallback((error) => {
    throw error;
  });
  const client = await Promise.race([nextClient.toPromise(), failed.toPromise()]) as C;
  const server = await nextServer;
  const close = async (): Promise<void> => {
    await port.stopListening();
    for (const end of [client, server]) {
      if (end.losses === 0) end.transport.abortConnection();
    }
    await client.lost;
    await server.lost;
  };
  return { server, client, port, clients, close };
}

/** Keeps the errors that are reported while `f` runs. */
export async function reported(f: () => void | Promise<void>): Promise<unknown[]> {
  const errors: unknown[] = [];
  const previous = setErrorReporter((failure) => void errors.push(failure.value));
  try {
    await f();
  } finally {
    setErrorReporter(previous);
  }
  return errors;
}

/** A Deferred that fires in a later turn, once so many seconds are over. */
export function later(reactor: ReactorTime, seconds = 0): Deferred<void> {
  const d = new Deferred<void>();
  reactor.callLater(seconds, () => d.callback());
  return d;
}
