import { Failure } from "@ropewalk/deferred";
import { ConnectionRefusedError } from "@ropewalk/reactor/core";
import { assert, assertEquals } from "@std/assert";
import { encodeUtf8 } from "./bytes.ts";
import { ProxyFactory } from "./portforward.ts";
import { connect, FakeReactor, lost } from "./_connect_test.ts";

Deno.test("ProxyFactory passes bytes on, both ways, with back-pressure, and the end of each direction apart", () => {
  const reactor = new FakeReactor();
  const factory = new ProxyFactory(reactor, "inner", 80);
  const { transport, protocol } = connect(factory.buildProtocol());
  assertEquals(transport.producerState, "paused");
  assertEquals([reactor.calls[0]!.host, reactor.calls[0]!.port], ["inner", 80]);
  const other = reactor.accept();
  assertEquals(transport.producerState, "producing");
  protocol.dataReceived(encodeUtf8("to"));
  other.protocol.dataReceived(encodeUtf8("fro"));
  assertEquals([other.transport.text(), transport.text()], ["to", "fro"]);
  (transport.producer as unknown as { pauseProducing(): void }).pauseProducing();
  assertEquals(other.transport.producerState, "paused");
  const finish = (side: unknown) => (side as { readConnectionLost(): void }).readConnectionLost();
  finish(other.protocol);
  assert(transport.writeDisconnected && !other.transport.writeDisconnected);
  protocol.dataReceived(encodeUtf8("still"));
  assertEquals(other.transport.text(), "tostill");
  assert(transport.connected && other.transport.connected);
  finish(protocol);
  assert(!other.transport.connected && !transport.connected);
});

Deno.test("ProxyFactory ends both sides when one is lost, whatever has ended before", () => {
  for (const finished of [[], ["near"], ["far"]]) {
    for (const lose of ["near", "far"]) {
      const reactor = new FakeReactor();
      const near = connect(new ProxyFactory(reactor, "inner", 80).buildProtocol());
      const sides = { near, far: reactor.accept() };
      for (const name of finished) {
        (sides[name as "near"].protocol as unknown as { readConnectionLost(): void }).readConnectionLost();
      }
      sides[lose as "near"].transport.abortConnection();
      assert(!sides.near.transport.connected && !sides.far.transport.connected);
    }
  }
});

Deno.test("ProxyFactory gives up when either side does before both are there", () => {
  const reactor = new FakeReactor();
  const factory = new ProxyFactory(reactor, "inner", 80);
  const first = connect(factory.buildProtocol());
  first.protocol.connectionLost(lost());
  assert(reactor.calls[0]!.disconnected);
  assert(reactor.accept(0).transport.disconnecting);
  const second = connect(factory.buildProtocol());
  reactor.calls[1]!.factory.clientConnectionFailed(null!, new Failure(new ConnectionRefusedError()));
  assert(second.transport.disconnecting);
});
