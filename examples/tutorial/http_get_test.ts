import { ConnectionLost } from "@ropewalk/reactor/core";
import { assertNoResult, Clock, failureResultOf, MemoryConnection, successResultOf } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { Getter, MAX_BYTES, TIMEOUT_SECONDS, TooLarge } from "./http_get.ts";

function start() {
  const clock = new Clock();
  const connection = new MemoryConnection({ reactor: clock });
  const getter = new Getter("a.example", "/x");
  connection.open(getter);
  return { clock, connection, getter };
}

Deno.test("the page is there when the connection closes, wherever it was cut", () => {
  const { clock, connection, getter } = start();
  assertEquals(connection.text(), "GET /x HTTP/1.0\r\nHost: a.example\r\n\r\n");
  const response = new TextEncoder().encode("HTTP/1.0 200 OK\r\n\r\nżółw");
  for (const byte of response) connection.receive(new Uint8Array([byte]));
  assertNoResult(getter.response);
  connection.peerCloses();
  assertEquals(successResultOf(getter.response), "HTTP/1.0 200 OK\r\n\r\nżółw");
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("a connection that breaks is no page", () => {
  const { connection, getter } = start();
  connection.receive("HTTP/1.0 200 OK\r\n\r\nha");
  connection.peerCloses(new ConnectionLost());
  failureResultOf(getter.response, ConnectionLost);
});

Deno.test("neither is one that takes too long, is too large, or is given up", () => {
  const slow = start();
  slow.clock.advance(TIMEOUT_SECONDS);
  failureResultOf(slow.getter.response, "ConnectionAborted");
  const large = start();
  large.connection.receive(new Uint8Array(MAX_BYTES + 1));
  failureResultOf(large.getter.response, TooLarge);
  const given = start();
  given.getter.response.cancel();
  failureResultOf(given.getter.response, "ConnectionAborted");
  assertEquals([given.connection.connected, given.clock.getDelayedCalls()], [false, []]);
});
