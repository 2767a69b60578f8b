import { ConnectionRefusedError, TimeoutError } from "@ropewalk/reactor/core";
import { MemoryReactor } from "@ropewalk/testing";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Client } from "./_support_test.ts";
import { ProxyFactory, type ProxyFactoryOptions } from "./forward_proxy.ts";

function proxy(options: ProxyFactoryOptions = {}) {
  const reactor = new MemoryReactor();
  const client = new Client(new ProxyFactory(reactor, { accessLog: "none", ...options }));
  return { reactor, client, accept: () => reactor.tcpClients.at(-1)!.succeed()! };
}

Deno.test("a page is got from the server that its address names, whatever Host says", () => {
  const { reactor, client, accept } = proxy();
  client.send(
    "POST http://example.org:81/a%2Fb?c HTTP/1.1\r\nHost: other\r\nProxy-Connection: keep-alive\r\n" +
      "Proxy-Authorization: Basic eA==\r\nAccept: a/b\r\nContent-Length: 2\r\n\r\nhi",
  );
  assertEquals(String(reactor.tcpClients[0]!.address), "example.org:81");
  const server = accept();
  const sent = server.text();
  assert(sent.startsWith("POST /a%2Fb?c HTTP/1.1\r\nHost: example.org:81\r\n"), sent);
  assertStringIncludes(sent, "Accept: a/b\r\n");
  assertStringIncludes(sent, "Via: 1.1 ropewalk\r\n");
  assert(!/proxy-/i.test(sent), sent);
  assert(sent.endsWith("\r\n\r\nhi"));
  server.receive("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 5\r\n\r\nhello");
  assertEquals(client.answers()[0]!.body, "hello");
  assert(!client.closed, "the client's connection is used again");
});

Deno.test("CONNECT opens a tunnel, and bytes pass untouched both ways", () => {
  const { reactor, client, accept } = proxy();
  client.send("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\nearly");
  assertEquals(client.wire, "");
  assertEquals(String(reactor.tcpClients[0]!.address), "example.org:443");
  const server = accept();
  const head = client.wire;
  assert(/^HTTP\/1\.1 200 [^]*\r\n\r\n$/.test(head), head);
  assert(!/content-length|transfer-encoding|content-type/i.test(head), head);
  assertEquals(server.text(), "early");
  client.send("\0\xff");
  assertEquals([...server.value().slice(-2)], [0, 0xff]);
  server.receive("back");
  assertEquals(client.wire, `${head}back`);
  server.peerCloses();
  assert(client.closed);
});

Deno.test("a client that leaves ends its tunnel, also one that is not there yet", () => {
  const open = proxy();
  open.client.send("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n");
  const server = open.accept();
  open.client.transport.abortConnection();
  assert(!server.connected || server.disconnecting);

  const early = proxy();
  early.client.send("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n");
  early.client.transport.abortConnection();
  assertEquals(early.reactor.tcpClients[0]!.state, "disconnected");
});

Deno.test("a server that refuses is 502, one that is late 504, for pages and tunnels", () => {
  for (const line of ["GET http://a/", "CONNECT a:443"]) {
    for (const [error, status] of [[new ConnectionRefusedError(), 502], [new TimeoutError(), 504]] as const) {
      const { reactor, client } = proxy();
      client.send(`${line} HTTP/1.1\r\nHost: a\r\n\r\n`);
      reactor.tcpClients[0]!.fail(error);
      assertEquals(client.answers()[0]!.status, status, line);
    }
  }
});

Deno.test("tunnels lead to port 443 only, unless it is said otherwise", () => {
  const { reactor, client } = proxy();
  client.send("CONNECT mail:25 HTTP/1.1\r\nHost: a\r\n\r\n");
  assertEquals(client.answers()[0]!.status, 403);
  assertEquals(reactor.tcpClients.length, 0);
  const seen: string[] = [];
  const open = proxy({ allow: ({ host, port, tunnel }) => seen.push(`${host} ${port} ${tunnel}`) > 0 });
  open.client.send("CONNECT [::1]:80 HTTP/1.1\r\nHost: a\r\n\r\n");
  assertEquals(open.reactor.tcpClients.length, 1);
  assertEquals(seen, ["::1 80 true"]);
  const closed = proxy({ allow: () => false });
  closed.client.send("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n");
  assertEquals(closed.client.answers()[0]!.status, 403);
});

Deno.test("what is no address for a proxy is 400", () => {
  for (const target of ["GET /page", "GET https://a/", "GET ftp://a/", "CONNECT a:0", "CONNECT a:99999"]) {
    const { reactor, client } = proxy({ allow: () => true });
    client.send(`${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    assertEquals(client.answers()[0]!.status, 400, target);
    assertEquals(reactor.tcpClients.length, 0);
  }
});
