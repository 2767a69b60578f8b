/**
 * What only the system's own sockets show: peers that are no reactor, and networks that are not there.
 * @module
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { connect } from "node:net";
import process from "node:process";
import { ConnectionAborted, ConnectionLost, NoRouteError } from "../core/errors.ts";
import { connectProtocol } from "../core/endpoints/endpoint.ts";
import { SSL4ClientEndpoint } from "../core/endpoints/tls.ts";
import { INTERNATIONAL } from "./certificates.ts";
import { cleaning, closing, type Host } from "./contract.ts";
import { ClientRecorders, connected, HalfClosing, later, portOf, Recorder, Recorders } from "./recorder.ts";

/** Declares the tests. */
export function peerContract({ name, make, test: declare }: Host): void {
  const test = cleaning(declare);

  test(`${name}: a peer that resets the connection is ConnectionLost, and not ConnectionAborted`, async () => {
    const servers = new Recorders();
    const port = closing(make().listenTCP(0, servers, { hostname: "127.0.0.1" }));
    await port.ready;
    const accepted = servers.next();
    const peer = connect(portOf(port), "127.0.0.1");
    const server = await accepted;
    peer.write("some of it");
    await server.heard("some of it");
    peer.resetAndDestroy();
    const reason = await server.lost;
    assertInstanceOf(reason, ConnectionLost);
    assertEquals([reason instanceof ConnectionAborted, server.losses], [false, 1]);
  });

  test(`${name}: a certificate is good for an international name, however that is written`, async () => {
    const reactor = make();
    const servers = new Recorders();
    const port = closing(reactor.listenTLS(0, servers, INTERNATIONAL, { hostname: "127.0.0.1" }));
    await port.ready;
    for (const hostname of ["bücher.example", "xn--bcher-kva.example"]) {
      const client = new Recorder();
      const tls = { hostname, ca: [INTERNATIONAL.cert] };
      const accepted = servers.next();
      await connectProtocol(new SSL4ClientEndpoint(reactor, "127.0.0.1", portOf(port), tls), client);
      client.transport.loseConnection();
      await client.lost;
      await (await accepted).lost;
    }
  });

  test(`${name}: what a peer has not taken is given up when the reactor stops`, async () => {
    const [stopping, other] = [make(), make()];
    const total = 30_000_000; // more than the system keeps for both
    const pair = await connected(stopping, undefined, undefined, {
      connect: (port, factory) => other.connectTCP("127.0.0.1", portOf(port), factory),
    });
    pair.client.transport.pauseProducing();
    pair.server.transport.write(new Uint8Array(total));
    const ended = stopping.run({ installSignalHandlers: false });
    stopping.stop();
    await ended;
    assertInstanceOf(await pair.server.lost, ConnectionLost);
    pair.client.transport.resumeProducing();
    await pair.client.lost;
    assert(pair.client.received.length < total);
    await pair.close();
  });

  test(`${name}: attempts that are given up leave no connection behind, however far they have come`, async () => {
    const reactor = make();
    const servers = new Recorders();
    const port = closing(reactor.listenTCP(0, servers, { hostname: "127.0.0.1" }));
    await port.ready;
    for (let round = 0; round < 60; round++) {
      const attempts = Array.from(
        { length: 20 },
        () => reactor.connectTCP("127.0.0.1", portOf(port), new ClientRecorders()),
      );
      if (round % 2 === 1) await later(reactor); // when some are through
      for (const attempt of attempts) attempt.disconnect();
      await later(reactor);
    }
    for (let turn = 0; turn < 500 && reactor.stats().connections > 0; turn++) await later(reactor);
    assertEquals(reactor.stats().connections, 0);
    await port.stopListening();
  });

  test(`${name}: an abort while our side's end is on its way ends the connection for its peer too`, async () => {
    for (let turns = 0; turns < 6; turns++) {
      const pair = await connected(make(), () => new HalfClosing(), () => new HalfClosing());
      pair.client.transport.loseWriteConnection();
      await Promise.resolve(); // it begins at the end of the turn
      for (let turn = 0; turn < turns; turn++) {
        await new Promise<void>((resolve) => process.nextTick(resolve));
      }
      pair.client.transport.abortConnection();
      assertInstanceOf(await pair.client.lost, ConnectionAborted);
      await pair.server.readLost; // hangs where the host has not closed it
      await pair.close();
    }
  });

  test(`${name}: a network that cannot be reached is NoRouteError`, async () => {
    const clients = new ClientRecorders();
    make().connectTCP("255.255.255.255", 80, clients);
    assertInstanceOf(await clients.failed, NoRouteError);
  });
}
