import { Failure } from "@ropewalk/deferred";
import {
  ConnectionDone,
  IPv4Address,
  IPv6Address,
  type PushProducer,
  UNIXAddress,
} from "@ropewalk/reactor/core";
import { Clock, StringTransport, StringTransportWithDisconnection } from "@ropewalk/testing";
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { encodeUtf8 } from "../bytes.ts";
import { ClientFactory, Factory } from "../factory.ts";
import { LineReceiver } from "../line_receiver.ts";
import { Protocol } from "../protocol.ts";
import { LimitConnectionsByPeer, LimitTotalConnectionsFactory } from "./limits.ts";
import { SpewingFactory, TrafficLoggingFactory } from "./logging.ts";
import { ThrottlingFactory } from "./throttling.ts";
import { TimeoutFactory } from "./timeout_factory.ts";
import { TimeoutMixin } from "./timeout_mixin.ts";
import { type ProtocolWrapper, WrappingFactory } from "./wrapping.ts";

const peer = (host: string) => new IPv4Address("TCP", host, 1);
const done = new Failure(new ConnectionDone());

class Echo extends Protocol {
  lost: Failure[] = [];
  override dataReceived(data: Uint8Array) {
    this.transport.write(data);
  }
  override connectionLost(reason: Failure) {
    this.lost.push(reason);
  }
}

function open(factory: Factory, options: { clock?: Clock; from?: string } = {}) {
  const transport = new StringTransportWithDisconnection({ reactor: options.clock ?? new Clock() });
  const wrapper = factory.buildProtocol(peer(options.from ?? "1.1.1.1")) as ProtocolWrapper;
  transport.protocol = wrapper;
  const inner = wrapper.wrappedProtocol as Echo;
  wrapper.makeConnection(transport);
  return { transport, wrapper, inner };
}

Deno.test("ProtocolWrapper passes data, writes and loss on, and then lets go", () => {
  const innerFactory = Factory.forProtocol(Echo);
  const factory = new WrappingFactory(innerFactory);
  const { transport, wrapper, inner } = open(factory);
  assertEquals(factory.protocols.size, 1);
  assertStrictEquals(inner.factory as Factory, innerFactory);
  assertStrictEquals(inner.transport, wrapper);
  assertStrictEquals(inner.reactor, transport.reactor);
  wrapper.dataReceived(encodeUtf8("hi"));
  inner.transport.writeSequence(["a", "b"]);
  assertEquals(transport.text(), "hiab");
  assertEquals(wrapper.getPeer(), transport.getPeer());
  inner.transport.pauseProducing();
  assertEquals(transport.producerState, "paused");
  inner.transport.resumeProducing();
  inner.transport.loseConnection();
  assert(wrapper.disconnecting);
  assertEquals(inner.lost.length, 1);
  assertEquals(wrapper.wrappedProtocol, null);
  assertEquals(factory.protocols.size, 0);
  wrapper.connectionLost(done);
  wrapper.dataReceived(encodeUtf8("late"));
  assertEquals(inner.lost.length, 1);
});

Deno.test("ProtocolWrapper borrows data if the protocol inside does", () => {
  assert(open(new WrappingFactory(Factory.forProtocol(LineReceiver))).wrapper.borrowsData);
  assert(!open(new WrappingFactory(Factory.forProtocol(Echo))).wrapper.borrowsData);
});

Deno.test("ProtocolWrapper hears the end of input if the protocol inside does; else the transport closes", () => {
  const { wrapper, inner } = open(new WrappingFactory(Factory.forProtocol(Echo)));
  assertEquals(wrapper.readConnectionLost, undefined);
  let heard = 0;
  Object.assign(inner, { readConnectionLost: () => heard++ });
  wrapper.readConnectionLost!();
  assertEquals(heard, 1);
});

Deno.test("WrappingFactory passes on how connections go, and a refusal", () => {
  const calls: string[] = [];
  class Client extends ClientFactory {
    override startedConnecting() {
      calls.push("started");
    }
    override clientConnectionFailed() {
      calls.push("failed");
    }
    override clientConnectionLost() {
      calls.push("lost");
    }
    override startFactory() {
      calls.push("start");
    }
    override stopFactory() {
      calls.push("stop");
    }
    override buildProtocol() {
      return null;
    }
  }
  const factory = new WrappingFactory(new Client());
  factory.doStart();
  factory.startedConnecting(null!);
  factory.clientConnectionFailed(null!, done);
  factory.clientConnectionLost(null!, done);
  factory.doStop();
  assertEquals(calls, ["start", "started", "failed", "lost", "stop"]);
  assertEquals(factory.buildProtocol(peer("1.1.1.1")), null);
  const plain = new WrappingFactory(new Factory());
  plain.startedConnecting(null!);
  plain.clientConnectionFailed(null!, done);
  plain.clientConnectionLost(null!, done);
});

