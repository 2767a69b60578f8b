import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertFalse,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { Deferred } from "@ropewalk/deferred";
import { Factory } from "@ropewalk/protocols";
import { CannotListenError, ConnectionLost, type Reactor } from "@ropewalk/reactor/core";
import { collectErrors, flushLoggedErrors } from "../logged_errors.ts";
import { SimulatedNetwork } from "./simulated_network.ts";
import { Echo, pair, Talker, Watcher } from "./_support_test.ts";

Deno.test("two hosts talk over TCP, and everything takes its time", () => {
  const network = new SimulatedNetwork({ latencySeconds: 0.1 });
  const { atServer, atClient } = pair(network, () => new Echo());
  const sent = network.seconds();
  atClient.transport.write("hello");
  network.run(0.15);
  assertEquals([atServer.heard, atClient.heard], [5, 0]);
  network.run(0.1);
  assertEquals(atClient.heard, 5);
  assertAlmostEquals(atClient.lastAt - sent, 0.2, 1e-9);
  assertEquals(
    `${atServer.transport.getHost()} ${atServer.transport.getPeer()}`,
    "10.0.0.1:80 10.0.0.2:49152",
  );
});

Deno.test("a connection takes one round trip, and the factories hear of its life", () => {
  const network = new SimulatedNetwork({ latencySeconds: 0.25 });
  network.addHost("server").reactor.listenTCP(80, Factory.forProtocol(Echo));
  const clients = new Watcher(() => new Talker());
  const { reactor } = network.addHost("client");
  reactor.connectTCP("server", 80, clients);
  assertEquals(clients.events, ["started"]);
  network.run(0.49);
  assertEquals(clients.made.length, 0);
  network.run(0.02);
  assertEquals(clients.only.events, ["made"]);
  assertEquals(reactor.stats().connections, 1);
  clients.only.transport.loseConnection();
  network.runToEnd();
  assertEquals([clients.only.events, clients.events], [["made", "ConnectionDone"], [
    "started",
    "lost ConnectionDone",
  ]]);
  assertEquals([clients.numPorts, reactor.stats().connections], [0, 0]);
});

for (
  const [what, port, host, expected] of [
    ["a port where nobody listens", 81, "server", "failed ConnectionRefusedError"],
    ["a name that nobody has", 80, "nowhere", "failed DNSLookupError"],
    ["an address that nobody has", 80, "10.9.9.9", "failed TimeoutError"],
  ] as const
) {
  Deno.test(`connecting to ${what} fails in its own way`, () => {
    const network = new SimulatedNetwork();
    network.addHost("server").reactor.listenTCP(80, Factory.forProtocol(Echo));
    const clients = new Watcher(() => new Talker());
    network.addHost("client").reactor.connectTCP(host, port, clients, { timeoutSeconds: 5 });
    network.runToEnd();
    assertEquals(clients.events, ["started", expected]);
    assertEquals(clients.numPorts, 0);
  });
}

Deno.test("an attempt can be stopped, and the connector can try again", () => {
  const network = new SimulatedNetwork();
  network.addHost("server").reactor.listenTCP(80, Factory.forProtocol(Echo));
  const clients = new Watcher(() => new Talker());
  const connector = network.addHost("client").reactor.connectTCP("server", 80, clients);
  assertThrows(() => connector.connect(), TypeError, "Cannot connect");
  connector.stopConnecting();
  assertEquals(clients.events, ["started", "failed UserError"]);
  connector.connect();
  network.run(1);
  assertEquals(clients.only.events, ["made"]);
  connector.disconnect();
  network.runToEnd();
  assertEquals(clients.events.at(-1), "lost ConnectionDone");
});

Deno.test("a server that gives up waiting for its client's attempt hears a reset", () => {
  const network = new SimulatedNetwork({ latencySeconds: 1 });
  const servers = new Watcher(() => new Talker());
  network.addHost("server").reactor.listenTCP(80, servers);
  const clients = new Watcher(() => new Talker());
  network.addHost("client").reactor.connectTCP("server", 80, clients, { timeoutSeconds: 1.5 });
  network.runToEnd();
  assertEquals(clients.events, ["started", "failed TimeoutError"]);
  assertEquals([servers.only.events, clients.made.length], [["made", "ConnectionLost"], 0]);
});

