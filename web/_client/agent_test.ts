import { CancelledError } from "@ropewalk/deferred";
import {
  ConnectingCancelledError,
  ConnectionLost,
  ConnectionRefusedError,
  type Reactor,
  TimeoutError,
} from "@ropewalk/reactor/core";
import { assertNoResult, failureResultOf, MemoryReactor, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals, assertInstanceOf, assertNotEquals, assertThrows } from "@std/assert";
import { Deferred } from "@ropewalk/deferred";
import type { StreamProtocol } from "@ropewalk/reactor/core";
import {
  Agent,
  HTTPConnectionPool,
  HTTPHeaders,
  HTTPTimeoutError,
  PartialDownloadError,
  readBody,
  ResponseFailed,
  ResponseNeverReceived,
  SchemeNotSupported,
} from "../client.ts";
import { Bench, Body, deliver, OK, sent } from "./_support_test.ts";
import { targetOf } from "./origin.ts";

// ---------------------------------------------------------------------------------------------------- addresses

Deno.test("An address says where to connect, what to ask and which Host to name", () => {
  const cases: [string, string, number, string, string][] = [
    ["http://example.org", "example.org", 80, "/", "example.org"],
    ["http://example.org:80/a?b#c", "example.org", 80, "/a?b", "example.org"],
    ["http://EXAMPLE.org:8080/a/../b", "example.org", 8080, "/b", "example.org:8080"],
    ["http://[::1]:81/", "::1", 81, "/", "[::1]:81"],
    ["http://bücher.example/ö", "xn--bcher-kva.example", 80, "/%C3%B6", "xn--bcher-kva.example"],
    ["http://u:p@h/x", "h", 80, "/x", "h"],
  ];
  for (const [url, host, port, path, authority] of cases) {
    for (let again = 0; again < 2; again++) {
      const target = targetOf(url);
      assertEquals([target.origin.host, target.origin.port, target.path, target.origin.authority], [
        host,
        port,
        path,
        authority,
      ]);
      assertEquals(targetOf(new URL(url)), target);
    }
  }
});

Deno.test("The quick way through an address agrees with the platform's", () => {
  targetOf("http://quick.example/");
  for (
    const path of [
      "/",
      "/a.b/c..d/..e",
      "/a/./b",
      "/a/..",
      "/%2e%2e/x",
      "/a b",
      "/a\\b",
      "/ä",
      "/?a=../b",
      "/a?b#c",
      "//x",
      "/.x",
      "/a'b?c'd",
    ]
  ) {
    const url = new URL(`http://quick.example${path}`);
    assertEquals(targetOf(`http://quick.example${path}`).path, url.pathname + url.search, path);
  }
});

Deno.test("What is no absolute address is refused", () => {
  const { agent } = new Bench();
  for (const url of ["", "/path", "example.org", "http://", "http:///x y", "http://a b/"]) {
    if (url === "http:///x y") continue; // the platform takes it for the host "x y" and refuses, or mends it
    assertThrows(() => agent.request("GET", url), TypeError, "Cannot request", url);
  }
});

Deno.test("A scheme that is not spoken fails", () => {
  const { agent } = new Bench();
  failureResultOf(agent.request("GET", "ftp://example.org/"), SchemeNotSupported);
});

Deno.test("A method or header that would break out of its line is refused", () => {
  const { agent } = new Bench();
  for (const method of ["", "GE T", "GET\r\n", "GET\0"]) {
    assertThrows(() => agent.request(method, "http://a/"), TypeError, "no token");
  }
  assertThrows(() => agent.request("CONNECT", "http://a/"), TypeError);
  assertThrows(() => agent.request("GET", "http://a/", { "A b": "c" }), TypeError);
  const bench = new Bench();
  bench.agent.request("GET", "http://a/", { A: "b\r\nC: d" });
  assert(!sent(bench.accept()).includes("\r\nC:"));
});

Deno.test("A user and password in an address are sent, and headers that are given go first", () => {
  const bench = new Bench();
  bench.agent.request("GET", "http://us%40er:p%C3%A4ss@h/");
  const expected = btoa(String.fromCharCode(...new TextEncoder().encode("us@er:päss")));
  assert(sent(bench.accept()).includes(`Authorization: Basic ${expected}\r\n`));
  bench.agent.request("GET", "http://user:pass@h/", { authorization: "Bearer x" });
  const second = sent(bench.accept());
  assert(second.includes("Authorization: Bearer x\r\n") && !second.includes("Basic"));
});

