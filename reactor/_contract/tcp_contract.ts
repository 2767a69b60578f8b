/**
 * TCP: ports, connectors, and how connections end.
 * @module
 */
import type { Deferred, Failure } from "@ropewalk/deferred";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import {
  CannotListenError,
  ConnectingCancelledError,
  ConnectionAborted,
  ConnectionDone,
  ConnectionLost,
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
export function tcpContract({ name, make, test: declare, lacks = [] }: Host): void {
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

  test(`${name}: loseConnection sends what was written first, and both ends hear ConnectionDone once`, async () => {
    const pair = await connected(make());
    const big = "x".repeat(3_000_000);
    pair.server.transport.write(big);
    pair.server.transport.loseConnection();
    assert(pair.server.transport.disconnecting);
    assertInstanceOf(await pair.client.lost, ConnectionDone);
    assertInstanceOf(await pair.server.lost, ConnectionDone);
    assertEquals(pair.client.received.length, big.length);
    assertInstanceOf(await pair.clients.gone, ConnectionDone);
    assertEquals([pair.client.losses, pair.server.losses], [1, 1]);
    pair.server.transport.write("late"); // dropped in silence
    pair.server.transport.loseConnection();
    pair.server.transport.abortConnection();
    await pair.close();
    assertEquals([pair.client.losses, pair.server.losses, pair.clients.stops], [1, 1, 1]);
  });

  test(`${name}: abortConnection ends it at once, in a later turn, as ConnectionAborted`, async () => {
    const pair = await connected(make());
    pair.server.transport.pauseProducing();
    pair.client.transport.write("x".repeat(50_000_000));
    pair.client.transport.abortConnection();
    pair.client.transport.abortConnection();
    assertEquals(pair.client.losses, 0);
    const reason = await pair.client.lost;
    assertInstanceOf(reason, ConnectionAborted);
    assertInstanceOf(reason, ConnectionLost);
    pair.server.transport.resumeProducing();
    await pair.server.lost;
    assert(pair.server.received.length < 50_000_000);
    await pair.close();
  });

  test(`${name}: a client that has finished sending still gets its answer`, async () => {
    class Answer extends Recorder {
      override dataReceived(data: Uint8Array): void {
        super.dataReceived(data);
        this.transport.write("a".repeat(1_000_000));
      }
    }
    const pair = await connected(make(), () => new Answer(), () => new HalfClosing());
    pair.client.transport.write("question");
    pair.client.transport.loseWriteConnection();
    pair.client.transport.write("dropped");
    await pair.client.writeLost;
    assertInstanceOf(await pair.client.lost, ConnectionDone);
    await pair.client.readLost;
    assertEquals(pair.client.received.length, 1_000_000);
    assertEquals(pair.server.received, "question");
    await pair.close();
  });

  test(`${name}: a protocol with readConnectionLost may go on writing after the peer's end`, async () => {
    const pair = await connected(make(), () => new HalfClosing(), () => new HalfClosing());
    pair.client.transport.loseWriteConnection();
    await pair.server.readLost;
    assertEquals(pair.server.losses, 0);
    pair.server.transport.write("still here");
    await pair.client.heard("still here");
    pair.server.transport.loseWriteConnection();
    assertInstanceOf(await pair.server.lost, ConnectionDone);
    assertInstanceOf(await pair.client.lost, ConnectionDone);
    await pair.close();
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

  for (
    const method of ["connectionMade", "dataReceived", "readConnectionLost", "writeConnectionLost"] as const
  ) {
    test(`${name}: a protocol that throws in ${method} is reported and loses its connection alone`, async () => {
      class Faulty extends HalfClosing {
        override connectionMade(): void {
          if (method === "connectionMade") throw new Error(method);
        }
        override dataReceived(): void {
          if (method === "dataReceived") throw new Error(method);
          if (method === "writeConnectionLost") this.transport.loseWriteConnection();
        }
        override readConnectionLost(): void {
          throw new Error(method);
        }
        override writeConnectionLost(): void {
          throw new Error(method);
        }
      }
      const reactor = make();
      const other = await connected(reactor);
      const faulty = new Faulty();
      const factory = new Recorders(() => faulty);
      const port = closing(reactor.listenTCP(0, factory, local));
      await port.ready;
      const errors = await reported(async () => {
        const client = new Recorder();
        const clients = new ClientRecorders(() => client);
        reactor.connectTCP("127.0.0.1", portOf(port), clients);
        // One that is reset at once may never hear that it was connected.
        await Promise.race([client.connected.toPromise(), clients.failed.toPromise()]);
        if (clients.built.length > 0) {
          client.transport.write("x");
          if (method === "readConnectionLost" || method === "writeConnectionLost") {
            client.transport.loseWriteConnection();
          }
          await client.lost;
        }
        assertEquals(String(await faulty.lost), `Error: ${method}`);
      });
      assertEquals(errors.map(String), [`Error: ${method}`]);
      other.client.transport.write("alive");
      await other.server.heard("alive");
      await other.close();
    });
  }

  test(`${name}: what readConnectionLost throws is the reason, also when it was the last thing to hear`, async () => {
    class Faulty extends HalfClosing {
      override readConnectionLost(): void {
        throw new Error("readConnectionLost");
      }
    }
    const pair = await connected(make(), () => new Faulty(), () => new HalfClosing());
    pair.server.transport.loseWriteConnection();
    await pair.server.writeLost;
    await pair.client.readLost;
    const errors = await reported(async () => {
      pair.client.transport.loseWriteConnection();
      assertEquals(String(await pair.server.lost), "Error: readConnectionLost");
    });
    assertEquals(errors.map(String), ["Error: readConnectionLost"]);
    await pair.client.lost;
    await pair.close();
  });

  test(`${name}: a connectionLost that throws is reported, and the factory hears of the loss all the same`, async () => {
    class Faulty extends Recorder {
      override connectionLost(reason: Failure): void {
        super.connectionLost(reason);
        throw new Error("connectionLost");
      }
    }
    const reactor = make();
    const pair = await connected(reactor, () => new Faulty(), () => new Faulty());
    const errors = await reported(async () => {
      pair.client.transport.loseConnection();
      await pair.server.lost;
      await pair.client.lost;
      assertInstanceOf(await pair.clients.gone, ConnectionDone);
      await pair.close();
    });
    assertEquals(errors.map(String), ["Error: connectionLost", "Error: connectionLost"]);
    assertEquals([pair.server.losses, pair.client.losses, reactor.stats().connections], [1, 1, 0]);
  });

  test(`${name}: an aborted connection is ConnectionLost to the peer where the host can reset it`, async () => {
    const pair = await connected(make());
    pair.client.transport.abortConnection();
    const reason = await pair.server.lost;
    assertInstanceOf(reason, lacks.includes("reset") ? ConnectionDone : ConnectionLost);
    await pair.close();
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
