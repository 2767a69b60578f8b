/** Connections that are kept, and requests that are sent again. */
import { CancelledError } from "@ropewalk/deferred";
import { ConnectionLost } from "@ropewalk/reactor/core";
import { assertNoResult, failureResultOf, MemoryReactor, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  Agent,
  HTTPConnectionPool,
  HTTPTimeoutError,
  ResponseFailed,
  ResponseNeverReceived,
} from "../client.ts";
import { Bench, OK, sent } from "./_support_test.ts";

// ---------------------------------------------------------------------------------------------------- the pool

Deno.test("Without a pool every request has a connection of its own", () => {
  const reactor = new MemoryReactor();
  const agent = new Agent(reactor);
  const d = agent.request("GET", "http://h/");
  const connection = reactor.tcpClients[0]!.succeed()!;
  assert(sent(connection).includes("Connection: close\r\n"));
  connection.receive(OK);
  assertEquals(successResultOf(successResultOf(d).text()), "hello");
  assert(!connection.connected);
  assertEquals(reactor.getDelayedCalls(), [], "no timer is left");
});

Deno.test("A pool's connection carries one request after the other", () => {
  const bench = new Bench();
  const first = bench.agent.request("GET", "http://h/1");
  const connection = bench.accept();
  connection.receive(OK);
  assertEquals(successResultOf(successResultOf(first).text()), "hello");
  sent(connection);
  const second = bench.agent.request("GET", "http://h/2");
  assertEquals(sent(connection), "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  connection.receive(OK);
  assertEquals(successResultOf(second).code, 200);
  assertEquals(bench.attempts, 1);
});

Deno.test("A callback of a response finds its connection free", () => {
  const bench = new Bench();
  const codes: number[] = [];
  bench.agent.request("GET", "http://h/1").addCallback((response) => {
    codes.push(response.code);
    bench.agent.request("GET", "http://h/2").addCallback((next) => codes.push(next.code));
  });
  const connection = bench.accept();
  connection.receive(OK);
  connection.receive(OK);
  assertEquals(codes, [200, 200]);
  assertEquals(bench.attempts, 1);
});

Deno.test("Connections are kept apart by scheme, host and port, and by agents that connect in their own way", () => {
  const bench = new Bench();
  bench.agent.request("GET", "http://a/");
  bench.accept().receive(OK);
  bench.agent.request("GET", "http://b/");
  bench.agent.request("GET", "http://a:81/");
  bench.agent.request("GET", "https://a:80/");
  new Agent(bench.reactor, { pool: bench.pool, bindAddress: { hostname: "127.0.0.2" } }).request(
    "GET",
    "http://a/",
  );
  assertEquals([bench.attempts, bench.reactor.tlsClients.length], [4, 1]);
  new Agent(bench.reactor, { pool: bench.pool }).request("GET", "http://a/");
  assertEquals(bench.attempts, 4, "a plain agent shares what is there");
});

Deno.test("Of more idle connections than are kept the oldest is closed", () => {
  const bench = new Bench();
  for (let i = 0; i < 3; i++) bench.agent.request("GET", "http://h/");
  const connections = [bench.accept(), bench.accept(), bench.accept()];
  for (const connection of connections) connection.receive(OK);
  assertEquals(connections.map((connection) => connection.connected), [false, true, true]);
  assertEquals(bench.pool.stats, { open: 2, idle: 2 });
});

Deno.test("An idle connection is closed after 240 seconds", () => {
  const bench = new Bench();
  bench.agent.request("GET", "http://h/");
  const connection = bench.accept();
  bench.reactor.advance(100);
  connection.receive(OK);
  bench.reactor.advance(239);
  assert(connection.connected);
  bench.reactor.advance(2);
  assert(!connection.connected);
  assertEquals(bench.pool.stats, { open: 0, idle: 0 });
  assertEquals(bench.reactor.getDelayedCalls(), []);
});

Deno.test("A connection that the server closes while it is idle is not used again", () => {
  const bench = new Bench();
  bench.agent.request("GET", "http://h/");
  const connection = bench.accept();
  connection.receive(OK);
  connection.peerCloses();
  bench.agent.request("GET", "http://h/");
  assertEquals(bench.attempts, 2);
});

Deno.test("closeCachedConnections fires when all are closed", () => {
  const bench = new Bench();
  assertEquals(successResultOf(bench.pool.closeCachedConnections()), undefined);
  bench.agent.request("GET", "http://h/");
  bench.agent.request("GET", "http://i/");
  const connections = [bench.accept(), bench.accept()];
  for (const connection of connections) connection.receive(OK);
  assertEquals(successResultOf(bench.pool.closeCachedConnections()), undefined);
  assertEquals(connections.map((connection) => connection.connected), [false, false]);
});

Deno.test("With a limit on connections further requests wait, in order, and for so long only", () => {
  const bench = new Bench({ poolTimeoutSeconds: 30 }, { maxConnectionsPerHost: 1 });
  const first = bench.agent.request("GET", "http://h/1");
  const second = bench.agent.request("GET", "http://h/2");
  const third = bench.agent.request("GET", "http://h/3");
  const fourth = bench.agent.request("GET", "http://h/4");
  assertEquals(bench.attempts, 1);
  const connection = bench.accept();
  third.cancel();
  failureResultOf(third, CancelledError);
  sent(connection);
  connection.receive(OK);
  successResultOf(first);
  assert(sent(connection).startsWith("GET /2"));
  bench.reactor.advance(31);
  assertEquals((failureResultOf(fourth, HTTPTimeoutError).value as HTTPTimeoutError).phase, "pool");
  connection.receive(OK);
  successResultOf(second);
  assertEquals(bench.pool.stats, { open: 1, idle: 1 });
});

Deno.test("A connection that is lost makes room for one that waits", () => {
  const bench = new Bench({}, { maxConnectionsPerHost: 1 });
  const first = bench.agent.request("POST", "http://h/1");
  bench.agent.request("GET", "http://h/2");
  bench.accept().peerCloses();
  failureResultOf(first, ResponseNeverReceived);
  assert(sent(bench.accept()).startsWith("GET /2"));
});

Deno.test("A pool's limits are checked", () => {
  const reactor = new MemoryReactor();
  for (
    const options of [{ maxPersistentPerHost: -1 }, { maxConnectionsPerHost: 0 }, {
      cachedConnectionTimeoutSeconds: NaN,
    }]
  ) {
    assertThrows(() => new HTTPConnectionPool(reactor, options), RangeError, "Cannot set");
  }
  assertThrows(
    () => new Agent(reactor, { responseTimeoutSeconds: -1 }),
    RangeError,
    "responseTimeoutSeconds",
  );
});

// ---------------------------------------------------------------------------------------------------- second tries

/** A bench whose one idle connection the server is about to close. */
function stale(options = {}): [Bench, ReturnType<Bench["accept"]>] {
  const bench = new Bench({}, options);
  bench.agent.request("GET", "http://h/");
  const connection = bench.accept();
  connection.receive(OK);
  return [bench, connection];
}

for (const method of ["GET", "HEAD", "OPTIONS", "TRACE", "DELETE"]) {
  Deno.test(`${method} on an idle connection that turns out to be closed is sent again, once`, () => {
    const [bench, connection] = stale();
    const d = bench.agent.request(method, "http://h/again");
    connection.peerCloses();
    assertNoResult(d);
    assertEquals(bench.attempts, 2);
    const second = bench.accept();
    assert(sent(second).startsWith(`${method} /again`));
    second.peerCloses(new ConnectionLost());
    failureResultOf(d, ResponseNeverReceived);
    assertEquals(bench.attempts, 2);
  });
}

Deno.test("Nothing else is sent again", () => {
  for (
    const [method, body, options] of [
      ["POST", undefined, {}],
      ["PUT", undefined, {}],
      ["PATCH", undefined, {}],
      ["GET", "a body", {}],
      ["GET", undefined, { retryAutomatically: false }],
    ] as const
  ) {
    const [bench, connection] = stale(options);
    const d = bench.agent.request(method, "http://h/", null, body);
    connection.peerCloses();
    failureResultOf(d, ResponseNeverReceived);
    assertEquals(bench.attempts, 1, method);
  }
});

Deno.test("A request whose response had begun, or that was cancelled, is not sent again", () => {
  const [bench, connection] = stale();
  const first = bench.agent.request("GET", "http://h/");
  connection.receive("HTTP/1.1 2");
  connection.peerCloses();
  failureResultOf(first, ResponseFailed);

  const [other] = stale();
  const second = other.agent.request("GET", "http://h/");
  second.cancel();
  failureResultOf(second, ResponseNeverReceived);
  assertEquals([bench.attempts, other.attempts], [1, 1]);
});
