import { ConnectionLost, ConnectionRefusedError, TimeoutError } from "@ropewalk/reactor/core";
import { type MemoryConnection, MemoryReactor } from "@ropewalk/testing";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Client } from "./_support_test.ts";
import { Resource } from "./resource.ts";
import { type ReverseProxyOptions, ReverseProxyResource } from "./reverse_proxy.ts";
import { Site } from "./site.ts";

class Bench {
  readonly reactor = new MemoryReactor();
  readonly client: Client;

  constructor(path = "/base", options: ReverseProxyOptions = {}) {
    const root = new Resource();
    root.putChild("p", new ReverseProxyResource("backend", 81, path, this.reactor, options));
    this.client = new Client(new Site(root, { accessLog: "none" }));
  }

  ask(target: string, lines = "", body = "", method = "GET"): void {
    this.client.send(`${method} ${target} HTTP/1.1\r\nHost: front\r\n${lines}\r\n${body}`);
  }

  accept(): MemoryConnection {
    return this.reactor.tcpClients.at(-1)!.succeed()!;
  }
}

Deno.test("a request goes on to the server, and its answer to the client", () => {
  const bench = new Bench();
  bench.ask("/p/a%20b%2Fc/?x=1&y", "Accept: text/html\r\nCookie: a=b\r\n");
  assertEquals(String(bench.reactor.tcpClients[0]!.address), "backend:81");
  const backend = bench.accept();
  const sent = backend.text();
  assert(sent.startsWith("GET /base/a%20b%2Fc/?x=1&y HTTP/1.1\r\nHost: backend:81\r\n"), sent);
  for (const line of ["Accept: text/html", "Cookie: a=b", "Via: 1.1 ropewalk", "X-Forwarded-Host: front"]) {
    assertStringIncludes(sent, `\r\n${line}\r\n`);
  }
  backend.receive("HTTP/1.1 203 Fine\r\nContent-Length: 5\r\nX-A: 1\r\nX-A: 2\r\n\r\nhello");
  const [answer] = bench.client.answers();
  assertEquals([answer!.status, answer!.phrase, answer!.body], [203, "Fine", "hello"]);
  assertEquals(answer!.headers.get("x-a"), "1, 2");
  assertEquals(answer!.headers.get("content-type"), "application/octet-stream");
  assertEquals(answer!.headers.get("content-length"), "5");
});

Deno.test("a path goes on as it was written, byte for byte, and what could mean something else is encoded", () => {
  const sent = (target: string) => {
    const bench = new Bench();
    bench.ask(target);
    return bench.accept().text().split(" ")[1];
  };
  assertEquals(sent("/p/%ff/%E9t%c3%a9"), "/base/%ff/%E9t%c3%a9");
  assertEquals(sent("/p/a:b@c;d=1,2!/~x/%7E"), "/base/a:b@c;d=1,2!/~x/%7E");
  assertEquals(sent("/p//a//"), "/base//a//");
  assertEquals(sent("/p/..\\x"), "/base/..%5Cx"); // a backslash is a slash to some
  assertEquals(sent("/p/a%zz|b"), "/base/a%25zz%7Cb");
  assertEquals(sent("/p/a?b=%ff&c#d"), "/base/a?b=%ff&c%23d");
  assertEquals(sent("/p"), "/base");
});