Deno.test("bandwidth and a reader that pauses hold a producer back", () => {
  const network = new SimulatedNetwork({ bandwidthBytesPerSecond: 10_000, windowBytes: 100_000 });
  const { atServer, atClient } = pair(network, () => new Talker());
  const calls: string[] = [];
  atClient.transport.registerProducer({
    pauseProducing: () => void calls.push("pause"),
    resumeProducing: () => void calls.push("resume"),
    stopProducing: () => {},
  }, true);
  atServer.transport.pauseProducing();
  const start = network.seconds();
  atClient.transport.write(new Uint8Array(300_000));
  network.run(100);
  assertEquals([atServer.heard, calls], [0, ["pause"]]);
  atServer.transport.resumeProducing();
  network.run(100);
  assertEquals([atServer.heard, calls], [300_000, ["pause", "resume"]]);
  assert(atServer.lastAt - start >= 100, "the rest could not begin to leave before the reader went on");
});

Deno.test("bandwidth is what 10000 bytes at 10000 bytes a second take", () => {
  const network = new SimulatedNetwork({ bandwidthBytesPerSecond: 10_000, latencySeconds: 0.5 });
  const { atServer, atClient } = pair(network, () => new Talker());
  const start = network.seconds();
  atClient.transport.write(new Uint8Array(10_000));
  network.run(10);
  assertAlmostEquals(atServer.lastAt - start, 1.5, 1e-9);
});

Deno.test("small writes of one turn arrive together", () => {
  const network = new SimulatedNetwork();
  let chunks = 0;
  class Counter extends Talker {
    override dataReceived() {
      chunks++;
    }
  }
  const { atClient } = pair(network, () => new Counter());
  for (let i = 0; i < 10; i++) atClient.transport.write("x");
  network.run(1);
  assertEquals(chunks, 1);
});

Deno.test("jitter and loss never change the order of a stream", () => {
  const network = new SimulatedNetwork({ seed: 5, jitterSeconds: 0.5, loss: 0.3 });
  let heard = "";
  class Ear extends Talker {
    override dataReceived(data: Uint8Array) {
      heard += new TextDecoder().decode(data);
    }
  }
  const { atClient } = (network.run(0), pair(network, () => new Ear()));
  const expected = Array.from({ length: 100 }, (_, i) => `${i},`);
  expected.forEach((word, i) => network.callLater(i * 0.01, () => atClient.transport.write(word)));
  network.run(60);
  assertEquals(heard, expected.join(""));
});

Deno.test("a factory that refuses a connection closes it", () => {
  const network = new SimulatedNetwork();
  class Refuser extends Factory {
    override buildProtocol() {
      return null as never;
    }
  }
  network.addHost("server").reactor.listenTCP(80, new Refuser());
  const clients = new Watcher(() => new Talker());
  network.addHost("client").reactor.connectTCP("server", 80, clients);
  network.runToEnd();
  assertEquals(clients.only.events, ["made", "ConnectionDone"]);
  const refusing = new (class extends Watcher<Talker> {
    override buildProtocol() {
      return null as never;
    }
  })(() => new Talker());
  network.host("client").reactor.connectTCP("server", 80, refusing);
  network.runToEnd();
  assertEquals(refusing.events, ["started", "lost ConnectionDone"]);
});

Deno.test("a port can be closed and opened again, and refuses what is taken or not ours", () => {
  const network = new SimulatedNetwork();
  const { reactor } = network.addHost("server", null, { addresses: ["10.1.1.1", "fd00::1"] });
  const factory = Factory.forProtocol(Echo);
  const port = reactor.listenTCP(80, factory);
  assertThrows(() => reactor.listenTCP(80, factory), CannotListenError, "in use");
  assertThrows(
    () => reactor.listenTCP(81, factory, { hostname: "10.1.1.2" }),
    CannotListenError,
    "not this host's",
  );
  const first = reactor.listenTCP(0, factory, { hostname: "127.0.0.1" }).getHost();
  assertEquals(`${first}`, "127.0.0.1:49152");
  assertEquals(`${reactor.listenTCP(82, factory, { hostname: "fd00::1" }).getHost()}`, "[fd00::1]:82");
  port.stopListening();
  const clients = new Watcher(() => new Talker());
  const { reactor: other } = network.addHost("client");
  other.connectTCP("server", 80, clients);
  network.runToEnd();
  assertEquals(clients.events.at(-1), "failed ConnectionRefusedError");
  port.startListening();
  other.connectTCP("server", 80, clients);
  other.connectTCP("fd00::1", 82, clients);
  network.run(1);
  assertEquals(clients.made.length, 2);
});

