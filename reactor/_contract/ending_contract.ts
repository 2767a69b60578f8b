/**
 * How connections end: in order, broken, given up, by a protocol that throws.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { connectProtocol } from "../core/endpoints/endpoint.ts";
import { TCP4ClientEndpoint } from "../core/endpoints/tcp.ts";
import { ConnectionAborted, ConnectionDone, ConnectionLost } from "../core/errors.ts";
import type { Connector, ListeningPort, Reactor, Transport } from "../core/interfaces.ts";
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

/** A client; `null` for one that was reset at once, which may never hear that it was connected. */
async function met(reactor: Reactor, port: ListeningPort): Promise<Recorder | null> {
  const client = new Recorder();
  const clients = new ClientRecorders(() => client);
  reactor.connectTCP("127.0.0.1", portOf(port), clients);
  await Promise.race([client.connected.toPromise(), clients.failed.toPromise()]);
  return clients.built.length > 0 ? client : null;
}

/** Declares the tests. */
export function endingContract({ name, make, test: declare, lacks = [] }: Host): void {
  const test = cleaning(declare);
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
        const client = await met(reactor, port);
        if (client !== null) {
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

  const methods = ["connectionMade", "dataReceived", "readConnectionLost", "writeConnectionLost"] as const;
  for (const method of methods) {
    test(`${name}: a protocol whose async ${method} fails is reported and loses its connection`, async () => {
      class Faulty extends HalfClosing {
        fail(where: string): Promise<void> {
          return where === method ? Promise.reject(new Error(where)) : Promise.resolve();
        }
        override makeConnection(transport: Transport): Promise<void> {
          super.makeConnection(transport);
          return this.fail("connectionMade");
        }
        override dataReceived(): Promise<void> {
          if (method === "writeConnectionLost") this.transport.loseWriteConnection();
          return this.fail("dataReceived");
        }
        override readConnectionLost(): Promise<void> {
          return this.fail("readConnectionLost");
        }
        override writeConnectionLost(): Promise<void> {
          return this.fail("writeConnectionLost");
        }
      }
      const faulty = new Faulty();
      const reactor = make();
      const port = closing(reactor.listenTCP(0, new Recorders(() => faulty), local));
      await port.ready;
      const errors = await reported(async () => {
        const client = await met(reactor, port);
        if (client !== null) {
          client.transport.write("x");
          if (method === "readConnectionLost") client.transport.loseWriteConnection();
          await client.lost;
        }
        assertEquals(String(await faulty.lost), `Error: ${method}`);
      });
      assertEquals(errors.map(String), [`Error: ${method}`]);
    });
  }

  test(`${name}: an async connectionMade that fails is looked after behind an endpoint too`, async () => {
    class Faulty extends Recorder {
      override makeConnection(transport: Transport): Promise<void> {
        super.makeConnection(transport);
        return Promise.reject(new Error("connectionMade"));
      }
    }
    const reactor = make();
    const port = closing(reactor.listenTCP(0, new Recorders(), local));
    await port.ready;
    const errors = await reported(async () => {
      const endpoint = new TCP4ClientEndpoint(reactor, "127.0.0.1", portOf(port));
      const faulty = await connectProtocol(endpoint, new Faulty());
      assertEquals(String(await faulty.lost), "Error: connectionMade");
    });
    assertEquals(errors.map(String), ["Error: connectionMade"]);
  });

  test(`${name}: an async connectionLost, and the async methods of a factory, that fail are reported`, async () => {
    const fail = (where: string): Promise<never> => Promise.reject(new Error(where));
    class Faulty extends Recorder {
      override connectionLost(reason: Failure): Promise<void> {
        super.connectionLost(reason);
        return fail("connectionLost");
      }
    }
    const reactor = make();
    const errors = await reported(async () => {
      const pair = await connected(reactor, undefined, () => new Faulty());
      pair.clients.clientConnectionLost = () => fail("clientConnectionLost");
      pair.clients.doStop = () => fail("doStop");
      pair.server.transport.loseConnection();
      await pair.client.lost;
      await later(reactor);
      await pair.close();
    });
    assertEquals(
      errors.map(String),
      ["connectionLost", "clientConnectionLost", "doStop"].map((m) => `Error: ${m}`),
    );
  });

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

  test(`${name}: what is open when the reactor stops is closed between "before" and "during"`, async () => {
    const reactor = make();
    const seen: string[] = [];
    const noting = (side: string) => (): Recorder => {
      const recorder = new Recorder();
      recorder.lost.addCallback((reason) => seen.push(`${side} ${reason instanceof ConnectionLost}`));
      return recorder;
    };
    for (const phase of ["before", "during"] as const) {
      reactor.addSystemEventTrigger(phase, "shutdown", () => {
        const { connections, ports } = reactor.stats();
        seen.push(`${phase}: ${connections} connections, ${ports.length} ports`);
      });
    }
    const ended = reactor.run({ installSignalHandlers: false });
    const { server, client } = await connected(reactor, noting("server"), noting("client"));
    reactor.stop();
    await ended;
    await server.lost;
    await client.lost;
    assertEquals(seen[0], "before: 2 connections, 1 ports");
    assertEquals(seen.filter((line) => line.endsWith("true")).sort(), ["client true", "server true"]);
    assertEquals(seen.filter((line) => line.startsWith("during")), ["during: 0 connections, 0 ports"]);
    assertEquals(reactor.stats().connections, 0);
  });

  test(`${name}: an attempt to connect that is under way when the reactor stops is given up`, async () => {
    const reactor = make();
    const clients = new ClientRecorders();
    const ended = reactor.run({ installSignalHandlers: false });
    reactor.connectTCP("192.0.2.1", 9, clients); // an address that nobody has
    reactor.stop();
    await ended;
    assertInstanceOf(await clients.failed, Error);
    assertEquals(clients.events, ["started", "failed"]);
  });

  test(`${name}: factories that throw, stop each other or connect again while the reactor stops do not keep it`, async () => {
    const reactor = make();
    let failures = 0;
    const errors = await reported(async () => {
      const ended = reactor.run({ installSignalHandlers: false });
      const attempts: Connector[] = [];
      const clients = {
        ...throwing,
        clientConnectionFailed(connector: Connector) {
          for (const other of attempts.splice(0)) if (other !== connector) other.stopConnecting();
          failures++;
          connector.connect(); // every time: it must not go on after the stop
        },
      };
      for (let n = 0; n < 2; n++) attempts.push(reactor.connectTCP("192.0.2.1", 9, clients));
      const port = reactor.listenTCP(0, throwing, local);
      await port.ready;
      reactor.stop();
      await ended;
    });
    assertEquals(errors.map(String), Array(3).fill("Error: doStop")); // of each connector, and of the port
    const before = failures; // two, or more where the network cannot be reached at all
    assert(before >= 2);
    for (let turn = 0; turn < 5; turn++) await later(reactor);
    assertEquals(failures, before, "no attempt is left");
  });
}

const throwing = {
  doStart() {},
  doStop() {
    throw new Error("doStop");
  },
  buildProtocol: () => null,
};
