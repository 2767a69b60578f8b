import { TCP4ClientEndpoint } from "@ropewalk/reactor/core";
import { failureResultOf, MemoryReactor, successResultOf } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { setOnce } from "./memset.ts";

function start() {
  const reactor = new MemoryReactor();
  const done = setOnce(reactor, new TCP4ClientEndpoint(reactor, "10.0.0.1", 11211), "color", "red", 2);
  return { reactor, done, connector: reactor.tcpClients[0]! };
}

Deno.test("it is stored, and the connection closes", () => {
  const { reactor, connector, done } = start();
  const connection = connector.succeed()!;
  assertEquals(connection.text(), "set color 0 0 3\r\nred\r\n");
  connection.receive("STORED\r\n");
  reactor.advance(0);
  assertEquals([successResultOf(done), connection.connected], ["color is red", false]);
  assertEquals(reactor.getDelayedCalls(), []);
});

Deno.test("what goes wrong is a failure: refused, refused by the server, hung up", () => {
  const refused = start();
  refused.connector.fail();
  failureResultOf(refused.done, "ConnectionRefusedError");
  const full = start();
  full.connector.succeed()!.receive("SERVER_ERROR out of memory\r\n");
  failureResultOf(full.done, "ServerError");
  const lost = start();
  lost.connector.succeed()!.peerCloses();
  failureResultOf(lost.done);
});

Deno.test("time runs out while it connects, and while it waits for the answer", () => {
  for (const connects of [false, true]) {
    const { reactor, connector, done } = start();
    if (connects) connector.succeed();
    reactor.advance(2);
    failureResultOf(done, "TimeoutError");
    assertEquals(connector.state, "disconnected");
    assertEquals(reactor.getDelayedCalls(), []);
  }
});
