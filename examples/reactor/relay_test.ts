import type { Failure } from "@ropewalk/deferred";
import {
  clientFromString,
  ConnectionRefusedError,
  serverFromString,
  TimeoutError,
} from "@ropewalk/reactor/core";
import { MemoryReactor } from "@ropewalk/testing";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { RelayFactory } from "./relay.ts";

function start() {
  const reactor = new MemoryReactor();
  const failures: unknown[] = [];
  const to = clientFromString(reactor, "tcp:192.0.2.1:80:timeout=5");
  const factory = new RelayFactory(to, (failure: Failure) => failures.push(failure.value));
  serverFromString(reactor, "tcp:8022:interface=127.0.0.1").listen(factory);
  const near = reactor.tcpServers[0]!.accept()!;
  return { reactor, failures, near, connector: reactor.tcpClients[0]! };
}

Deno.test("bytes go both ways once the far side is there, and an end goes through", () => {
  const { near, connector } = start();
  near.receive("too early"); // it is not read before
  assertEquals([connector.host, connector.port, near.producerState], ["192.0.2.1", 80, "paused"]);
  const far = connector.succeed()!;
  near.receive("question");
  far.receive("answer");
  assertEquals([far.text(), near.text()], ["question", "answer"]);
  near.peerCloses();
  assert(!far.connected);
});

Deno.test("a slow reader holds up the writer at the other end", () => {
  const { near, connector } = start();
  const far = connector.succeed()!;
  assert(near.streaming && far.streaming);
  (far.producer as { pauseProducing(): void }).pauseProducing(); // as a transport with too much to send does
  assertEquals([near.producerState, far.producerState], ["paused", "producing"]);
  (far.producer as { resumeProducing(): void }).resumeProducing();
  assertEquals(near.producerState, "producing");
  far.peerCloses();
  assert(!near.connected);
});

Deno.test("where nobody answers, or too late, the connection closes and somebody is told", () => {
  const refused = start();
  refused.connector.fail();
  assertInstanceOf(refused.failures[0], ConnectionRefusedError);
  assert(!refused.near.connected);
  const late = start();
  late.reactor.advance(5);
  assertInstanceOf(late.failures[0], TimeoutError);
  assert(!late.near.connected);
});

Deno.test("a client that hangs up ends the attempt that was made for it", () => {
  const { near, connector, failures, reactor } = start();
  near.peerCloses();
  assertEquals([connector.state, failures, reactor.getDelayedCalls()], ["disconnected", [], []]);
});
