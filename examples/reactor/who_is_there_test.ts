import { IPv4Address } from "@ropewalk/reactor/core";
import { failureResultOf, MemoryReactor, SimulatedNetwork, successResultOf } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { Answerer, ask, GROUP, PORT } from "./who_is_there.ts";

Deno.test("everybody who is there answers whoever asks", async () => {
  const network = new SimulatedNetwork();
  for (const name of ["bob", "alice"]) {
    network.addHost(name).reactor.listenMulticast(PORT, new Answerer(name), { listenMultiple: true });
  }
  const asked = ask(network.addHost("carol").reactor, 1);
  await network.playUntil(asked.toPromise());
  assertEquals(successResultOf(asked), ["alice", "bob"]);
});

Deno.test("where nobody is, the time is over and nothing is left open", () => {
  const reactor = new MemoryReactor();
  const asked = ask(reactor, 1);
  const [port] = reactor.udpPorts;
  assertEquals([port!.ttl, port!.sent[0]!.host, port!.sent[0]!.port], [1, GROUP, PORT]);
  reactor.advance(1);
  assertEquals([successResultOf(asked), port!.listens], [[], false]);
});

Deno.test("an answer that comes twice counts once, and one that comes late not at all", () => {
  const reactor = new MemoryReactor();
  const asked = ask(reactor, 1);
  const [port] = reactor.udpPorts;
  for (let i = 0; i < 2; i++) port!.receive("alice", { host: "10.0.0.1", port: PORT });
  reactor.advance(1);
  assertEquals(successResultOf(asked), ["alice"]);
});

Deno.test("asking that is given up closes its port", () => {
  const reactor = new MemoryReactor();
  const asked = ask(reactor, 1);
  asked.cancel();
  failureResultOf(asked, "CancelledError");
  assertEquals([reactor.udpPorts[0]!.listens, reactor.getDelayedCalls()], [false, []]);
});

Deno.test("who is asked something else says nothing", () => {
  const reactor = new MemoryReactor();
  const port = reactor.listenMulticast(PORT, new Answerer("alice"));
  port.handler.datagramReceived(
    new TextEncoder().encode("what time is it?"),
    new IPv4Address("UDP", "1.1.1.1", 9),
  );
  port.receive(new Uint8Array([0xff, 0xfe]));
  assertEquals([port.sent, [...port.groups]], [[], [GROUP]]);
});
