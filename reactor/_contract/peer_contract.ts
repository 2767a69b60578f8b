/**
 * What only the system's own sockets show: peers that are no reactor, and networks that are not there.
 * @module
 */
import { assertEquals, assertInstanceOf } from "@std/assert";
import { connect } from "node:net";
import { ConnectionAborted, ConnectionLost, NoRouteError } from "../core/errors.ts";
import { cleaning, closing, type Host } from "./contract.ts";
import { ClientRecorders, portOf, Recorders } from "./recorder.ts";

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

  test(`${name}: a network that cannot be reached is NoRouteError`, async () => {
    const clients = new ClientRecorders();
    make().connectTCP("255.255.255.255", 80, clients);
    assertInstanceOf(await clients.failed, NoRouteError);
  });
}
