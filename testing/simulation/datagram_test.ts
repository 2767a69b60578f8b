import { Buffer } from "node:buffer";
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Address, DatagramTransport } from "@ropewalk/reactor/core";
import { CannotListenError, MessageLengthError } from "@ropewalk/reactor/core";
import { collectErrors, flushLoggedErrors } from "../logged_errors.ts";
import { SimulatedNetwork, type SimulatedNetworkOptions } from "./simulated_network.ts";

class Ear {
  readonly heard: string[] = [];
  refused = 0;
  stopped = 0;
  transport!: DatagramTransport;
  makeConnection(transport: DatagramTransport) {
    this.transport = transport;
  }
  doStop() {
    this.stopped++;
  }
  datagramReceived(data: Uint8Array, address: Address) {
    this.heard.push(`${new TextDecoder().decode(data)} from ${address}`);
  }
  connectionRefused() {
    this.refused++;
  }
}

function two(options: SimulatedNetworkOptions = {}) {
  const network = new SimulatedNetwork(options);
  const [a, b] = [new Ear(), new Ear()];
  const one = network.addHost("one");
  const other = network.addHost("other");
  one.reactor.listenUDP(53, a);
  other.reactor.listenUDP(53, b);
  return { network, a, b, one, other, to: { host: other.address, port: 53 } };
}

Deno.test("datagrams arrive whole, with their sender's address", () => {
  const { network, a, b, to } = two();
  a.transport.write("hello", to);
  a.transport.write("by name", { host: "other", port: 53 });
  network.run(1);
  assertEquals(b.heard, ["hello from 10.0.0.1:53", "by name from 10.0.0.1:53"]);
});

Deno.test("a datagram is copied when it is written, a Buffer too", () => {
  const { network, a, b, to } = two();
  const bytes = Buffer.from("as it was");
  a.transport.write(bytes, to);
  bytes.fill(120);
  network.run(1);
  assertEquals(b.heard, ["as it was from 10.0.0.1:53"]);
});

Deno.test("datagrams are lost, doubled and overtaken as often as the network is told", () => {
  const { network, a, b, to } = two({ seed: 3, loss: 0.2, duplication: 0.2, reordering: 0.2 });
  for (let i = 0; i < 1000; i++) network.callLater(i / 1000, () => a.transport.write(`${i}`, to));
  network.run(10);
  const numbers = b.heard.map((line) => parseInt(line));
  const distinct = new Set(numbers);
  assert(Math.abs(distinct.size - 800) < 60, `${distinct.size} of 1000 arrived`);
  assert(Math.abs(numbers.length - distinct.size - 160) < 60, `${numbers.length - distinct.size} came twice`);
  assert(numbers.some((number, i) => i > 0 && number < numbers[i - 1]!), "none was overtaken");
});

Deno.test("a partition and a crash swallow datagrams", () => {
  const { network, a, b, other, to } = two();
  network.partition(["one"]);
  a.transport.write("1", to);
  network.run(1);
  network.heal();
  other.crash();
  a.transport.write("2", to);
  network.run(1);
  assertEquals(b.heard, []);
});

Deno.test("a connected port hears only its peer, and hears when nobody is there", () => {
  const { network, a, b, one, other } = two();
  const stranger = new Ear();
  network.addHost("stranger").reactor.listenUDP(53, stranger);
  a.transport.connect(other.address, 53);
  assertThrows(() => a.transport.connect(other.address, 54), TypeError, "it is connected");
  a.transport.write("hello");
  stranger.transport.write("boo", { host: one.address, port: 53 });
  b.transport.write("hi", { host: one.address, port: 53 });
  network.run(1);
  assertEquals([a.heard, b.heard.length], [["hi from 10.0.0.2:53"], 1]);
  b.transport.stopListening();
  a.transport.write("still there?");
  network.run(1);
  assertEquals([a.refused, b.stopped], [1, 1]);
});

Deno.test("a datagram port checks what it is asked", () => {
  const { a, one, to } = two();
  assertThrows(() => a.transport.write(new Uint8Array(65_508), to), MessageLengthError);
  assertThrows(() => a.transport.write("x"), TypeError, "no address is given");
  assertThrows(() => one.reactor.listenUDP(53, new Ear()), CannotListenError, "in use");
  assertThrows(() => a.transport.write("x", { host: "255.255.255.255", port: 53 }), TypeError, "broadcast");
  assertEquals(`${one.reactor.listenUDP(0, new Ear()).getHost()}`, "0.0.0.0:49152");
});

Deno.test("a group's datagrams reach its members, and broadcast reaches everybody", () => {
  const { network, a, b, one } = two();
  const [c, d] = [new Ear(), new Ear()];
  const { reactor } = network.addHost("third");
  reactor.listenMulticast(9, c, { listenMultiple: true });
  reactor.listenMulticast(9, d, { listenMultiple: true });
  c.transport.joinGroup("228.0.0.5");
  a.transport.write("group", { host: "228.0.0.5", port: 9 });
  network.run(1);
  assertEquals([c.heard.length, d.heard.length, b.heard.length], [1, 0, 0]);
  c.transport.leaveGroup("228.0.0.5");
  a.transport.write("group", { host: "228.0.0.5", port: 9 });
  a.transport.setBroadcastAllowed(true);
  a.transport.setLoopbackMode(false);
  a.transport.write("all", { host: "255.255.255.255", port: 53 });
  network.run(1);
  assertEquals([c.heard.length, b.heard.length, a.heard.length], [1, 1, 0]);
  assertEquals(one.reactor.stats().ports, ["0.0.0.0:53"]);
});

Deno.test("a handler that throws is reported and keeps its port", () => {
  const { network, a, to, other } = two();
  class Fragile extends Ear {
    override datagramReceived() {
      throw new RangeError("cannot take this");
    }
  }
  other.reactor.listenUDP(54, new Fragile());
  a.transport.write("x", { ...to, port: 54 });
  const done = collectErrors();
  network.run(1);
  assertEquals([other.reactor.stats().errors, flushLoggedErrors(RangeError).length], [1, 1]);
  done();
});
