import { Deferred } from "@ropewalk/deferred";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { MemoryReactorClock } from "@ropewalk/testing";
import { ConnectingCancelledError, DNSLookupError } from "../errors.ts";
import { connectProtocol } from "./endpoint.ts";
import { clientFromString, registerEndpointParser, serverFromString } from "./from_string.ts";
import { HostnameEndpoint, interleave } from "./hostname_endpoint.ts";
import { Description, quoteStringArgument } from "./description.ts";
import { TCP6ClientEndpoint } from "./tcp.ts";

const protocol = () => ({ makeConnection() {}, dataReceived() {}, connectionLost() {} });

function resolving(
  addresses: string[],
): MemoryReactorClock & { resolveHost(name: string): Deferred<string[]> } {
  const reactor = new MemoryReactorClock();
  return Object.assign(reactor, {
    resolveHost: () => {
      const d = new Deferred<string[]>();
      d.callback(addresses);
      return d;
    },
  });
}

Deno.test("clientFromString takes positional and named arguments, and escapes", () => {
  const reactor = new MemoryReactorClock();
  for (const text of ["tcp:example.org:80:timeout=5", "tcp:host=example.org:port=80:timeout=5"]) {
    connectProtocol(clientFromString(reactor, text), protocol()).addErrback(() => {});
  }
  connectProtocol(clientFromString(reactor, "unix:/a\\:b"), protocol()).addErrback(() => {});
  assertEquals(reactor.tcpClients.map(({ host, port, options }) => [host, port, options.timeoutSeconds]), [
    ["example.org", 80, 5],
    ["example.org", 80, 5],
  ]);
  assertEquals(`${reactor.unixClients[0]!.address}`, "unix:/a:b");
  assertEquals(quoteStringArgument("C:\\x=y"), "C\\:\\\\x=y");
});

Deno.test("host and port go by place or by name, either of them, in any order", () => {
  const reactor = new MemoryReactorClock();
  const texts = [
    "tcp:a:1",
    "tcp:host=a:1",
    "tcp:1:host=a",
    "tcp:a:port=1",
    "tcp:port=1:a",
    "tcp6:port=1:host=a",
  ];
  for (const text of texts) {
    connectProtocol(clientFromString(reactor, text), protocol()).addErrback(() => {});
  }
  assertEquals(reactor.tcpClients.map(({ host, port }) => [host, port]), texts.map(() => ["a", 1]));
  const factory = { doStart() {}, doStop() {}, buildProtocol: protocol };
  serverFromString(reactor, "tcp:interface=127.0.0.1:8000").listen(factory);
  assertEquals(`${reactor.tcpServers[0]!.address}`, "127.0.0.1:8000");
  assertThrows(() => clientFromString(reactor, "tcp:a:1:host=b"), TypeError, '"host" is given twice');
});

Deno.test("serverFromString takes a path by either name, and Twisted's lockfile", () => {
  const reactor = new MemoryReactorClock();
  const factory = { doStart() {}, doStop() {}, buildProtocol: protocol };
  for (const text of ["unix:/a:mode=660:lockfile=0", "unix:path=/b:lockfile=1", "unix:address=/c"]) {
    serverFromString(reactor, text).listen(factory).addErrback(() => {});
  }
  assertEquals(reactor.unixServers.map(({ address, options }) => [`${address}`, options]), [
    ["unix:/a", { mode: 0o660, removeStale: false }],
    ["unix:/b", { removeStale: true }],
    ["unix:/c", {}],
  ]);
});

Deno.test("what a server's description may say further is taken by its place too, in Twisted's order", () => {
  const reactor = new MemoryReactorClock();
  const factory = { doStart() {}, doStop() {}, buildProtocol: protocol };
  for (const text of ["tcp:80:127.0.0.1:10", "tcp:80:", "tcp6:81:\\:\\:1", "unix:/a:660:10:0"]) {
    serverFromString(reactor, text).listen(factory).addErrback(() => {});
  }
  assertEquals(reactor.tcpServers.map(({ port, options }) => [port, options]), [
    [80, { hostname: "127.0.0.1", backlog: 10 }],
    [80, {}],
    [81, { hostname: "::1" }],
  ]);
  assertEquals(reactor.unixServers[0]!.options, { mode: 0o660, backlog: 10, removeStale: false });
  connectProtocol(clientFromString(reactor, "unix:/a:lockfile=1:timeout=3"), protocol()).addErrback(() => {});
  assertEquals(reactor.unixClients[0]!.options, { timeoutSeconds: 3 });
});

