import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { Deferred, type Failure } from "@ropewalk/deferred";
import { ClientFactory, DatagramProtocol, Factory, Protocol } from "@ropewalk/protocols";
import {
  type Address,
  CannotListenError,
  ConnectionLost,
  type Connector,
  DNSLookupError,
  MessageLengthError,
  ReactorAlreadyRunning,
  ReactorNotRunning,
} from "@ropewalk/reactor/core";
import { MemoryReactor, MemoryReactorClock } from "./memory_reactor.ts";

class Shout extends Protocol {
  readonly events: string[] = [];
  override connectionMade() {
    this.events.push("made");
  }
  override dataReceived(data: Uint8Array) {
    this.transport.write(new TextDecoder().decode(data).toUpperCase());
  }
  override connectionLost(reason: Failure) {
    this.events.push(reason.type);
  }
}

class Watcher extends ClientFactory {
  override protocol = Shout;
  readonly events: string[] = [];
  override startedConnecting() {
    this.events.push("started");
  }
  override clientConnectionFailed(_connector: Connector, reason: Failure) {
    this.events.push(`failed ${reason.type}`);
  }
  override clientConnectionLost(_connector: Connector, reason: Failure) {
    this.events.push(`lost ${reason.type}`);
  }
}

Deno.test("MemoryReactor notes the ports of every kind, and a test accepts connections on them", () => {
  const reactor = new MemoryReactor();
  const factory = Factory.forProtocol(Shout);
  reactor.listenTCP(80, factory, { hostname: "127.0.0.1", backlog: 5 });
  reactor.listenTLS(443, factory, { cert: "…", key: "…" });
  reactor.listenUNIX("/run/x", factory, { mode: 0o600 });
  reactor.listenTCP(0, factory);
  assertEquals(reactor.stats().ports, ["127.0.0.1:80", "0.0.0.0:443", "unix:/run/x", "0.0.0.0:49152"]);
  const [port] = reactor.tcpServers;
  assertEquals([port!.port, port!.options, factory.numPorts], [80, { hostname: "127.0.0.1", backlog: 5 }, 4]);
  const connection = port!.accept()!;
  connection.receive("hello");
  assertEquals(connection.text(), "HELLO");
  assertEquals(`${connection.getPeer()} ${connection.getHost()}`, "192.168.1.1:54321 127.0.0.1:80");
  assertStrictEquals(connection.reactor, reactor);
  assert(reactor.tlsServers[0]!.accept()!.secure);
  assertEquals([reactor.stats().connections, reactor.stats().connectionsTotal], [2, 2]);
});

Deno.test("a test plays the peer: it closes, or breaks the connection", () => {
  const reactor = new MemoryReactor();
  const port = reactor.listenTCP(80, Factory.forProtocol(Shout));
  const [one, other, third] = [port.accept()!, port.accept()!, port.accept()!];
  one.peerCloses();
  one.peerCloses();
  other.peerCloses(new ConnectionLost());
  third.pauseProducing();
  third.receive("unheard");
  third.loseConnection();
  third.receive("unheard");
  assertEquals([one, other, third].map(({ protocol }) => (protocol as Shout).events[1]), [
    "ConnectionDone",
    "ConnectionLost",
    "ConnectionDone",
  ]);
  assertEquals([third.text(), port.connections.size, port.accepted], ["", 0, 3]);
});

Deno.test("MemoryReactor refuses to listen where the port is taken or a test says so", async () => {
  const reactor = new MemoryReactor();
  const factory = Factory.forProtocol(Shout);
  const port = reactor.listenTCP(80, factory);
  assertThrows(() => reactor.listenTCP(80, factory), CannotListenError, "in use");
  reactor.listenUDP(80, new DatagramProtocol());
  reactor.refuseToListen(81);
  reactor.refuseToListen("/run/x", new Error("no such folder"));
  assertThrows(() => reactor.listenTCP(81, factory), CannotListenError, "Permission denied");
  assertThrows(() => reactor.listenUNIX("/run/x", factory), CannotListenError, "no such folder");
  assertThrows(() => reactor.listenTCP(70_000, factory), RangeError, "is no port");
  await port.stopListening();
  assertThrows(() => port.accept(), TypeError, "does not listen");
  await using _again = reactor.listenTCP(80, factory);
  assertEquals(reactor.tcpServers.length, 2);
});

