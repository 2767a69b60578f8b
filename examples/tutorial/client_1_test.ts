import { connectProtocol, TCP4ClientEndpoint } from "@ropewalk/reactor/core";
import { assertNoResult, failureResultOf, MemoryReactor, successResultOf } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { Once } from "./client_1.ts";

function start() {
  const reactor = new MemoryReactor();
  const printed: string[] = [];
  const once = new Once("hello", (line) => printed.push(line));
  const connected = connectProtocol(new TCP4ClientEndpoint(reactor, "10.0.0.1", 8007), once);
  return { connector: reactor.tcpClients[0]!, once, printed, connected };
}

Deno.test("one line goes out, its answer is printed, and the connection ends", () => {
  const { connector, once, printed } = start();
  const connection = connector.succeed()!;
  assertEquals(connection.text(), "hello\r\n");
  assertNoResult(once.ended);
  connection.receive("HELLO\r\nMORE\r\n");
  assertEquals(printed, ["HELLO"]);
  successResultOf(once.ended);
});

Deno.test("a server that is not there is a failure", () => {
  const { connector, connected } = start();
  connector.fail();
  failureResultOf(connected, "ConnectionRefusedError");
});

Deno.test("a server that hangs up ends it too, with nothing printed", () => {
  const { connector, once, printed } = start();
  connector.succeed()!.peerCloses();
  successResultOf(once.ended);
  assertEquals(printed, []);
});