Deno.test("timeout= takes fractions of a second, and says so of what is no number", () => {
  const reactor = new MemoryReactorClock();
  for (const text of ["tcp:a:1:timeout=0.25", "tcp6:a:1:timeout=.5", "tcp:a:1:timeout=3."]) {
    connectProtocol(clientFromString(reactor, text), protocol()).addErrback(() => {});
  }
  connectProtocol(clientFromString(reactor, "unix:/a:timeout=1.5"), protocol()).addErrback(() => {});
  const seconds = [...reactor.tcpClients, ...reactor.unixClients].map(({ options }) =>
    options.timeoutSeconds
  );
  assertEquals(seconds, [0.25, 0.5, 3, 1.5]);
  for (const text of ["", ".", "-1", "1e3", "soon", "NaN", "Infinity"]) {
    const error = assertThrows(() => clientFromString(reactor, `tcp:a:1:timeout=${text}`), TypeError);
    assert(error.message.includes('"timeout" is no number of seconds'), error.message);
  }
});

Deno.test("a kind with nothing after its colon has no arguments", () => {
  const description = new Description("stdio:");
  description.end();
  assertEquals([description.kind, description.raw.positional], ["stdio", []]);
  assertThrows(() => new Description("stdio:x").end(), TypeError, "accepted: nothing");
});

Deno.test("TCP6ClientEndpoint takes a name's IPv6 address, and no other", async () => {
  const factory = { doStart() {}, doStop() {}, buildProtocol: protocol };
  const value = (result: unknown): unknown => (result as { value: unknown }).value;
  const reactor = resolving(["192.0.2.1", "2001:db8::1"]);
  const connected = new TCP6ClientEndpoint(reactor, "example.org", 80, { timeoutSeconds: 5 }).connect(
    factory,
  );
  assertEquals(reactor.tcpClients.map(({ host, options }) => [host, options]), [
    ["2001:db8::1", { timeoutSeconds: 5 }],
  ]);
  connected.cancel();
  assertInstanceOf(await connected.addBoth(value), ConnectingCancelledError);
  assertEquals(reactor.tcpClients[0]!.state, "disconnected");

  const four = resolving(["192.0.2.1"]);
  const none = new TCP6ClientEndpoint(four, "example.org", 80).connect(factory);
  assertInstanceOf(await none.addBoth(value), DNSLookupError);
  assertEquals(four.tcpClients, []);

  const asking = new Deferred<string[]>();
  const slow = Object.assign(new MemoryReactorClock(), { resolveHost: () => asking });
  const waiting = new TCP6ClientEndpoint(slow, "example.org", 80).connect(factory);
  waiting.cancel();
  assertInstanceOf(await waiting.addBoth(value), ConnectingCancelledError);

  const direct = new MemoryReactorClock();
  connectProtocol(new TCP6ClientEndpoint(direct, "::1", 80), protocol()).addErrback(() => {});
  assertEquals(direct.tcpClients[0]!.host, "::1");
});