Deno.test("a port whose factory builds nothing accepts nothing", () => {
  class Refuser extends Factory {
    override buildProtocol(_address: Address) {
      return null as never;
    }
  }
  const reactor = new MemoryReactor();
  assertEquals(reactor.listenTCP(80, new Refuser()).accept(), null);
  const connector = reactor.connectTCP("x", 80, new Refuser());
  assertEquals(reactor.tcpClients[0]!.succeed(), null);
  assertStrictEquals(connector, reactor.tcpClients[0]);
  assertEquals(reactor.tcpClients[0]!.state, "disconnected");
});

Deno.test("MemoryReactor notes the connections of every kind, and a test lets them succeed or fail", () => {
  const reactor = new MemoryReactor();
  const factory = new Watcher();
  reactor.connectTCP("example.org", 80, factory, { timeoutSeconds: 5 });
  reactor.connectTLS("example.org", 443, factory, { alpnProtocols: ["h2"] });
  reactor.connectUNIX("/run/x", factory);
  const [tcp, tls, unix] = reactor.connectors;
  assertEquals([tcp!.host, tcp!.port, tcp!.options], ["example.org", 80, { timeoutSeconds: 5 }]);
  assertEquals(`${unix!.getDestination()}`, "unix:/run/x");
  const connection = tcp!.succeed()!;
  connection.receive("hello");
  assertEquals(connection.text(), "HELLO");
  assert(tls!.succeed()!.secure);
  unix!.fail(new DNSLookupError());
  connection.peerCloses();
  assertEquals(factory.events.slice(3), ["failed DNSLookupError", "lost ConnectionDone"]);
  assertEquals([factory.numPorts, reactor.getDelayedCalls().length], [1, 0]);
  assertThrows(
    () => unix!.succeed(),
    TypeError,
    "Cannot let an attempt succeed: the connector is disconnected",
  );
});

Deno.test("an attempt on MemoryReactor times out with the clock, can be stopped, and tried again", () => {
  const reactor = new MemoryReactorClock();
  const factory = new Watcher();
  const connector = reactor.connectTCP("example.org", 80, factory, { timeoutSeconds: 5 });
  reactor.advance(5);
  assertEquals(factory.events, ["started", "failed TimeoutError"]);
  connector.connect();
  assertThrows(() => connector.connect(), TypeError, "is connecting already");
  connector.disconnect();
  assertEquals(factory.events.slice(2), ["started", "failed UserError"]);
  connector.connect();
  reactor.tcpClients[0]!.succeed();
  connector.disconnect();
  assertEquals(factory.events.slice(4), ["started", "lost ConnectionDone"]);
  assertEquals([reactor.tcpClients[0]!.attempts, reactor.tcpClients[0]!.succeeded], [3, 1]);
});

Deno.test("a connector may be told to connect again by its factory as soon as it fails", () => {
  class Again extends Watcher {
    override clientConnectionFailed(connector: Connector, reason: Failure) {
      super.clientConnectionFailed(connector, reason);
      connector.connect();
    }
  }
  const reactor = new MemoryReactor();
  const factory = new Again();
  reactor.connectTCP("example.org", 80, factory);
  reactor.tcpClients[0]!.fail();
  assertEquals(factory.events, ["started", "failed ConnectionRefusedError", "started"]);
  assertEquals(factory.numPorts, 1);
});