Deno.test("Framing is the agent's: lengths and codings that are given are dropped", () => {
  const bench = new Bench();
  const headers = new HTTPHeaders({ "Content-Length": "7", "Transfer-Encoding": "chunked", "X": "y" });
  bench.agent.request("POST", "http://h/", headers, "abc");
  assertEquals(sent(bench.accept()), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nX: y\r\n\r\nabc");
  assertEquals(headers.get("content-length"), "7", "the caller's headers are as they were");
});

// ---------------------------------------------------------------------------------------------------- connecting

Deno.test("An agent connects as its options say", () => {
  const reactor = new MemoryReactor();
  const bindAddress = { hostname: "127.0.0.9" };
  new Agent(reactor, { connectTimeoutSeconds: 7, bindAddress }).request("GET", "http://example.org:81/");
  const { address, options } = reactor.tcpClients[0]!;
  assertEquals([String(address), options.timeoutSeconds, options.bindAddress], [
    "example.org:81",
    7,
    bindAddress,
  ]);

  new Agent(reactor, { tls: { ca: ["x"] } }).request("GET", "https://example.org/");
  assertEquals(reactor.tlsClients[0]!.tls, {
    hostname: "example.org",
    alpnProtocols: ["http/1.1"],
    ca: ["x"],
  });

  new Agent(reactor).request("GET", "http+unix://%2Frun%2Fapp.sock/status");
  assertEquals(String(reactor.unixClients[0]!.address), "unix:/run/app.sock");
  const connection = reactor.unixClients[0]!.succeed()!;
  assert(sent(connection).startsWith("GET /status HTTP/1.1\r\nHost: localhost\r\n"));

  new Agent(reactor, { socketPath: "/run/b.sock" }).request("GET", "http://any.host/x");
  assertEquals(String(reactor.unixClients[1]!.address), "unix:/run/b.sock");
  assert(sent(reactor.unixClients[1]!.succeed()!).startsWith("GET /x HTTP/1.1\r\nHost: any.host\r\n"));
});

Deno.test("An endpoint factory decides how servers are reached", () => {
  const reactor = new MemoryReactor();
  const asked: string[] = [];
  const agent = Agent.usingEndpointFactory(reactor, {
    endpointForURI(uri) {
      asked.push(uri.href);
      return { connect: <P extends StreamProtocol>() => new Deferred<P>() };
    },
  });
  agent.request("GET", "gopher://example.org:7000/x");
  assertEquals(asked, ["gopher://example.org:7000"]);
});

Deno.test("A reactor that cannot do it says so", () => {
  const { callLater, connectTCP, getDelayedCalls, seconds } = new MemoryReactor() as Reactor;
  const agent = new Agent({ callLater, connectTCP, getDelayedCalls, seconds });
  for (const url of ["https://a/", "http+unix://%2Fa/"]) {
    assertThrows(() => agent.request("GET", url), Error, "This reactor has no");
  }
});

Deno.test("A connection that is refused fails the request with that very error", () => {
  const bench = new Bench();
  const d = bench.agent.request("GET", "http://h/");
  bench.refuse();
  failureResultOf(d, ConnectionRefusedError);
  assertEquals(bench.pool.stats, { open: 0, idle: 0 });
});

Deno.test("Connecting that takes too long fails with the reactor's error", () => {
  const bench = new Bench({ connectTimeoutSeconds: 5 });
  const d = bench.agent.request("GET", "http://h/");
  bench.reactor.advance(6);
  failureResultOf(d, TimeoutError);
});

Deno.test("Cancelling while it connects stops the attempt", () => {
  const bench = new Bench();
  const d = bench.agent.request("GET", "http://h/");
  d.cancel();
  failureResultOf(d, ConnectingCancelledError);
  assertEquals(bench.pool.stats, { open: 0, idle: 0 });
});

Deno.test("Cancelling before the response cuts the connection, and nothing is tried again", () => {
  const bench = new Bench();
  const d = bench.agent.request("GET", "http://h/");
  const connection = bench.accept();
  d.cancel();
  const { value } = failureResultOf(d, ResponseNeverReceived);
  assertInstanceOf((value as ResponseNeverReceived).reasons[0]!.value, CancelledError);
  assert(connection.aborting);
  assertEquals(bench.attempts, 1);
});

Deno.test("Cancelling while the body is read cuts the connection", () => {
  const bench = new Bench();
  const d = bench.agent.request("GET", "http://h/");
  const connection = bench.accept();
  connection.receive("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  const body = readBody(successResultOf(d));
  body.cancel();
  failureResultOf(body, CancelledError);
  assert(connection.aborting);
});

Deno.test("The time for all of it counts from the call, connecting included", () => {
  const bench = new Bench({ totalTimeoutSeconds: 10 });
  const first = bench.agent.request("GET", "http://h/");
  bench.reactor.advance(10);
  assertEquals((failureResultOf(first, HTTPTimeoutError).value as HTTPTimeoutError).phase, "total");

  const second = bench.agent.request("GET", "http://h/");
  bench.reactor.advance(6);
  bench.reactor.tcpClients[1]!.succeed();
  bench.reactor.advance(5);
  assertEquals((failureResultOf(second, HTTPTimeoutError).value as HTTPTimeoutError).phase, "total");
  assertEquals(bench.reactor.getDelayedCalls(), []);
});

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

// ---------------------------------------------------------------------------------------------------- bodies

Deno.test("readBody fails where nothing tells whether a body is complete, and hands over what came", () => {
  const bench = new Bench();
  const d = bench.agent.request("GET", "http://h/");
  const connection = bench.accept();
  connection.receive("HTTP/1.1 200 Fine\r\n\r\nall of it");
  const body = readBody(successResultOf(d));
  connection.peerCloses();
  const error = failureResultOf(body, PartialDownloadError).value as PartialDownloadError;
  assertEquals([error.status, error.phrase, new TextDecoder().decode(error.response)], [
    200,
    "Fine",
    "all of it",
  ]);
});

Deno.test("text() and its kin take such a body as it is", () => {
  const bench = new Bench();
  const d = bench.agent.request("GET", "http://h/");
  const connection = bench.accept();
  connection.receive("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n");
  const text = successResultOf(d).text();
  connection.receive(new Uint8Array([0x66, 0xfc, 0x72]));
  connection.peerCloses();
  assertEquals(successResultOf(text), "für");
});

Deno.test("json() gives the value, or fails", () => {
  for (const [text, check] of [['{"a":1}', true], ["{", false]] as const) {
    const bench = new Bench();
    const d = bench.agent.request("GET", "http://h/");
    bench.accept().receive(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
    const value = successResultOf(d).json<{ a: number }>();
    if (check) assertEquals(successResultOf(value), { a: 1 });
    else failureResultOf(value, SyntaxError);
  }
});

Deno.test("A body larger than is accepted fails, whole or in pieces", () => {
  const whole = new Bench();
  const first = whole.agent.request("GET", "http://h/");
  whole.accept().receive(OK);
  failureResultOf(successResultOf(first).bytes({ maxBytes: 4 }));

  const pieces = new Bench();
  const second = pieces.agent.request("GET", "http://h/");
  const connection = pieces.accept();
  connection.receive("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
  const body = readBody(successResultOf(second), { maxBytes: 4 });
  connection.receive("hello");
  failureResultOf(body);
  assert(connection.aborting);
});

Deno.test("A body as a stream of the platform holds the server back", async () => {
  const bench = new Bench();
  const d = bench.agent.request("GET", "http://h/");
  const connection = bench.accept();
  connection.receive("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n");
  const reader = successResultOf(d).body.getReader();
  connection.receive(new Uint8Array(50_000));
  assertEquals(connection.producerState, "producing");
  connection.receive(new Uint8Array(50_000));
  assertEquals(connection.producerState, "paused");
  let length = 0;
  while (length < 100_000) length += (await reader.read()).value!.length;
  assertEquals(connection.producerState, "producing");
  connection.receive(new Uint8Array(100_000));
  while (length < 200_000) length += (await reader.read()).value!.length;
  assertEquals((await reader.read()).done, true);
});

Deno.test("Cancelling a stream of the platform cuts the connection, and a loss errors it", async () => {
  const bench = new Bench();
  const first = bench.agent.request("GET", "http://h/");
  const one = bench.accept();
  one.receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
  await successResultOf(first).body.cancel();
  assert(one.aborting);

  const second = bench.agent.request("GET", "http://h/");
  const two = bench.accept();
  two.receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
  const reader = successResultOf(second).body.getReader();
  two.peerCloses();
  await reader.read().then(() => assert(false), (error) => assertInstanceOf(error, ResponseFailed));
});

Deno.test("A body's protocol that gives up cuts the connection and hears of it", () => {
  const bench = new Bench();
  const d = bench.agent.request("GET", "http://h/");
  const connection = bench.accept();
  connection.receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  const body = deliver(successResultOf(d));
  body.transport.loseConnection();
  assertInstanceOf(body.reason!.value, ResponseFailed);
  assert(!connection.connected);
  assertNotEquals(bench.pool.stats.open, 1);
});

Deno.test("A body's protocol that throws loses the connection", () => {
  const bench = new Bench();
  const d = bench.agent.request("GET", "http://h/");
  const connection = bench.accept();
  connection.receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
  class Broken extends Body {
    override dataReceived(): void {
      throw new RangeError("no");
    }
  }
  const body = new Broken();
  successResultOf(d).deliverBody(body);
  assertThrows(() => connection.receive("abc"), RangeError); // a real transport loses the connection for it
  connection.peerCloses(new RangeError("no"));
  assertInstanceOf(body.reason!.value, ResponseFailed);
});
