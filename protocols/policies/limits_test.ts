import { Failure } from "@ropewalk/deferred";
import { ConnectionDone, IPv4Address, IPv6Address, UNIXAddress } from "@ropewalk/reactor/core";
import { StringTransport } from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import { Factory } from "../factory.ts";
import { Protocol } from "../protocol.ts";
import { LimitConnectionsByPeer, LimitTotalConnectionsFactory } from "./limits.ts";
import { Echo, open, peer } from "./_helpers_test.ts";

Deno.test("LimitTotalConnectionsFactory refuses connections beyond the limit, until one is gone", () => {
  const factory = new LimitTotalConnectionsFactory();
  factory.protocol = Echo;
  factory.connectionLimit = 2;
  const first = open(factory);
  open(factory);
  assertEquals(factory.buildProtocol(peer("1.1.1.1")), null);
  first.transport.loseConnection();
  assertEquals(factory.connectionCount, 1);
  open(factory);
  assertEquals(factory.connectionCount, 2);
});

Deno.test("LimitTotalConnectionsFactory gives connections beyond the limit the overflow protocol", () => {
  class Busy extends Protocol {
    override connectionMade() {
      this.transport.write("busy");
      this.transport.loseConnection();
    }
  }
  const factory = new LimitTotalConnectionsFactory(Factory.forProtocol(Echo));
  factory.connectionLimit = 0;
  factory.overflowProtocol = Busy;
  const { transport } = open(factory);
  assertEquals(transport.text(), "busy");
  assertEquals(factory.connectionCount, 0);
});

Deno.test("LimitConnectionsByPeer counts the connections of each host apart", () => {
  const factory = new LimitConnectionsByPeer(Factory.forProtocol(Echo));
  factory.maxConnectionsPerPeer = 2;
  const a = open(factory, { from: "1.1.1.1" });
  open(factory, { from: "1.1.1.1" });
  assertEquals(factory.buildProtocol(peer("1.1.1.1")), null);
  assertEquals(factory.buildProtocol(new IPv6Address("TCP", "::ffff:1.1.1.1", 9)), null);
  open(factory, { from: "2.2.2.2" });
  a.transport.loseConnection();
  assertEquals(factory.peerConnections, new Map([["1.1.1.1", 1], ["2.2.2.2", 1]]));
  open(factory, { from: "1.1.1.1" });
  assertEquals(factory.peerOf(new UNIXAddress("/x")), "unix:/x");
});

Deno.test("LimitConnectionsByPeer and LimitTotalConnectionsFactory count nothing that was refused inside", () => {
  class Picky extends Factory {
    allowed = true;
    override buildProtocol() {
      if (!this.allowed) return null;
      return super.buildProtocol();
    }
    override protocol = Echo;
  }
  const inner = new Picky();
  const byPeer = new LimitConnectionsByPeer(inner);
  byPeer.maxConnectionsPerPeer = 2;
  const total = new LimitTotalConnectionsFactory(byPeer);
  total.connectionLimit = 3;
  const from = (host: string) => total.buildProtocol(new IPv4Address("TCP", host, 1));
  inner.allowed = false;
  for (let i = 0; i < 10; i++) assertEquals(from("1.1.1.1"), null);
  inner.allowed = true;
  const both = [from("1.1.1.1")!, from("1.1.1.1")!];
  for (let i = 0; i < 10; i++) assertEquals(from("1.1.1.1"), null);
  assert(from("2.2.2.2") !== null);
  assertEquals([from("3.3.3.3"), total.connectionCount], [null, 3]);
  for (const protocol of both) {
    protocol.makeConnection(new StringTransport());
    for (let i = 0; i < 2; i++) protocol.connectionLost(new Failure(new ConnectionDone())); // counted once
  }
  assertEquals([total.connectionCount, byPeer.peerConnections.size], [1, 1]);
  assert(from("1.1.1.1") !== null && from("1.1.1.1") !== null);
});
