import { Failure } from "@ropewalk/deferred";
import { type Address, ConnectionLost, type Connector, IPv4Address } from "@ropewalk/reactor/core";
import { Clock, failureResultOf, StringTransport, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { CancelledError } from "@ropewalk/deferred";
import { ClientCreator } from "./client_creator.ts";
import { ConnectedDatagramProtocol, DatagramProtocol } from "./datagram_protocol.ts";
import { ClientFactory, Factory } from "./factory.ts";
import { ProcessProtocol, type ProcessTransport } from "./process_protocol.ts";
import { Protocol } from "./protocol.ts";
import { ReconnectingClientFactory } from "./reconnecting_client_factory.ts";
import type { DatagramTransport } from "@ropewalk/reactor/core";

const address = new IPv4Address("TCP", "10.0.0.1", 99);

class FakeConnector implements Connector {
  calls: string[] = [];
  getDestination() {
    return address;
  }
  connect() {
    this.calls.push("connect");
  }
  disconnect() {
    this.calls.push("disconnect");
  }
  stopConnecting() {
    this.calls.push("stopConnecting");
  }
}

Deno.test("Factory.forProtocol passes arguments and sets the protocol's factory", () => {
  class Named extends Protocol {
    constructor(readonly name: string) {
      super();
    }
  }
  const factory = Factory.forProtocol(Named, "x");
  const protocol: Named = factory.buildProtocol(address);
  assertEquals(protocol.name, "x");
  assertStrictEquals(protocol.factory, factory);
  const any: Factory = factory;
  assertStrictEquals(any, factory);
  // @ts-expect-error the name is missing
  Factory.forProtocol(Named);
  // @ts-expect-error a name is text
  Factory.forProtocol(Named, 1);
});

Deno.test("Factory.forProtocol makes a factory of the class it is called on, which may build in its own way", () => {
  class Counting extends ClientFactory {
    built = 0;
    override buildProtocol(from?: Address) {
      this.built++;
      return super.buildProtocol(from);
    }
  }
  const factory = Counting.forProtocol(Protocol);
  const [first, second] = [factory.buildProtocol(address), factory.buildProtocol(address)];
  assert(first instanceof Protocol && first !== second);
  assertEquals([factory.built, factory instanceof ClientFactory], [2, true]);
  class Needy extends Factory {
    constructor(readonly what: string) {
      super();
    }
  }
  // @ts-expect-error nobody says what
  Needy.forProtocol(Protocol);
});

Deno.test("Factory starts with its first port and stops with its last", () => {
  const calls: string[] = [];
  class Noting extends Factory {
    override startFactory() {
      calls.push("start");
    }
    override stopFactory() {
      calls.push("stop");
    }
  }
  const factory = new Noting();
  factory.doStop();
  factory.doStart();
  factory.doStart();
  factory.doStop();
  assertEquals(calls, ["start"]);
  factory.doStop();
  factory.doStop();
  factory.doStart();
  assertEquals(calls, ["start", "stop", "start"]);
});

Deno.test("Factory without a protocol class cannot build one", () => {
  assertThrows(() => new Factory().buildProtocol(address), TypeError, "Cannot build a protocol");
});

Deno.test("Protocol takes its time from the transport unless it was given a reactor", () => {
  const clock = new Clock();
  const protocol = new Protocol();
  protocol.makeConnection(new StringTransport({ reactor: clock }));
  assertStrictEquals(protocol.reactor, clock);
  const other = new Clock();
  protocol.reactor = other;
  assertStrictEquals(protocol.reactor, other);
});

const lost = new Failure(new ConnectionLost());

Deno.test("ReconnectingClientFactory waits longer each time, up to maxDelay", () => {
  const clock = new Clock();
  const factory = new ReconnectingClientFactory({ reactor: clock });
  factory.jitter = 0;
  const connector = new FakeConnector();
  const waits: number[] = [];
  for (let i = 0; i < 6; i++) {
    factory.clientConnectionFailed(connector, lost);
    const [call] = clock.getDelayedCalls();
    waits.push(call!.getTime() - clock.seconds());
    clock.advance(waits.at(-1)!);
  }
  const e = Math.E;
  [e, e ** 2, e ** 3, e ** 4, 60, 60].forEach((seconds, i) => assert(Math.abs(waits[i]! - seconds) < 1e-9));
  assertEquals(connector.calls.length, 6);
  factory.resetDelay();
  assertEquals([factory.delay, factory.retries], [1, 0]);
});

Deno.test("ReconnectingClientFactory spreads its delays by chance, never beyond maxDelay", () => {
  const clock = new Clock();
  const delays: number[] = [];
  for (let i = 0; i < 200; i++) {
    const factory = new ReconnectingClientFactory({ reactor: clock });
    factory.clientConnectionLost(new FakeConnector(), lost);
    delays.push(factory.delay);
    factory.delay = 1000;
    factory.retry();
    assert(factory.delay <= 60 && factory.delay >= 0);
    factory.stopTrying();
  }
  const mean = delays.reduce((a, b) => a + b) / delays.length;
  const deviation = Math.sqrt(delays.reduce((a, b) => a + (b - mean) ** 2, 0) / delays.length) / mean;
  assert(Math.abs(mean - Math.E) < 0.3, `mean ${mean}`);
  assert(deviation > 0.06 && deviation < 0.2, `deviation ${deviation}`);
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("ReconnectingClientFactory gives up after maxRetries", () => {
  const clock = new Clock();
  const factory = new ReconnectingClientFactory();
  factory.clock = clock;
  factory.maxRetries = 2;
  const connector = new FakeConnector();
  for (let i = 0; i < 4; i++) {
    factory.clientConnectionLost(connector, lost);
    clock.advance(60);
  }
  assertEquals(connector.calls, ["connect", "connect"]);
});

Deno.test("ReconnectingClientFactory.stopTrying cancels the retry that waits, or stops the attempt", () => {
  const clock = new Clock();
  const factory = new ReconnectingClientFactory({ reactor: clock });
  const connector = new FakeConnector();
  factory.clientConnectionFailed(connector, lost);
  factory.stopTrying();
  clock.advance(100);
  assertEquals(connector.calls, []);
  factory.clientConnectionFailed(connector, lost);
  assertEquals(clock.getDelayedCalls(), []);
  factory.resetDelay(); // may try again
  factory.clientConnectionFailed(connector, lost);
  clock.advance(60);
  factory.stopTrying();
  assertEquals(connector.calls, ["connect", "stopConnecting"]);
});

Deno.test("ReconnectingClientFactory refuses to retry without a connector or a reactor", () => {
  assertThrows(() => new ReconnectingClientFactory().retry(), TypeError, "no connector");
  assertThrows(() => new ReconnectingClientFactory().retry(new FakeConnector()), TypeError, "no reactor");
});

function fakeReactor() {
  const connector = new FakeConnector();
  const made: { factory: ClientFactory | null; args: unknown[] } = { factory: null, args: [] };
  const connect = (...args: unknown[]) => {
    made.args = args;
    made.factory = args.find((arg) => arg instanceof ClientFactory) as ClientFactory;
    return connector;
  };
  return { reactor: { connectTCP: connect, connectTLS: connect, connectUNIX: connect }, connector, made };
}

Deno.test("ClientCreator fires with the protocol once it is connected", () => {
  class Greeter extends Protocol {
    constructor(readonly greeting: string) {
      super();
    }
    override connectionMade() {
      this.transport.write(this.greeting);
    }
  }
  for (const how of ["connectTCP", "connectTLS", "connectUNIX"] as const) {
    const { reactor, made } = fakeReactor();
    const creator = new ClientCreator(reactor, Greeter, "hi");
    const d = how === "connectUNIX" ? creator.connectUNIX("/x") : creator[how]("host", 1);
    const transport = new StringTransport();
    made.factory!.buildProtocol(address)!.makeConnection(transport);
    assertEquals(successResultOf(d).greeting, "hi");
    assertEquals(transport.text(), "hi");
  }
});

Deno.test("ClientCreator fails when the connection does, and stops the attempt when it is cancelled", () => {
  const { reactor, made } = fakeReactor();
  const failing = new ClientCreator(reactor, Protocol).connectTCP("host", 1);
  made.factory!.clientConnectionFailed(new FakeConnector(), lost);
  assertStrictEquals(failureResultOf(failing), lost);

  const second = fakeReactor();
  const cancelled = new ClientCreator(second.reactor, Protocol).connectTCP("host", 1);
  cancelled.cancel();
  failureResultOf(cancelled, CancelledError);
  assertEquals(second.connector.calls, ["disconnect"]);
  assertEquals(second.made.factory!.buildProtocol(address), null);
  second.made.factory!.clientConnectionFailed(second.connector, lost);
});

Deno.test("DatagramProtocol starts and stops with its port", () => {
  const calls: string[] = [];
  const protocol = new (class extends DatagramProtocol {
    override startProtocol() {
      calls.push("start");
    }
    override stopProtocol() {
      calls.push("stop");
    }
  })();
  assertThrows(() => protocol.reactor, TypeError, "not bound");
  const clock = new Clock();
  const port = { reactor: clock } as unknown as DatagramTransport;
  protocol.doStart();
  protocol.makeConnection(port);
  assertStrictEquals(protocol.reactor, clock);
  protocol.datagramReceived(new Uint8Array(1), address);
  protocol.doStop();
  assertEquals(protocol.transport, null);
  protocol.makeConnection(port); // again, by a port that does not announce itself
  protocol.doStop();
  assertEquals(calls, ["start", "stop", "start", "stop"]);
  assert(new ConnectedDatagramProtocol() instanceof DatagramProtocol);
});

Deno.test("DatagramProtocol answers where a datagram came from", () => {
  class Echo extends DatagramProtocol {
    override datagramReceived(data: Uint8Array, from: { host: string; port: number }) {
      this.transport.write(data, from);
    }
  }
  const written: unknown[] = [];
  const echo = new Echo();
  echo.makeConnection(
    { write: (...args: unknown[]) => void written.push(args) } as unknown as DatagramTransport,
  );
  const from = new IPv4Address("UDP", "127.0.0.1", 7);
  const data = new Uint8Array([1]);
  echo.datagramReceived(data, from);
  assertEquals(written, [[data, from]]);
});

Deno.test("ProcessProtocol sends what happens on each descriptor to the method of that descriptor", () => {
  const calls: string[] = [];
  const note = (name: string) => () => void calls.push(name);
  const protocol = new ProcessProtocol();
  Object.assign(protocol, {
    connectionMade: note("made"),
    outReceived: note("out"),
    errReceived: note("err"),
    inConnectionLost: note("in closed"),
    outConnectionLost: note("out closed"),
    errConnectionLost: note("err closed"),
  });
  protocol.makeConnection({} as ProcessTransport);
  for (const fd of [1, 2, 3]) protocol.childDataReceived(fd, new Uint8Array(1));
  for (const fd of [0, 1, 2, 3]) protocol.childConnectionLost(fd);
  assertEquals(calls, ["made", "out", "err", "in closed", "out closed", "err closed"]);
});
