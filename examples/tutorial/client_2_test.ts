import { TCP4ClientEndpoint } from "@ropewalk/reactor/core";
import { failureResultOf, MemoryReactor, successResultOf } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { ask } from "./client_2.ts";

function start() {
  const reactor = new MemoryReactor();
  const answer = ask(new TCP4ClientEndpoint(reactor, "10.0.0.1", 8007), "hello");
  return { connector: reactor.tcpClients[0]!, answer };
}

Deno.test("the answer is the result", () => {
  const { connector, answer } = start();
  const connection = connector.succeed()!;
  assertEquals(connection.text(), "hello\r\n");
  connection.receive("HEL");
  connection.receive("LO\r\n");
  assertEquals(successResultOf(answer), "HELLO");
  assertEquals(connector.state, "disconnected");
});

Deno.test("a refused connection is a failure", () => {
  const { connector, answer } = start();
  connector.fail();
  failureResultOf(answer, "ConnectionRefusedError");
});

Deno.test("so is a server that hangs up before it answers", () => {
  const { connector, answer } = start();
  connector.succeed()!.peerCloses();
  failureResultOf(answer, "ConnectionDone");
});