Deno.test("a UDP port on MemoryReactor keeps what is sent, and a test sends to it", () => {
  class Echo extends DatagramProtocol {
    override datagramReceived(data: Uint8Array, address: Address) {
      const { host, port } = address as { host: string; port: number };
      this.transport!.write(data, { host, port });
    }
  }
  const reactor = new MemoryReactor();
  const port = reactor.listenUDP(53, new Echo());
  port.receive("hello", { host: "10.0.0.9", port: 1000 });
  assertEquals(port.sent, [{ data: new TextEncoder().encode("hello"), host: "10.0.0.9", port: 1000 }]);
  port.connect("10.0.0.1", 1);
  port.receive("unheard", { host: "10.0.0.9", port: 1000 });
  assertEquals(port.sent.length, 1);
  port.joinGroup("228.0.0.5");
  assertEquals([...port.groups], ["228.0.0.5"]);
  port.loseConnection();
  assertThrows(() => port.receive("x"), TypeError, "the port is closed");
  assertEquals(reactor.stats().ports, []);
});

Deno.test("a UDP port on MemoryReactor tells what it was asked for, and refuses and drops what a real one does", () => {
  const heard: number[] = [];
  class Ear extends DatagramProtocol {
    override datagramReceived(data: Uint8Array) {
      heard.push(data.length);
    }
  }
  const reactor = new MemoryReactor();
  const plain = reactor.listenUDP(53, new Ear(), { maxPacketBytes: 4 });
  const group = reactor.listenMulticast(5353, new Ear(), { listenMultiple: true });
  assertEquals(reactor.udpPorts.map(({ method, options }) => [method, options]), [
    ["listenUDP", { maxPacketBytes: 4 }],
    ["listenMulticast", { listenMultiple: true }],
  ]);
  plain.receive("12345");
  plain.receive("1234");
  assertEquals(heard, [4]);
  const to = { host: "10.0.0.9", port: 9 };
  assertThrows(() => group.write(new Uint8Array(70_000), to), MessageLengthError);
  assertThrows(() => group.write("x"), TypeError, "no address is given");
  assertThrows(() => group.connect("localhost", 9), TypeError, "is no address");
  group.connect("10.0.0.9", 9);
  assertThrows(() => group.connect("10.0.0.9", 9), TypeError, "is connected");
  group.loseConnection();
  group.write("late"); // dropped in silence
  assertEquals(group.sent, []);
});

Deno.test("MemoryReactor runs its triggers in order, and stops in a later turn", async () => {
  const reactor = new MemoryReactor();
  const seen: string[] = [];
  const note = (what: string) => seen.push(`${what} ${reactor.running}`);
  const wait = new Deferred<void>();
  reactor.addSystemEventTrigger("before", "startup", note, "before startup");
  reactor.addSystemEventTrigger("during", "startup", note, "during startup");
  reactor.callWhenRunning(note, "when running");
  const removed = reactor.addSystemEventTrigger("after", "startup", note, "removed");
  reactor.removeSystemEventTrigger(removed);
  assertThrows(() => reactor.removeSystemEventTrigger(removed), RangeError);
  reactor.addSystemEventTrigger("before", "shutdown", () => wait);
  reactor.addSystemEventTrigger("during", "shutdown", note, "during shutdown");
  const ended = reactor.run();
  await assertRejects(() => reactor.run(), ReactorAlreadyRunning);
  reactor.callWhenRunning(note, "at once");
  reactor.stop();
  assertThrows(() => reactor.stop(), ReactorNotRunning);
  reactor.advance(0);
  assertEquals(seen.length, 4);
  wait.callback();
  await ended;
  assertEquals(seen, [
    "before startup false",
    "during startup true",
    "when running true",
    "at once true",
    "during shutdown false",
  ]);
  assertEquals([reactor.hasRun, reactor.hasStopped, reactor.hasCrashed], [true, true, false]);
});

Deno.test("MemoryReactor crashes without the shutdown triggers, and can run again", async () => {
  const reactor = new MemoryReactor();
  const seen: string[] = [];
  reactor.addSystemEventTrigger("before", "shutdown", () => seen.push("shutdown"));
  const ended = reactor.run();
  reactor.crash();
  await ended;
  assertEquals([seen, reactor.running, reactor.hasCrashed], [[], false, true]);
  const again = reactor.run();
  reactor.stop();
  reactor.advance(0);
  await again;
  assertEquals(seen, ["shutdown"]);
});
