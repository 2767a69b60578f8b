import { CancelledError, Deferred } from "@ropewalk/deferred";
import {
  ConnectingCancelledError,
  ConnectionRefusedError,
  type Reactor,
  type StreamProtocol,
  TimeoutError,
} from "@ropewalk/reactor/core";
import { failureResultOf, MemoryReactor, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import {
  Agent,
  HTTPHeaders,
  HTTPTimeoutError,
  readBody,
  ResponseNeverReceived,
  SchemeNotSupported,
} from "../client.ts";
import { Bench, sent } from "./_support_test.ts";
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