Deno.test("127.0.0.1 is the host itself, and what is bound there is not for others", () => {
  const network = new SimulatedNetwork({ latencySeconds: 1 });
  const { reactor } = network.addHost("one");
  reactor.listenTCP(80, Factory.forProtocol(Echo), { hostname: "127.0.0.1" });
  const own = new Watcher(() => new Talker());
  reactor.connectTCP("127.0.0.1", 80, own);
  const foreign = new Watcher(() => new Talker());
  network.addHost("two").reactor.connectTCP("one", 80, foreign);
  network.run(0.01);
  assertEquals(`${own.only.transport.getPeer()}`, "127.0.0.1:80");
  network.run(10);
  assertEquals(foreign.events.at(-1), "failed ConnectionRefusedError");
});

Deno.test("UNIX sockets join programs of one host", () => {
  const network = new SimulatedNetwork();
  const { reactor } = network.addHost("one");
  const port = reactor.listenUNIX("/run/echo", Factory.forProtocol(Echo));
  assertThrows(() => reactor.listenUNIX("/run/echo", Factory.forProtocol(Echo)), CannotListenError, "in use");
  const clients = new Watcher(() => new Talker());
  reactor.connectUNIX("/run/echo", clients);
  reactor.connectUNIX("/run/other", clients);
  network.run(1);
  clients.only.transport.write("x");
  network.run(1);
  assertEquals([clients.only.heard, clients.events.at(-1)], [1, "failed ConnectionRefusedError"]);
  assertEquals(`${port.getHost()}`, "unix:/run/echo");
});

Deno.test("TLS connections shake hands on the way", () => {
  const network = new SimulatedNetwork({ latencySeconds: 0.1 });
  const servers = new Watcher(() => new Echo());
  network.addHost("server").reactor.listenTLS(443, servers, { cert: "…", key: "…", alpnProtocols: ["h2"] });
  const clients = new Watcher(() => new Talker());
  network.addHost("client").reactor.connectTLS("server", 443, clients, { alpnProtocols: ["h2"] });
  network.run(1);
  clients.only.transport.write("x");
  network.run(1);
  assertEquals([clients.only.heard, clients.only.transport.negotiatedProtocol], [1, "h2"]);
  assert(servers.only.transport.secure);
  const plain = new Watcher(() => new Talker());
  network.host("client").reactor.connectTCP("server", 443, plain);
  network.run(1);
  plain.only.transport.write("GET / HTTP/1.0\r\n\r\n");
  network.runToEnd();
  assertEquals(plain.only.events, ["made", "ConnectionDone"]);
});

Deno.test("a path may have conditions of its own", () => {
  const network = new SimulatedNetwork({ latencySeconds: 0.001 });
  network.addHost("near");
  const { atServer, atClient } = pair(network, () => new Talker());
  network.setLink("client", "server", { latencySeconds: 2 });
  const start = network.seconds();
  atClient.transport.write("x");
  network.run(3);
  assertAlmostEquals(atServer.lastAt - start, 2, 1e-9);
  assertThrows(() => network.setLink("client", "nobody", {}), RangeError, "Cannot find the host");
  for (const wrong of [{ loss: 2 }, { latencySeconds: -1 }, { bandwidthBytesPerSecond: 0 }]) {
    assertThrows(() => new SimulatedNetwork(wrong), RangeError, "Cannot set up a link");
  }
});

