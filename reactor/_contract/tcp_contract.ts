/**
 * TCP: ports and connectors.
 * @module
 */
import { CancelledError, type Deferred } from "@ropewalk/deferred";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import {
  CannotListenError,
  ConnectingCancelledError,
  ConnectionDone,
  ConnectionRefusedError,
  NoProtocol,
  NotSupportedError,
  UserError,
} from "../core/errors.ts";
import type { IPv4Address, IPv6Address } from "../core/addresses.ts";
import type { ListeningPort, Reactor } from "../core/interfaces.ts";
import { connectProtocol } from "../core/endpoints/endpoint.ts";
import { TCP4ClientEndpoint, TCP4ServerEndpoint } from "../core/endpoints/tcp.ts";
import { clientFromString } from "../core/endpoints/from_string.ts";
import { cleaning, closing, type Host } from "./contract.ts";
import {
  ClientRecorders,
  connected,
  HalfClosing,
  later,
  portOf,
  Recorder,
  Recorders,
  reported,
} from "./recorder.ts";

const local = { hostname: "127.0.0.1" };

/** Declares the tests. */
export function tcpContract({ name, make, test: declare }: Host): void {
  const test = cleaning(declare);
  test(`${name}: a port is bound when its ready fires, and its factory is started and stopped`, async () => {
    const reactor = make();
    const factory = new Recorders();
    const port = reactor.listenTCP(0, factory, local);
    assertEquals(await port.ready as ListeningPort, port);
    assert(portOf(port) > 0);
    assertEquals([factory.starts, factory.stops], [1, 0]);
    assertEquals(reactor.stats().ports.length, 1);
    await port.stopListening();
    await port.stopListening();
    assertEquals([factory.starts, factory.stops], [1, 1]);
    assertEquals(reactor.stats().ports.length, 0);
  });

  test(`${name}: a port that is taken is CannotListenError, with its address in words`, async () => {
    const reactor = make();
    const port = closing(reactor.listenTCP(0, new Recorders(), local));
    await port.ready;
    let error: unknown;
    try {
      await reactor.listenTCP(portOf(port), new Recorders(), local).ready;
    } catch (thrown) {
      error = thrown;
    }
    assertInstanceOf(error, CannotListenError);
    assert(error.message.includes(`127.0.0.1:${portOf(port)}`), error.message);
  });

  test(`${name}: a port may be stopped before it is bound, by itself or by giving up its endpoint`, async () => {
    const reactor = make();
    const factory = new Recorders();
    const port = reactor.listenTCP(0, factory, local);
    await port.stopListening();
    assertEquals([factory.starts, factory.stops], [1, 1]);
    const listening = new TCP4ServerEndpoint(reactor, 0, local).listen(factory);
    const wasBound = listening.called;
    listening.cancel();
    if (wasBound) await (await listening).stopListening(); // on a host that binds at once
    else await listening.addErrback((failure) => void failure.trap(CancelledError));
    await later(reactor, 0.02);
    assertEquals([factory.starts, factory.stops, reactor.stats().ports], [2, 2, []]);
  });

  test(`${name}: ready goes on giving the port after an endpoint has listened`, async () => {
    const port = closing(await new TCP4ServerEndpoint(make(), 0, local).listen(new Recorders()));
    assertEquals(await port.ready as ListeningPort, port);
  });

  test(`${name}: a port number out of range is refused`, () => {
    assertThrows(() => make().listenTCP(65_536, new Recorders()), RangeError);
    assertThrows(() => make().connectTCP("127.0.0.1", -1, new Recorders()), RangeError);
  });

  test(`${name}: bytes go both ways, and both ends know both addresses`, async () => {
    const pair = await connected(make());
    const { server, client } = pair;
    client.transport.write("ping");
    await server.heard("ping");
    server.transport.writeSequence(["po", new Uint8Array([110, 103])]);
    await client.heard("pong");
    assertEquals(`${client.transport.getPeer()}`, `${pair.port.getHost()}`);
    assertEquals(`${client.transport.getHost()}`, `${server.transport.getPeer()}`);
    client.transport.setTcpKeepAlive(true);
    client.transport.setTcpNoDelay(false);
    await pair.close();
  });

  test(`${name}: figures count connections and bytes`, async () => {
    const reactor = make();
    const pair = await connected(reactor);
    pair.client.transport.write("four");
    await pair.server.heard("four");
    await later(reactor);
    const { connections, connectionsTotal, bytesIn, bytesOut } = reactor.stats();
    assertEquals({ connections, connectionsTotal, bytesIn, bytesOut }, {
      connections: 2,
      connectionsTotal: 2,
      bytesIn: 4,
      bytesOut: 4,
    });
    await pair.close();
    assertEquals(reactor.stats().connections, 0);
  });

  test(`${name}: buildProtocol that returns null or throws refuses the connection, and the port lives on`, async () => {
    const reactor = make();
    const answers = [() => null, () => {
      throw new Error("no");
    }];
    const factory = new Recorders();
    const build = factory.buildProtocol.bind(factory);
    factory.buildProtocol = (address) => (answers.shift() ?? (() => build(address)))();
    const port = closing(reactor.listenTCP(0, factory, local));
    await port.ready;
    const errors = await reported(async () => {
      for (let i = 0; i < 2; i++) {
        const client = new Recorder();
        reactor.connectTCP("127.0.0.1", portOf(port), new ClientRecorders(() => client));
        assert(await client.lost instanceof Error);
      }
    });
    assertEquals(errors.map(String), ["Error: no"]);
    const client = new Recorder();
    await connectProtocol(clientFromString(reactor, `tcp:127.0.0.1:${portOf(port)}`), client);
    client.transport.loseConnection();
    await client.lost;
    while (factory.built.length === 0) await later(reactor);
    await factory.built[0]!.lost;
  });

  test(`${name}: a refused connection is ConnectionRefusedError`, async () => {
    const reactor = make();
    const port = reactor.listenTCP(0, new Recorders(), local);
    await port.ready;
    const number = portOf(port);
    await port.stopListening();
    const factory = new ClientRecorders();
    const connector = reactor.connectTCP("127.0.0.1", number, factory);
    assertEquals(`${connector.getDestination()}`, `127.0.0.1:${number}`);
    assertInstanceOf(await factory.failed, ConnectionRefusedError);
    await later(reactor);
    assertEquals([factory.starts, factory.stops], [1, 1]);
    assertEquals(factory.events, ["started", "failed"]);
  });

  test(`${name}: stopConnecting fails the attempt with UserError, also from startedConnecting`, async () => {
    const reactor = make();
    const port = closing(reactor.listenTCP(0, new Recorders(), local));
    await port.ready;
    for (const early of [true, false]) {
      const factory = new ClientRecorders();
      if (early) factory.startedConnecting = (connector) => connector.stopConnecting();
      const connector = reactor.connectTCP("127.0.0.1", portOf(port), factory);
      if (!early) connector.disconnect();
      assertInstanceOf(await factory.failed, UserError);
      assertEquals(factory.built.length, 0);
    }
    await later(reactor, 0.02); // an attempt that the host cannot stop is closed when it succeeds
  });

  test(`${name}: a connector connects again`, async () => {
    const reactor = make();
    const servers = new Recorders();
    const port = closing(reactor.listenTCP(0, servers, local));
    await port.ready;
    const second = new Recorder();
    const clients = [new Recorder(), second];
    const factory = new ClientRecorders(() => clients.shift()!);
    factory.clientConnectionLost = (connector) => {
      if (clients.length > 0) connector.connect();
    };
    const first = clients[0]!;
    const connector = reactor.connectTCP("127.0.0.1", portOf(port), factory);
    await first.connected;
    first.transport.loseConnection();
    await second.connected;
    assertEquals([factory.starts, factory.stops], [1, 0]);
    connector.disconnect();
    await second.lost;
    assertEquals(factory.stops, 1);
    for (const server of servers.built) await server.lost;
  });

  test(`${name}: connections live on when their port stops listening, and it may listen again`, async () => {
    const reactor = make();
    const pair = await connected(reactor);
    const number = portOf(pair.port);
    await pair.port.stopListening();
    pair.client.transport.write("alive");
    await pair.server.heard("alive");
    const refused = new ClientRecorders();
    reactor.connectTCP("127.0.0.1", number, refused);
    assertInstanceOf(await refused.failed, ConnectionRefusedError);
    pair.port.startListening();
    await pair.port.ready;
    assertThrows(() => pair.port.startListening(), TypeError);
    await pair.close();
  });

  test(`${name}: IPv6 works where the host has it`, async () => {
    const reactor = make();
    const pair = await connected(reactor, undefined, undefined, {
      listen: (factory) => reactor.listenTCP(0, factory, { hostname: "::1" }),
      connect: (port, factory) => reactor.connectTCP("::1", (port.getHost() as IPv6Address).port, factory),
    });
    assertEquals((pair.client.transport.getPeer() as IPv6Address).host, "::1");
    await pair.close();
  });

  test(`${name}: a client may choose its own port`, async () => {
    const reactor = make();
    const free = reactor.listenTCP(0, new Recorders(), local);
    await free.ready;
    const bindAddress = { hostname: "127.0.0.1", port: portOf(free) };
    await free.stopListening();
    const pair = await connected(reactor, undefined, undefined, {
      connect: (port, factory) => reactor.connectTCP("127.0.0.1", portOf(port), factory, { bindAddress }),
    });
    assertEquals((pair.server.transport.getPeer() as IPv4Address).port, bindAddress.port);
    await pair.close();
  });

  test(`${name}: an endpoint says through its Deferred what goes wrong: no protocol, no port, a cancel`, async () => {
    const reactor = make();
    const failure = async (d: Deferred<unknown>): Promise<unknown> => {
      let error: unknown;
      await d.addErrback((failure) => void (error = failure.value));
      return error;
    };
    const servers = new Recorders();
    const port = closing(await new TCP4ServerEndpoint(reactor, 0, local).listen(servers));
    const taken = new TCP4ServerEndpoint(reactor, portOf(port), local).listen(new Recorders());
    assertInstanceOf(await failure(taken), CannotListenError);

    const client = new TCP4ClientEndpoint(reactor, "127.0.0.1", portOf(port));
    const nobody = { doStart() {}, doStop() {}, buildProtocol: () => null };
    assertInstanceOf(await failure(client.connect(nobody)), NoProtocol);
    const faulty = {
      ...nobody,
      buildProtocol(): never {
        throw new Error("built wrongly");
      },
    };
    assertEquals(String(await failure(client.connect(faulty))), "Error: built wrongly");

    const clients = new Recorders();
    const connecting = client.connect(clients);
    connecting.cancel();
    const cancelled = await failure(connecting);
    assertInstanceOf(cancelled, ConnectingCancelledError);
    assertEquals(`${cancelled.address}`, `127.0.0.1:${portOf(port)}`);
    await later(reactor, 0.02); // an attempt that the host cannot stop is closed when it succeeds
    assertEquals([clients.built.length, clients.stops], [0, 1]);
    for (const server of servers.built) await server.lost;
  });

  test(`${name}: connecting may be given up while the protocol is built, and while it hears of its transport`, async () => {
    const reactor = make();
    const servers = new Recorders();
    const port = closing(reactor.listenTCP(0, servers, local));
    await port.ready;
    const endpoint = new TCP4ClientEndpoint(reactor, "127.0.0.1", portOf(port));
    for (const when of ["buildProtocol", "makeConnection"] as const) {
      const client = new Recorder();
      const factory = new Recorders(() => client);
      const target = when === "buildProtocol" ? factory : client;
      const method = target[when as never] as (argument: unknown) => unknown;
      Object.assign(target, {
        [when](argument: unknown): unknown {
          const result = method.call(target, argument);
          connecting.cancel();
          return result;
        },
      });
      const connecting = endpoint.connect(factory);
      let error: unknown;
      await connecting.addErrback((failure): void => void (error = failure.value));
      assertInstanceOf(error, ConnectingCancelledError);
      if (when === "makeConnection") await client.lost;
    }
    while (servers.built.length < 2) await later(reactor);
    for (const server of servers.built) await server.lost;
    assertEquals(reactor.stats().connections, 0);
  });

  test(`${name}: a client of an endpoint decides by readConnectionLost alone whether the end of input is its end`, async () => {
    const reactor = make();
    const servers = new Recorders();
    const port = closing(reactor.listenTCP(0, servers, local));
    await port.ready;
    const endpoint = new TCP4ClientEndpoint(reactor, "127.0.0.1", portOf(port));
    const accepted = servers.next();
    const hearsOne = Object.assign(new Recorder(), { writeConnectionLost() {} });
    await connectProtocol(endpoint, hearsOne);
    (await accepted).transport.loseConnection();
    assertInstanceOf(await hearsOne.lost, ConnectionDone);
    const next = servers.next();
    const hearsBoth = new HalfClosing();
    await connectProtocol(endpoint, hearsBoth);
    (await next).transport.loseWriteConnection();
    await hearsBoth.readLost;
    hearsBoth.transport.loseConnection();
    await hearsBoth.lost;
    for (const server of servers.built) await server.lost;
  });

  test(`${name}: reusePort without the host's leave is a clear error`, async () => {
    let error: unknown;
    try {
      await listenShared(make());
    } catch (thrown) {
      error = thrown;
    }
    assert(/reusePort/.test(String(error)), String(error));
    assert(error instanceof NotSupportedError || error instanceof CannotListenError);
  });
}

async function listenShared(reactor: Reactor): Promise<void> {
  const port = reactor.listenTCP(0, new Recorders(), { ...local, reusePort: true });
  await port.ready;
  await port.stopListening();
}
