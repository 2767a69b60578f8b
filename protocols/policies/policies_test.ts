import { Clock, StringTransport } from "@ropewalk/testing";
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { encodeUtf8 } from "../bytes.ts";
import { ClientFactory, Factory } from "../factory.ts";
import { LineReceiver } from "../line_receiver.ts";
import { LimitConnectionsByPeer, LimitTotalConnectionsFactory } from "./limits.ts";
import { SpewingFactory, TrafficLoggingFactory } from "./logging.ts";
import { ThrottlingFactory } from "./throttling.ts";
import { TimeoutFactory } from "./timeout_factory.ts";
import { TimeoutMixin } from "./timeout_mixin.ts";
import { WrappingFactory } from "./wrapping.ts";
import { done, Echo, open, peer } from "./_helpers_test.ts";

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