Deno.test("LimitTotalConnectionsFactory refuses connections beyond the limit, until one is gone", () => {
  const factory = new LimitTotalConnectionsFactory();
  factory.protocol = Echo;
  factory.connectionLimit = 2;
  const first = open(factory);
  open(factory);
  assertEquals(factory.buildProtocol(peer("1.1.1.1")), null);
  first.transport.loseConnection();
  assertEquals(factory.connectionCount, 1);
  open(factory);
  assertEquals(factory.connectionCount, 2);
});

Deno.test("LimitTotalConnectionsFactory gives connections beyond the limit the overflow protocol", () => {
  class Busy extends Protocol {
    override connectionMade() {
      this.transport.write("busy");
      this.transport.loseConnection();
    }
  }
  const factory = new LimitTotalConnectionsFactory(Factory.forProtocol(Echo));
  factory.connectionLimit = 0;
  factory.overflowProtocol = Busy;
  const { transport } = open(factory);
  assertEquals(transport.text(), "busy");
  assertEquals(factory.connectionCount, 0);
});

Deno.test("LimitConnectionsByPeer counts the connections of each host apart", () => {
  const factory = new LimitConnectionsByPeer(Factory.forProtocol(Echo));
  factory.maxConnectionsPerPeer = 2;
  const a = open(factory, { from: "1.1.1.1" });
  open(factory, { from: "1.1.1.1" });
  assertEquals(factory.buildProtocol(peer("1.1.1.1")), null);
  assertEquals(factory.buildProtocol(new IPv6Address("TCP", "::ffff:1.1.1.1", 9)), null);
  open(factory, { from: "2.2.2.2" });
  a.transport.loseConnection();
  assertEquals(factory.peerConnections, new Map([["1.1.1.1", 1], ["2.2.2.2", 1]]));
  open(factory, { from: "1.1.1.1" });
  assertEquals(factory.peerOf(new UNIXAddress("/x")), "unix:/x");
});

Deno.test("ThrottlingFactory refuses connections beyond maxConnectionCount", () => {
  const factory = new ThrottlingFactory(Factory.forProtocol(Echo), { maxConnectionCount: 1 });
  const { transport } = open(factory);
  assertEquals(factory.buildProtocol(peer("1.1.1.1")), null);
  transport.loseConnection();
  open(factory);
});

Deno.test("ThrottlingFactory stops reading for as long as the surplus would have taken", () => {
  const clock = new Clock();
  const factory = new ThrottlingFactory(Factory.forProtocol(Echo), { readLimit: 10 });
  const { transport, wrapper, inner } = open(factory, { clock });
  wrapper.dataReceived(new Uint8Array(10));
  clock.advance(1);
  assertEquals(transport.producerState, "producing");
  wrapper.dataReceived(new Uint8Array(18));
  clock.advance(1);
  assertEquals(transport.producerState, "paused");
  const late = open(factory, { clock }); // one that comes meanwhile waits, too
  assertEquals(late.transport.producerState, "paused");
  clock.advance(0.7);
  assertEquals(transport.producerState, "paused");
  inner.transport.pauseProducing(); // the protocol wants to wait by itself
  clock.advance(0.1);
  assertEquals(transport.producerState, "paused");
  assertEquals(late.transport.producerState, "producing");
  inner.transport.resumeProducing();
  assertEquals(transport.producerState, "producing");
  transport.loseConnection();
  late.transport.loseConnection();
  assertEquals(clock.getDelayedCalls(), []);
});

class Source implements PushProducer {
  calls: string[] = [];
  pauseProducing() {
    this.calls.push("pause");
  }
  resumeProducing() {
    this.calls.push("resume");
  }
  stopProducing() {
    this.calls.push("stop");
  }
}

Deno.test("ThrottlingFactory holds producers that wrote too much, beside the transport's own pauses", () => {
  const clock = new Clock();
  const factory = new ThrottlingFactory(Factory.forProtocol(Echo), { writeLimit: 10 });
  const { transport, inner } = open(factory, { clock });
  const source = new Source();
  inner.transport.registerProducer(source, true);
  inner.transport.write("x".repeat(15));
  inner.transport.writeSequence(["é", "é".repeat(2)]); // 6 bytes
  clock.advance(1);
  assertEquals(source.calls, ["pause"]);
  transport.producer!.resumeProducing(); // the transport has room: not yet
  assertEquals(source.calls, ["pause"]);
  clock.advance(1.1);
  assertEquals(source.calls, ["pause", "resume"]);
  inner.transport.unregisterProducer();
  transport.loseConnection();
});