Deno.test("fields of one connection, and those that Connection names, stay behind in both directions", () => {
  const bench = new Bench();
  bench.ask(
    "/p/",
    "Connection: x-secret, keep-alive\r\nX-Secret: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nProxy-Connection: a\r\n" +
      "Proxy-Authorization: Basic eA==\r\nUpgrade: h2c\r\n",
  );
  const backend = bench.accept();
  assert(!/x-secret|keep-alive|\bTE:|proxy-|upgrade/i.test(backend.text()), backend.text());
  backend.receive(
    "HTTP/1.1 200 OK\r\nConnection: close, x-hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Authenticate: Basic\r\n" +
      "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  );
  const [answer] = bench.client.answers();
  assertEquals(answer!.body, "ok");
  for (const name of ["connection", "x-hop", "keep-alive", "proxy-authenticate"]) {
    assertEquals(answer!.headers.has(name), false, name);
  }
  assert(!bench.client.closed);
});

Deno.test("a body goes on with its length, and what the server sends comes through piece by piece", () => {
  const bench = new Bench();
  bench.ask("/p/form", "Content-Length: 3\r\n", "a=b", "POST");
  const backend = bench.accept();
  assert(backend.text().startsWith("POST /base/form HTTP/1.1\r\n"));
  assertStringIncludes(backend.text(), "Content-Length: 3\r\n");
  assert(backend.text().endsWith("\r\n\r\na=b"));
  backend.receive("HTTP/1.1 200 OK\r\n\r\none");
  assertStringIncludes(bench.client.wire, "3\r\none\r\n");
  backend.receive("two");
  assertStringIncludes(bench.client.wire, "3\r\ntwo\r\n");
  assert(!bench.client.wire.endsWith("0\r\n\r\n"));
  backend.peerCloses();
  assertEquals(bench.client.answers()[0]!.body, "onetwo");
});

Deno.test("a server that refuses is 502, one that is late is 504, and nonsense is 502", () => {
  for (const [error, status] of [[new ConnectionRefusedError(), 502], [new TimeoutError(), 504]] as const) {
    const bench = new Bench();
    bench.ask("/p/");
    bench.reactor.tcpClients[0]!.fail(error);
    assertEquals(bench.client.answers()[0]!.status, status);
    bench.ask("/nothing"); // the connection goes on
    assertEquals(bench.client.answers()[1]!.status, 404);
  }
  const late = new Bench("", { responseTimeoutSeconds: 7 });
  late.ask("/p/");
  const connection = late.accept();
  late.reactor.advance(6.9);
  assertEquals(late.client.wire, "");
  late.reactor.advance(0.2);
  assertEquals(late.client.answers()[0]!.status, 504);
  assert(!connection.connected || connection.aborting);
  for (const nonsense of ["HELLO\r\n\r\n", "HTTP/1.1 200 OK\r\nBad Name: 1\r\n\r\n"]) {
    const bench = new Bench();
    bench.ask("/p/");
    bench.accept().receive(nonsense);
    assertEquals(bench.client.answers()[0]!.status, 502);
  }
});

Deno.test("a body that breaks off breaks the client's connection, so that it does not pass for whole", () => {
  const bench = new Bench();
  bench.ask("/p/");
  const backend = bench.accept();
  backend.receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
  backend.peerCloses(new ConnectionLost());
  assert(bench.client.closed);
  assert(!bench.client.wire.endsWith("0\r\n\r\n"));
});

Deno.test("a client that does not read holds the server back, and one that leaves ends its connection", () => {
  const bench = new Bench();
  bench.ask("/p/");
  const backend = bench.accept();
  backend.receive("HTTP/1.1 200 OK\r\n\r\nsome");
  bench.client.channel.pauseProducing();
  assertEquals(backend.producerState, "paused");
  bench.client.channel.resumeProducing();
  assertEquals(backend.producerState, "producing");
  bench.client.transport.abortConnection();
  assert(!backend.connected || backend.disconnecting || backend.aborting);

  const early = new Bench();
  early.ask("/p/");
  const waiting = early.accept();
  early.client.transport.abortConnection();
  assert(!waiting.connected || waiting.aborting);
});

Deno.test("HEAD and 304 keep the length that they tell of and have no body", () => {
  const bench = new Bench();
  bench.ask("/p/", "", "", "HEAD");
  bench.accept().receive("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nContent-Type: a/b\r\n\r\n");
  bench.ask("/p/");
  bench.accept().receive('HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n');
  const [head, cached] = bench.client.answers(["HEAD", "GET"]);
  assertEquals([head!.status, head!.headers.get("content-length")], [200, "5000"]);
  assertEquals([cached!.status, cached!.headers.get("etag")], [304, '"x"']);
});

Deno.test("a path cannot leave the one that is mounted", () => {
  const bench = new Bench();
  for (const target of ["/p/..", "/p/%2e%2e/secret", "/p/a/%2E/b", "/p/../x"]) {
    bench.client.transport.clear();
    bench.ask(target);
    assertEquals(bench.client.answers()[0]!.status, 404, target);
  }
  assertEquals(bench.reactor.tcpClients.length, 0);
  assertThrows(() => new ReverseProxyResource("a b", 1, "", bench.reactor), TypeError, "no address");
  assertThrows(() => new ReverseProxyResource("a", 1, "x", bench.reactor), TypeError, "no address");
});

Deno.test("a WebSocket goes through, with what is sent before the other side is there", () => {
  const bench = new Bench();
  bench.ask(
    "/p/chat",
    "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Version: 13\r\n",
    "early",
  );
  const backend = bench.accept();
  assertStringIncludes(backend.text().toLowerCase(), "\r\nconnection: upgrade\r\nupgrade: websocket\r\n");
  backend.clear();
  backend.receive(
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: b\r\n\r\nfirst",
  );
  const wire = bench.client.wire;
  assert(wire.startsWith("HTTP/1.1 101 Switching Protocols\r\n"), wire);
  assertStringIncludes(wire.toLowerCase(), "sec-websocket-accept: b\r\n");
  assert(wire.endsWith("\r\n\r\nfirst"), wire);
  assertEquals(backend.text(), "early");
  bench.client.send("more");
  assertEquals(backend.text(), "earlymore");
  backend.receive("back");
  assert(bench.client.wire.endsWith("firstback"));
  backend.peerCloses();
  assert(bench.client.closed);
});

Deno.test("a server that does not want to switch answers as usual", () => {
  const bench = new Bench();
  bench.ask("/p/chat", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
  bench.accept().receive("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  assertEquals(bench.client.answers()[0]!.body, "no");
});

Deno.test("the server hears the client's name for the site, and nothing of the client, as it was told", () => {
  const bench = new Bench("", { preserveHost: true, forwarded: false });
  bench.ask("/p");
  const sent = bench.accept().text();
  assert(sent.startsWith("GET / HTTP/1.1\r\n"), sent);
  assertStringIncludes(sent, "Host: front\r\n");
  assert(!/x-forwarded/i.test(sent));
});