Deno.test("a run is a function of its seed", () => {
  const play = (seed: number) => {
    const network = new SimulatedNetwork({ seed, jitterSeconds: 0.1, loss: 0.1 });
    const { atClient } = pair(network, () => new Echo());
    for (let i = 0; i < 50; i++) network.callLater(i / 10, () => atClient.transport.write(`${i}`));
    network.run(20);
    return [network.trace.checksum, network.trace.count, `${network.trace}`];
  };
  assertEquals(play(11), play(11));
  assertNotEquals(play(11)[0], play(12)[0]);
});

Deno.test("runUntil stops the moment its condition holds, and says what it waited for when that never comes", () => {
  const network = new SimulatedNetwork();
  let done = false;
  network.callLater(5, () => done = true);
  network.callLater(6, () => {});
  network.runUntil(() => done);
  assertEquals(network.seconds(), 5);
  assertThrows(() => network.runUntil(() => false, 100), Error, "nothing more can happen");
  const d = new Deferred<number>();
  network.callLater(1, () => d.callback(42));
  assertEquals(network.runUntil(d), 42);
  const failing = new Deferred<number>();
  network.callLater(1, () => failing.errback(new ConnectionLost()));
  assertThrows(() => network.runUntil(failing), ConnectionLost);
  const again = () => void network.callLater(1, again);
  again();
  assertThrows(() => network.runUntil(new Deferred(), 10), Error, "[Deferred not fired]");
  assertThrows(() => network.runToEnd(10), Error, "1 events are to come");
});

Deno.test("a program that goes in circles gives an error in place of a hang", () => {
  const network = new SimulatedNetwork();
  const again = () => void network.callLater(0, again);
  again();
  assertThrows(() => network.run(1), Error, "Cannot run on");
});

Deno.test("errors of delayed calls are reported, and the others run", () => {
  const done = collectErrors();
  const network = new SimulatedNetwork();
  const seen: string[] = [];
  network.callLater(1, () => {
    throw new RangeError("in a call");
  });
  network.callLater(2, () => seen.push("next"));
  network.callLater(3, () => assertThrows(() => network.run(1), TypeError, "it is running"));
  network.run(5);
  assertEquals([seen, flushLoggedErrors(RangeError).length, flushLoggedErrors().length], [["next"], 1, 0]);
  done();
});

Deno.test("play and playUntil let promises run between the moments of virtual time", async () => {
  const network = new SimulatedNetwork({ latencySeconds: 0.1 });
  const { reactor } = network.addHost("host");
  const sleep = (seconds: number) => new Promise<void>((resolve) => void reactor.callLater(seconds, resolve));
  const seen: number[] = [];
  const program = (async () => {
    for (let i = 0; i < 5; i++) {
      await sleep(1);
      for (let n = 0; n < 20; n++) await null;
      seen.push(reactor.seconds());
    }
    return "done";
  })();
  await network.play(2.5);
  assertEquals([seen, network.seconds()], [[1, 2], 2.5]);
  assertEquals(await network.playUntil(program), "done");
  assertEquals(seen, [1, 2, 3, 4, 5]);
  const error = await network.playUntil(new Promise(() => {}), 1).catch((error) => error);
  assert(String(error).includes("nothing more can happen"));
});

Deno.test("a host's reactor runs, fires its triggers, and stops", async () => {
  const network = new SimulatedNetwork();
  const seen: string[] = [];
  let stopped: Promise<void> | null = null;
  const program = (reactor: Reactor) => {
    reactor.callWhenRunning(() => seen.push(`running ${reactor.running}`));
    reactor.addSystemEventTrigger("before", "shutdown", () => {
      const d = new Deferred<void>();
      reactor.callLater(2, () => d.callback());
      return d.addCallback(() => void seen.push("put things away"));
    });
    reactor.addSystemEventTrigger(
      "after",
      "shutdown",
      () => seen.push(`over at ${reactor.seconds().toFixed(3)}`),
    );
    stopped = reactor.run();
    reactor.callLater(1, () => reactor.stop());
  };
  const { reactor } = network.addHost("host", program);
  await network.playUntil(stopped!);
  assertEquals(seen, ["running true", "put things away", "over at 3.000"]);
  assertFalse(reactor.running);
});
