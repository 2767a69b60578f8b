/** Partitions, crashes, and programs that throw. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Factory } from "@ropewalk/protocols";
import { collectErrors, flushLoggedErrors } from "../logged_errors.ts";
import { SimulatedNetwork } from "./simulated_network.ts";
import { Echo, pair, Talker } from "./_support_test.ts";

Deno.test("a partition holds a stream up, and healing it lets everything arrive once", () => {
  const network = new SimulatedNetwork();
  const { atServer, atClient } = pair(network, () => new Talker());
  network.partition(["server"]);
  atClient.transport.write("late");
  network.run(20);
  assertEquals(atServer.heard, 0);
  network.heal();
  network.run(60);
  assertEquals([atServer.heard, atServer.events], [4, ["made"]]);
});

Deno.test("a partition that lasts ends the connection of who has something to say, and leaves the other half open", () => {
  const network = new SimulatedNetwork({ giveUpSeconds: 30 });
  const { atServer, atClient } = pair(network, () => new Talker());
  network.partition(["server"], ["client"]);
  atClient.transport.write("unheard");
  network.run(29);
  assertEquals(atClient.events, ["made"]);
  network.run(2);
  assertEquals([atClient.events, atServer.events], [["made", "ConnectionLost"], ["made"]]);
  network.heal();
  atServer.transport.write("still there?");
  network.run(5);
  assertEquals(atServer.events, ["made", "ConnectionLost"]);
});

Deno.test("who is cut off from everybody is cut off from hosts that are added later, until that is healed", () => {
  const network = new SimulatedNetwork();
  const lone = network.addHost("lone");
  network.addHost("mute");
  network.partition(["lone"]);
  network.partition(["mute"], undefined, { oneWay: true });
  const later = network.addHost("later");
  const paths = () => [
    network.isBlocked(lone, later),
    network.isBlocked(later, lone),
    network.isBlocked(network.host("mute"), later),
    network.isBlocked(later, network.host("mute")),
  ];
  assertEquals(paths(), [true, true, true, false]);
  network.heal(["lone"]);
  assertEquals(paths(), [false, false, true, false]);
  const last = network.addHost("last");
  assertEquals([network.isBlocked(lone, last), network.isBlocked(network.host("mute"), last)], [false, true]);
  network.heal();
  assertEquals(paths(), [false, false, false, false]);
  assertEquals(network.isBlocked(network.host("mute"), network.addHost("new")), false);
});

Deno.test("a name that is mistyped cuts and mends nothing in silence", () => {
  const network = new SimulatedNetwork();
  assertThrows(() => network.partition(["x"]), RangeError, 'Cannot find the host "x"');
  network.addHost("a");
  assertThrows(() => network.partition(["a"], ["b"]), RangeError, 'Cannot find the host "b"');
  assertThrows(() => network.heal(["b"]), RangeError, 'Cannot find the host "b"');
});

Deno.test("a one-way partition stops what one side sends", () => {
  const network = new SimulatedNetwork();
  const { atServer, atClient } = pair(network, () => new Talker());
  network.partition(["client"], ["server"], { oneWay: true });
  atServer.transport.write("heard");
  atClient.transport.write("unheard");
  network.run(5);
  assertEquals([atServer.heard, atClient.heard], [0, 5]);
  network.heal(["server"], ["client"]);
  network.run(60);
  assertEquals(atServer.heard, 7);
});

Deno.test("a crash tells nobody; who sends to the host that was started again hears a reset", () => {
  const network = new SimulatedNetwork();
  const { server, atServer, atClient, clients } = pair(network, () => new Talker());
  server.crash();
  assertThrows(() => server.reactor, TypeError, "it is down");
  network.run(100);
  assertEquals([atServer.events, atClient.events], [["made"], ["made"]]);
  server.restart();
  network.run(100);
  assertEquals(atClient.events, ["made"]);
  atClient.transport.write("are you there?");
  network.run(1);
  assertEquals([atClient.events, clients.events.at(-1)], [["made", "ConnectionLost"], "lost ConnectionLost"]);
  assertEquals(atServer.events, ["made"]);
});

Deno.test("what is sent to a host that stays down is given up in the end", () => {
  const network = new SimulatedNetwork({ giveUpSeconds: 10 });
  const { server, atClient } = pair(network, () => new Talker());
  server.crash();
  atClient.transport.write("hello?");
  network.runToEnd();
  assertEquals(atClient.events, ["made", "ConnectionLost"]);
});

Deno.test("nothing of a crashed host's program happens any more, whatever it still arranges", () => {
  const network = new SimulatedNetwork();
  const seen: string[] = [];
  const host = network.addHost("host", (reactor) => {
    reactor.callLater(5, () => seen.push(`started at ${reactor.seconds() - 5}`));
  });
  const { reactor } = host;
  network.run(3);
  host.crash();
  const call = reactor.callLater(1, () => seen.push("a ghost"));
  reactor.listenTCP(80, Factory.forProtocol(Echo));
  reactor.connectTCP("host", 80, Factory.forProtocol(Echo));
  reactor.listenUDP(80, { makeConnection() {}, doStop() {}, datagramReceived() {} }).write("x", {
    host: "host",
    port: 80,
  });
  assert(call.active());
  host.restart();
  network.runToEnd();
  assertEquals(seen, ["started at 3"]);
  assertEquals([host.restarts, host.isUp], [1, true]);
});

Deno.test("a program that fails when it is started again is reported, and the network goes on", () => {
  const done = collectErrors();
  const network = new SimulatedNetwork();
  let starts = 0;
  const host = network.addHost("host", () => {
    if (starts++ > 0) throw new RangeError("disk is gone");
  });
  host.restart();
  assertEquals(flushLoggedErrors(RangeError).length, 1);
  assertThrows(
    () =>
      network.addHost("other", () => {
        throw new TypeError("in the set-up of the test");
      }),
    TypeError,
  );
  done();
});

Deno.test("a protocol that throws loses its connection, and nobody else does", () => {
  const done = collectErrors();
  class Fragile extends Talker {
    override dataReceived() {
      throw new RangeError("cannot take this");
    }
  }
  const network = new SimulatedNetwork();
  const { atServer, atClient, server } = pair(network, () => new Fragile());
  atClient.transport.write("boo");
  network.runToEnd();
  assertEquals([atServer.events, atClient.events], [["made", "RangeError"], ["made", "ConnectionDone"]]);
  assertEquals(flushLoggedErrors(RangeError).length, 1);
  assertEquals(server.reactor.stats().errors, 1);
  done();
});