Deno.test("HostnameEndpoint gives an address that fails at once no time of its own", () => {
  const reactor = resolving(["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
  const connect = reactor.connectTCP.bind(reactor);
  reactor.connectTCP = (host, ...rest) => {
    if (host !== "192.0.2.3") throw new Error("no such network");
    return connect(host, ...rest);
  };
  connectProtocol(new HostnameEndpoint(reactor, "example.org", 80), protocol()).addErrback(() => {});
  assertEquals(reactor.tcpClients.map(({ host }) => host), ["192.0.2.3"]);
  assertEquals(reactor.getDelayedCalls().length, 1); // the time-out of that one
});

Deno.test("descriptions that are wrong say what is wrong and what is accepted", () => {
  const reactor = new MemoryReactorClock();
  const wrong: [() => unknown, RegExp][] = [
    [() => serverFromString(reactor, "80"), /Unknown endpoint type: "80".*tcp/],
    [() => clientFromString(reactor, "tcp:example.org"), /needs "port"/],
    [
      () => clientFromString(reactor, "tcp:example.org:80:colour=red"),
      /"colour" is not expected; accepted: .*timeout/,
    ],
    [() => clientFromString(reactor, "tcp:example.org:eighty"), /"port" is no number/],
    [() => serverFromString(reactor, "tcp:65536"), /"port" is no number up to 65535/],
    [() => serverFromString(reactor, "tcp:80:127.0.0.1:5:extra"), /"extra" is not expected/],
    [() => serverFromString(reactor, "tcp:80:port=81"), /"port" is given twice/],
    [() => serverFromString(reactor, "tcp:80:127.0.0.1:many"), /"backlog" is no whole number: "many"/],
    [() => serverFromString(reactor, "unix:/a:rw"), /"mode" is no octal number: "rw"/],
    [() => serverFromString(reactor, "unix:/a:mode=999"), /"mode" is no octal number: "999"/],
    [() => clientFromString(reactor, "unix:/a=b"), /needs "path".*, and names "\/a"/],
    [
      () => clientFromString(reactor, "tcp:hots=a:port=1"),
      /needs "host".*, and names "hots", and names "port"/,
    ],
    [() => serverFromString(reactor, "TCP:80"), /Unknown endpoint type: "TCP"/],
    [() => clientFromString(reactor, "stdio:"), /Unknown endpoint type: "stdio"/],
  ];
  for (const [make, words] of wrong) {
    const error = assertThrows(make) as Error;
    assert(words.test(error.message), error.message);
  }
});

Deno.test("registerEndpointParser adds a kind", () => {
  const reactor = new MemoryReactorClock();
  registerEndpointParser("here", {
    client: (reactor, d) => new HostnameEndpoint(reactor, "127.0.0.1", d.needPort()),
  });
  connectProtocol(clientFromString(reactor, "here:7"), protocol()).addErrback(() => {});
  assertEquals(reactor.tcpClients[0]!.port, 7);
});

Deno.test("HostnameEndpoint takes the families in turn", () => {
  assertEquals(interleave(["::1", "::2", "1.1.1.1", "2.2.2.2", "3.3.3.3"]), [
    "::1",
    "1.1.1.1",
    "::2",
    "2.2.2.2",
    "3.3.3.3",
  ]);
  assertEquals(interleave([]), []);
});

Deno.test("HostnameEndpoint tries the next address after a quarter of a second, and stops the loser", async () => {
  const reactor = resolving(["2001:db8::1", "192.0.2.1"]);
  const connected = new HostnameEndpoint(reactor, "example.org", 80).connect({
    doStart() {},
    doStop() {},
    buildProtocol: protocol,
  });
  assertEquals(reactor.tcpClients.map(({ host }) => host), ["2001:db8::1"]);
  reactor.advance(0.25);
  assertEquals(reactor.tcpClients.map(({ host }) => host), ["2001:db8::1", "192.0.2.1"]);
  reactor.tcpClients[1]!.succeed();
  assert(await connected);
  assertEquals(reactor.tcpClients[0]!.state, "disconnected");
});

Deno.test("HostnameEndpoint tries the next address at once when one fails, and fails with the last error", async () => {
  const reactor = resolving(["192.0.2.1", "192.0.2.2"]);
  const connected = new HostnameEndpoint(reactor, "example.org", 80).connect({
    doStart() {},
    doStop() {},
    buildProtocol: protocol,
  });
  const [first, second] = [new Error("first"), new Error("second")];
  reactor.tcpClients[0]!.fail(first);
  assertEquals(reactor.tcpClients.length, 2);
  reactor.tcpClients[1]!.fail(second);
  assertEquals(await connected.addBoth((result) => (result as unknown as { value: unknown }).value), second);
  assertEquals(reactor.getDelayedCalls(), []);
});

Deno.test("HostnameEndpoint is cancelled with every attempt, and refuses what is no name", async () => {
  const reactor = resolving(["192.0.2.1", "192.0.2.2"]);
  const factory = { doStart() {}, doStop() {}, buildProtocol: protocol };
  const value = (result: unknown): unknown => (result as { value: unknown }).value;
  const connected = new HostnameEndpoint(reactor, "example.org", 80).connect(factory);
  reactor.advance(0.25);
  connected.cancel();
  assertInstanceOf(await connected.addBoth(value), ConnectingCancelledError);
  assertEquals(reactor.tcpClients.map(({ state }) => state), ["disconnected", "disconnected"]);
  assertEquals(reactor.getDelayedCalls(), []);
  const bad = new HostnameEndpoint(reactor, "not a name", 80).connect(factory);
  assertInstanceOf(await bad.addBoth(value), DNSLookupError);
  const none = new HostnameEndpoint(resolving([]), "example.org", 80).connect(factory);
  assertInstanceOf(await none.addBoth(value), DNSLookupError);
});
