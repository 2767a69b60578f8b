import { Deferred, succeed } from "@ropewalk/deferred";
import { DNSLookupError, TimeoutError } from "@ropewalk/reactor/core";
import { failureResultOf, MemoryReactorClock, SimulatedNetwork, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import { Data, Site } from "../mod.ts";
import { Agent } from "../client.ts";
import { sent } from "./_support_test.ts";

/** A reactor in memory that knows names. */
function resolving(resolveHost: (name: string) => Deferred<string[]>) {
  return Object.assign(new MemoryReactorClock(), { resolveHost });
}

const BOTH = () => succeed(["2001:db8::1", "192.0.2.1"]);

Deno.test("The addresses of a name are tried side by side, and the first that answers carries the request", () => {
  const reactor = resolving(BOTH);
  const d = new Agent(reactor).request("GET", "http://h.example/x");
  assertEquals(reactor.tcpClients.map(({ host }) => host), ["2001:db8::1"]);
  reactor.advance(0.25);
  assertEquals(reactor.tcpClients.map(({ host }) => host), ["2001:db8::1", "192.0.2.1"]);
  const connection = reactor.tcpClients[1]!.succeed()!;
  assertEquals(reactor.tcpClients[0]!.state, "disconnected");
  assert(sent(connection).startsWith("GET /x HTTP/1.1\r\nHost: h.example\r\n"));
  connection.receive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  assertEquals(successResultOf(d).code, 200);
});

Deno.test("By https the addresses are raced too, and it is the name that is verified", () => {
  const reactor = resolving(BOTH);
  const d = new Agent(reactor, { tls: { ca: ["x"] } }).request("GET", "https://h.example/");
  reactor.advance(0.25);
  assertEquals(reactor.tlsClients.map(({ host, tls }) => [host, tls?.hostname, tls?.ca]), [
    ["2001:db8::1", "h.example", ["x"]],
    ["192.0.2.1", "h.example", ["x"]],
  ]);
  const connection = reactor.tlsClients[0]!.succeed()!;
  assert(sent(connection).includes("\r\nHost: h.example\r\n"));
  d.addErrback(() => {}).cancel();
});

Deno.test("An address is connected to without asking for its name", () => {
  const reactor = resolving((name) => {
    throw new Error(`${name} was looked up`);
  });
  const agent = new Agent(reactor);
  for (const host of ["192.0.2.7", "[2001:db8::7]"]) agent.request("GET", `http://${host}/`);
  assertEquals(reactor.tcpClients.map(({ host }) => host), ["192.0.2.7", "2001:db8::7"]);
});

Deno.test("The time for connecting bounds the look-up and all attempts together", () => {
  const silent = resolving(() => new Deferred());
  const looked = new Agent(silent, { connectTimeoutSeconds: 5 }).request("GET", "http://h.example/");
  silent.advance(5);
  failureResultOf(looked, TimeoutError);

  const many = resolving(() => succeed(Array.from({ length: 40 }, (_, i) => `192.0.2.${i}`)));
  const tried = new Agent(many, { connectTimeoutSeconds: 5 }).request("GET", "http://h.example/");
  many.pump(Array(20).fill(0.25));
  failureResultOf(tried, TimeoutError);
  many.advance(100);
  assertEquals(many.tcpClients.filter(({ state }) => state === "connecting"), []);
  assertEquals(many.getDelayedCalls(), []);
});

Deno.test("A host whose first address is silent is reached by its second, in virtual time", () => {
  const network = new SimulatedNetwork({ seed: 3, latencySeconds: 0.02 });
  network.addHost("server", (reactor) => {
    reactor.listenTCP(80, new Site(new Data("hello", "text/plain"), { accessLog: "none", reactor }));
  });
  network.setName("dual.example", ["2001:db8::99", ...network.lookup("server")]);
  let text = "";
  let missing: unknown = null;
  network.addHost("client", (reactor) => {
    const agent = new Agent(reactor);
    agent.request("GET", "http://dual.example/").addCallback((response) => response.text())
      .addCallback((body) => text = `${body} after ${reactor.seconds().toFixed(2)}`);
    agent.request("GET", "http://nowhere.example/").addErrback((failure) => missing = failure.value);
  });
  network.run(2);
  assertEquals(text, "hello after 0.33"); // 0.25 alone, one way there and back for each of two round trips
  assert(missing instanceof DNSLookupError);
});