Deno.test("ThrottlingFactory lets a pull producer wait for its next turn", () => {
  const clock = new Clock();
  const factory = new ThrottlingFactory(Factory.forProtocol(Echo), { writeLimit: 10 });
  const { transport, inner } = open(factory, { clock });
  let asked = 0;
  inner.transport.registerProducer({ resumeProducing: () => void asked++, stopProducing() {} }, false);
  inner.transport.write("x".repeat(20));
  clock.advance(1);
  transport.producer!.resumeProducing();
  assertEquals(asked, 0);
  clock.advance(1);
  assertEquals(asked, 1);
  transport.producer!.resumeProducing();
  assertEquals(asked, 2);
});

Deno.test("ThrottlingFactory forgets no pull producer that was asked between two seconds beyond the limit", () => {
  const clock = new Clock();
  const factory = new ThrottlingFactory(Factory.forProtocol(Echo), { writeLimit: 10 });
  const { transport, inner } = open(factory, { clock });
  const other = open(factory, { clock });
  let asked = 0;
  inner.transport.registerProducer({ resumeProducing: () => void asked++, stopProducing() {} }, false);
  other.inner.transport.write("x".repeat(35));
  clock.advance(1); // wait for 2.5 s
  transport.producer!.resumeProducing(); // has sent all there is, and asks once
  other.inner.transport.write("x".repeat(35));
  clock.advance(1); // once more
  assertEquals(asked, 0);
  clock.advance(2.5);
  assertEquals(asked, 1);
  inner.transport.unregisterProducer();
  for (const each of [transport, other.transport]) each.loseConnection();
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("LimitConnectionsByPeer and LimitTotalConnectionsFactory count nothing that was refused inside", () => {
  class Picky extends Factory {
    allowed = true;
    override buildProtocol() {
      if (!this.allowed) return null;
      return super.buildProtocol();
    }
    override protocol = Echo;
  }
  const inner = new Picky();
  const byPeer = new LimitConnectionsByPeer(inner);
  byPeer.maxConnectionsPerPeer = 2;
  const total = new LimitTotalConnectionsFactory(byPeer);
  total.connectionLimit = 3;
  const from = (host: string) => total.buildProtocol(new IPv4Address("TCP", host, 1));
  inner.allowed = false;
  for (let i = 0; i < 10; i++) assertEquals(from("1.1.1.1"), null);
  inner.allowed = true;
  const both = [from("1.1.1.1")!, from("1.1.1.1")!];
  for (let i = 0; i < 10; i++) assertEquals(from("1.1.1.1"), null);
  assert(from("2.2.2.2") !== null);
  assertEquals([from("3.3.3.3"), total.connectionCount], [null, 3]);
  for (const protocol of both) {
    protocol.makeConnection(new StringTransport());
    for (let i = 0; i < 2; i++) protocol.connectionLost(new Failure(new ConnectionDone())); // counted once
  }
  assertEquals([total.connectionCount, byPeer.peerConnections.size], [1, 1]);
  assert(from("1.1.1.1") !== null && from("1.1.1.1") !== null);
});

Deno.test("TrafficLoggingFactory keeps a log for each connection", () => {
  const logs = new Map<string, string>();
  const closed: string[] = [];
  const factory = new TrafficLoggingFactory(Factory.forProtocol(Echo), "log", {
    lengthLimit: 5,
    open: (name) => ({
      write: (text) => void logs.set(name, (logs.get(name) ?? "") + text),
      close: () => void closed.push(name),
    }),
  });
  const { wrapper, inner } = open(factory);
  wrapper.dataReceived(encodeUtf8("hi\n"));
  wrapper.dataReceived(encodeUtf8("too long"));
  inner.transport.writeSequence(["a", "b"]);
  inner.transport.loseConnection();
  open(factory);
  factory.resetCounter();
  assertEquals(
    logs.get("log-1"),
    '*\nC 1: "hi\\n"\nS 1: "hi\\n"\nC 1: "too l"… (8 bytes)\nS 1: "too l"… (8 bytes)\nSV 1: ["a", "b"]\nS 1: *\n' +
      "C 1: Connection was closed cleanly\n",
  );
  assertEquals(logs.get("log-2"), "*\n");
  assertEquals(closed, ["log-1"]);
  open(new TrafficLoggingFactory(Factory.forProtocol(Echo), "x")).wrapper.dataReceived(
    encodeUtf8("to LogTape"),
  );
});

Deno.test("SpewingFactory says what comes and goes", () => {
  const said: string[] = [];
  const { wrapper, inner } = open(new SpewingFactory(Factory.forProtocol(Echo), (line) => said.push(line)));
  wrapper.dataReceived(encodeUtf8("a"));
  inner.transport.writeSequence(["b"]);
  assertEquals(said, ['Received: "a"', 'Sending: "a"', 'Sending: "b"']);
  open(new SpewingFactory(Factory.forProtocol(Echo))).wrapper.dataReceived(encodeUtf8("to LogTape"));
});

Deno.test("TimeoutFactory closes a connection on which nothing comes or goes", () => {
  const clock = new Clock();
  const factory = new TimeoutFactory(Factory.forProtocol(Echo), { timeoutSeconds: 10 });
  const { transport, wrapper, inner } = open(factory, { clock });
  clock.advance(9);
  wrapper.dataReceived(encodeUtf8("a"));
  clock.advance(9);
  inner.transport.writeSequence(["b"]);
  clock.advance(9);
  assert(!transport.disconnecting);
  clock.advance(1);
  assert(transport.disconnecting);
  assertEquals(clock.getDelayedCalls(), []);
  assertEquals(new TimeoutFactory(new Factory()).timeoutSeconds, 1800);
});

class Impatient extends TimeoutMixin(LineReceiver) {
  override lineReceived(): void {
    this.resetTimeout();
  }
}

Deno.test("TimeoutMixin loses the connection after its period, and not before", () => {
  const clock = new Clock();
  const protocol = new Impatient();
  const transport = new StringTransport({ reactor: clock });
  protocol.makeConnection(transport);
  protocol.resetTimeout();
  assertEquals(clock.getDelayedCalls(), []);
  assertEquals(protocol.setTimeout(5), null);
  clock.advance(4);
  protocol.dataReceived(encodeUtf8("x\r\n"));
  clock.advance(4);
  assert(!transport.disconnecting);
  assertEquals(protocol.setTimeout(20), 5);
  clock.advance(19);
  assert(!transport.disconnecting);
  clock.advance(1);
  assert(transport.disconnecting);
});

Deno.test("TimeoutMixin forgets its timeout with setTimeout(null) and when the connection is lost", () => {
  const clock = new Clock();
  const protocol = new Impatient();
  protocol.makeConnection(new StringTransport({ reactor: clock }));
  protocol.setTimeout(5);
  assertEquals(protocol.setTimeout(null), 5);
  assertEquals(clock.getDelayedCalls(), []);
  protocol.setTimeout(5);
  protocol.connectionLost(done);
  assertEquals(clock.getDelayedCalls(), []);
  const line: string = protocol.delimiter; // the mixin keeps the types of its base
  assertEquals(line, "\r\n");
});

Deno.test("policies compose: a throttled, limited, logged, timed line protocol goes over to TLS", () => {
  class Secure extends LineReceiver {
    override lineReceived(line: string) {
      if (line === "STARTTLS") {
        this.sendLine("go ahead");
        this.transport.startTLS({ cert: "", key: "" });
      } else {
        this.sendLine(`${line} ${this.transport.secure ? "in secret" : "in the open"}`);
      }
    }
  }
  const clock = new Clock();
  const log: string[] = [];
  const limited = new LimitTotalConnectionsFactory(Factory.forProtocol(Secure));
  limited.connectionLimit = 1;
  const timed = new TimeoutFactory(limited, { timeoutSeconds: 60 });
  const logged = new TrafficLoggingFactory(timed, "l", { open: () => ({ write: (text) => log.push(text) }) });
  const factory = new ThrottlingFactory(new LimitConnectionsByPeer(logged), { readLimit: 16 });
  const { transport, wrapper } = open(factory, { clock });
  assertEquals(factory.buildProtocol(peer("2.2.2.2")), null);
  wrapper.dataReceived(encodeUtf8("hello\r\nSTARTTLS\r\n"));
  wrapper.dataReceived(encodeUtf8("again\r\n"));
  assertEquals(transport.text(), "hello in the open\r\ngo ahead\r\nagain in secret\r\n");
  assertEquals(log[1], 'C 1: "hello\\r\\nSTARTTLS\\r\\n"\n');
  clock.advance(1);
  assertEquals(transport.producerState, "paused");
  clock.advance(60);
  assert(transport.disconnecting);
  assertEquals(limited.connectionCount, 0);
  open(factory, { clock }).transport.loseConnection();
  assertEquals(clock.getDelayedCalls(), []);
});
