import { ConnectionRefusedError } from "@ropewalk/reactor/core";
import { failureResultOf, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import {
  HTTPConnectionPool,
  ProxyAgent,
  ProxyError,
  ResponseNeverReceived,
  SchemeNotSupported,
} from "../client.ts";
import { Bench, OK, sent } from "./_support_test.ts";

function proxied(proxy = "http://proxy:3128") {
  const bench = new Bench();
  const pool = new HTTPConnectionPool(bench.reactor);
  return { bench, agent: new ProxyAgent(proxy, bench.reactor, { pool }), pool };
}

Deno.test("A page by http is asked of the proxy by its whole address", () => {
  const { bench, agent } = proxied("http://user:pass@proxy:3128");
  const d = agent.request("GET", "http://example.org:81/a?b#c");
  assertEquals(String(bench.reactor.tcpClients[0]!.address), "proxy:3128");
  const connection = bench.accept();
  assertEquals(
    sent(connection),
    "GET http://example.org:81/a?b HTTP/1.1\r\nHost: example.org:81\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n",
  );
  connection.receive(OK);
  assertEquals(successResultOf(successResultOf(d).text()), "hello");
  agent.request("GET", "http://other/");
  assert(sent(connection).startsWith("GET http://other/ HTTP/1.1\r\n"), "one connection serves all hosts");
});

Deno.test("A page by https is asked through a tunnel, and the proxy sees nothing of it", () => {
  const { bench, agent } = proxied("http://user:pass@proxy:3128");
  const d = agent.request("GET", "https://example.org/secret", { Authorization: "x" });
  const connection = bench.accept();
  assertEquals(
    sent(connection),
    "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n",
  );
  assertEquals(connection.tls, null);
  connection.receive("HTTP/1.1 200 Connection established\r\n\r\n");
  assertEquals(connection.tls!.options, { hostname: "example.org", alpnProtocols: ["http/1.1"] });
  assertEquals(sent(connection), "GET /secret HTTP/1.1\r\nHost: example.org\r\nAuthorization: x\r\n\r\n");
  connection.receive(OK);
  assertEquals(successResultOf(successResultOf(d).text()), "hello");

  agent.request("GET", "https://example.org/again");
  assert(sent(connection).startsWith("GET /again"), "the tunnel is used again");
  agent.request("GET", "https://other/");
  assertEquals(bench.attempts, 2, "but for its own host only");
});

Deno.test("A proxy that refuses the tunnel fails the request", () => {
  const { bench, agent, pool } = proxied();
  const d = agent.request("GET", "https://example.org/");
  const connection = bench.accept();
  connection.receive("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 4\r\n\r\nsorr");
  const error = failureResultOf(d, ProxyError).value as ProxyError;
  assertEquals([error.status, error.phrase], [407, "Proxy Authentication Required"]);
  assert(!connection.connected);
  assertEquals(pool.stats, { open: 0, idle: 0 });
});

Deno.test("A proxy that is not there, or hangs up, fails the request", () => {
  const { bench, agent } = proxied();
  const first = agent.request("GET", "https://example.org/");
  bench.refuse();
  failureResultOf(first, ConnectionRefusedError);
  const second = agent.request("GET", "https://example.org/");
  bench.accept().peerCloses();
  failureResultOf(second, ResponseNeverReceived);
});

Deno.test("What comes in plain text after the tunnel is there is not taken for the server's", () => {
  const { bench, agent } = proxied();
  const d = agent.request("GET", "https://example.org/");
  const connection = bench.accept();
  connection.receive("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  failureResultOf(d);
  assert(connection.aborting);
});

Deno.test("Cancelling while the tunnel opens cuts the connection", () => {
  const { bench, agent, pool } = proxied();
  const d = agent.request("GET", "https://example.org/");
  const connection = bench.accept();
  d.cancel();
  failureResultOf(d);
  assert(connection.aborting);
  assertEquals(pool.stats, { open: 0, idle: 0 });
});

Deno.test("An IPv6 host is bracketed", () => {
  const { bench, agent } = proxied();
  agent.request("GET", "https://[::1]:8443/");
  assert(sent(bench.accept()).startsWith("CONNECT [::1]:8443 HTTP/1.1\r\n"));
});

Deno.test("Other schemes do not go through a proxy", () => {
  failureResultOf(proxied().agent.request("GET", "ftp://h/"), SchemeNotSupported);
});
