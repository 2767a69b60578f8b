import { ConnectionRefusedError } from "@ropewalk/reactor/core";
import { type MemoryConnection, MemoryReactor, StringTransportWithDisconnection } from "@ropewalk/testing";
import { ReverseProxyResource, Site } from "@ropewalk/web";
import { Agent } from "@ropewalk/web/client";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CachingProxy, MAX_PAGES } from "./caching_proxy.ts";

const PAGE = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";

class Bench {
  readonly reactor = new MemoryReactor();
  readonly site: Site;

  constructor() {
    const through = new ReverseProxyResource("origin", 80, "", this.reactor);
    const proxy = new CachingProxy(this.reactor, new Agent(this.reactor), "http://origin", 5, through);
    this.site = new Site(proxy, { accessLog: "none", reactor: this.reactor });
  }

  get fetches(): number {
    return this.reactor.tcpClients.length;
  }

  ask(path: string, lines = "", method = "GET"): StringTransportWithDisconnection {
    const transport = new StringTransportWithDisconnection({ reactor: this.reactor });
    const channel = this.site.buildProtocol()!;
    transport.protocol = channel;
    channel.makeConnection(transport);
    channel.dataReceived(new TextEncoder().encode(`${method} ${path} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`));
    return transport;
  }

  accept(): MemoryConnection {
    return this.reactor.tcpClients.at(-1)!.succeed()!;
  }
}

Deno.test("a page is fetched once for all who wait, and kept until its time is over", () => {
  const bench = new Bench();
  const askers = [bench.ask("/a?b"), bench.ask("/a?b"), bench.ask("/a?b")];
  assertEquals(bench.fetches, 1);
  const origin = bench.accept();
  assert(origin.text().startsWith("GET /a?b HTTP/1.1\r\n"));
  origin.receive(PAGE);
  for (const asker of askers) {
    assertStringIncludes(asker.text(), "X-Cache: miss\r\n");
    assert(asker.text().endsWith("\r\n\r\nhello"));
  }
  bench.reactor.advance(4.9);
  assertStringIncludes(bench.ask("/a?b").text(), "X-Cache: hit\r\n");
  bench.reactor.advance(0.1);
  bench.ask("/a?b");
  assertEquals(bench.fetches, 2);
});

Deno.test("what is not the same for everybody is not kept, and not shared", () => {
  for (const lines of ["Cookie: a=b\r\n", "Authorization: Basic eA==\r\n"]) {
    const bench = new Bench();
    bench.ask("/", lines);
    bench.accept().receive(PAGE);
    bench.ask("/", lines);
    assertEquals(bench.fetches, 2);
  }
  for (const header of ["Set-Cookie: id=1", "Cache-Control: private", "Vary: Cookie"]) {
    const bench = new Bench();
    const askers = [bench.ask("/"), bench.ask("/")];
    const answer = PAGE.replace("Content-Type", `${header}\r\nContent-Type`);
    bench.accept().receive(answer);
    assertEquals(bench.fetches, 3, "each asks for itself");
    bench.reactor.tcpClients.slice(1).forEach((client) => client.succeed()!.receive(answer));
    for (const asker of askers) assert(asker.text().endsWith("hello"));
  }
});

Deno.test("a server that is not there is 502 for all, and is asked again", () => {
  const bench = new Bench();
  const asker = bench.ask("/");
  bench.reactor.tcpClients[0]!.fail(new ConnectionRefusedError());
  bench.reactor.tcpClients[1]!.fail(new ConnectionRefusedError());
  assert(asker.text().startsWith("HTTP/1.1 502 "));
  bench.ask("/");
  assertEquals(bench.fetches, 3);
});

Deno.test("when all who wait have left, the fetch is given up", () => {
  const bench = new Bench();
  const [one, other] = [bench.ask("/"), bench.ask("/")];
  const origin = bench.accept();
  one.abortConnection();
  assert(origin.connected && !origin.aborting);
  other.abortConnection();
  assert(!origin.connected || origin.aborting);
  assertEquals(bench.fetches, 1);
});

Deno.test("the number of pages is bounded: the oldest goes first", () => {
  const bench = new Bench();
  for (let i = 0; i <= MAX_PAGES; i++) {
    bench.ask(`/${i}`);
    bench.accept().receive(PAGE);
  }
  assertStringIncludes(bench.ask(`/${MAX_PAGES}`).text(), "X-Cache: hit");
  const before = bench.fetches;
  bench.ask("/0");
  assertEquals(bench.fetches, before + 1);
});
