import { assert, assertEquals, assertFalse, assertStrictEquals, assertThrows } from "@std/assert";
import type { Failure } from "@ropewalk/deferred";
import { Protocol } from "@ropewalk/protocols";
import { ConnectionAborted, ConnectionDone, IPv4Address } from "@ropewalk/reactor/core";
import { Clock } from "./clock.ts";
import { StringTransport, StringTransportWithDisconnection } from "./string_transport.ts";

class Listener extends Protocol {
  readonly events: string[] = [];
  override connectionLost(reason: Failure) {
    this.events.push(reason.type);
  }
  writeConnectionLost() {
    this.events.push("half");
  }
}

class Producer {
  readonly calls: string[] = [];
  pauseProducing = () => void this.calls.push("pause");
  resumeProducing = () => void this.calls.push("resume");
  stopProducing = () => void this.calls.push("stop");
}

Deno.test("StringTransport keeps what is written, as bytes, as text and piece by piece", () => {
  const transport = new StringTransport();
  transport.write("é\r\n");
  transport.writeSequence([new Uint8Array([1, 2]), "three"]);
  transport.write("");
  assertEquals(transport.value(), new Uint8Array([0xc3, 0xa9, 13, 10, 1, 2, 116, 104, 114, 101, 101]));
  assertEquals(transport.text(), "é\r\n\x01\x02three");
  assertEquals(transport.io.pieces.map((piece) => piece.length), [4, 7]);
  transport.clear();
  assertEquals(transport.text(), "");
});

Deno.test("StringTransport has copied what is written when write returns", () => {
  const transport = new StringTransport();
  const buffer = new Uint8Array([65]);
  transport.write(buffer);
  buffer[0] = 66;
  assertEquals(transport.text(), "A");
});

Deno.test("StringTransport refuses what is neither bytes nor text", () => {
  const transport = new StringTransport();
  // deno-lint-ignore no-explicit-any
  assertThrows(() => transport.write(5 as any), TypeError, "Cannot write to a transport");
});

Deno.test("StringTransport has the addresses of Twisted's, unless it is given others", () => {
  const transport = new StringTransport();
  assertEquals(`${transport.getPeer()} ${transport.getHost()}`, "192.168.1.1:54321 10.0.0.1:12345");
  const peer = new IPv4Address("TCP", "127.0.0.1", 1);
  assertStrictEquals(new StringTransport({ peer }).getPeer(), peer);
});

Deno.test("StringTransport has a reactor: a clock of its own, or the one it is given", () => {
  const reactor = new Clock();
  assertStrictEquals(new StringTransport({ reactor }).reactor, reactor);
  assertEquals(new StringTransport().reactor.seconds(), 0);
});

Deno.test("StringTransport keeps apart what is written after the connection is lost", () => {
  const transport = new StringTransport();
  transport.write("in time");
  transport.loseConnection();
  transport.write("too ");
  transport.writeSequence(["la", "te"]);
  assert(transport.disconnecting);
  assertEquals(transport.text(), "in time");
  assertEquals(new TextDecoder().decode(transport.late), "too late");
});

Deno.test("StringTransport takes what a producer writes after loseConnection, until it is unregistered", () => {
  const transport = new StringTransport();
  transport.registerProducer(new Producer(), true);
  transport.loseConnection();
  transport.write("in time");
  transport.unregisterProducer();
  transport.write("late");
  assertEquals([transport.text(), transport.late.length], ["in time", 4]);
});

Deno.test("StringTransport notes an abort and drops what follows", () => {
  const transport = new StringTransport();
  transport.abortConnection();
  transport.abortConnection();
  transport.loseConnection();
  transport.write("x");
  assertEquals([transport.aborting, transport.disconnecting, transport.text()], [true, true, ""]);
});

Deno.test("StringTransport refuses a second producer, as a real transport does", () => {
  const transport = new StringTransport();
  const producer = new Producer();
  transport.registerProducer(producer, true);
  assertStrictEquals(transport.producer, producer);
  assertEquals(transport.streaming, true);
  assertThrows(
    () => transport.registerProducer(new Producer(), false),
    TypeError,
    "another one is registered",
  );
  transport.unregisterProducer();
  assertEquals([transport.producer, transport.streaming], [null, null]);
  assertThrows(() => transport.unregisterProducer(), TypeError, "none is registered");
});

Deno.test("StringTransport tells whether its protocol reads", () => {
  const transport = new StringTransport();
  assertEquals(transport.producerState, "producing");
  transport.pauseProducing();
  assertEquals(transport.producerState, "paused");
  transport.resumeProducing();
  assertEquals(transport.producerState, "producing");
  transport.stopProducing();
  assertEquals(transport.producerState, "stopped");
  assert(transport.disconnecting);
});

Deno.test("StringTransport refuses to pause or resume reading on a connection that goes down, unless lenient", () => {
  const transport = new StringTransport();
  transport.loseConnection();
  assertThrows(() => transport.pauseProducing(), TypeError, "the connection is being lost");
  assertThrows(() => transport.resumeProducing(), TypeError, "the connection is being lost");
  const lenient = new StringTransport({ lenient: true });
  lenient.stopProducing();
  lenient.resumeProducing();
  assertEquals(lenient.producerState, "stopped");
});

Deno.test("StringTransport notes TLS, half-close and socket options", () => {
  const transport = new StringTransport();
  transport.startTLS({ hostname: "example.org" });
  assert(transport.secure);
  assertEquals(transport.tls, { options: { hostname: "example.org" }, normal: true });
  assertThrows(() => transport.startTLS({}), TypeError, "under TLS already");
  transport.setTcpNoDelay(false);
  transport.setTcpKeepAlive(true);
  assertEquals([transport.tcpNoDelay, transport.tcpKeepAlive], [false, true]);
  transport.loseWriteConnection();
  transport.write("x");
  assert(transport.writeDisconnected);
  assertFalse(transport.disconnecting);
  assertEquals(transport.text(), "");
});

Deno.test("StringTransportWithDisconnection tells its protocol inside loseConnection, once", () => {
  const transport = new StringTransportWithDisconnection();
  const protocol = transport.protocol = new Listener();
  protocol.makeConnection(transport);
  transport.loseConnection();
  transport.loseConnection();
  transport.abortConnection();
  assertEquals(protocol.events, [ConnectionDone.name]);
  assertFalse(transport.connected);
});

Deno.test("StringTransportWithDisconnection tells its protocol of an abort and of a half-close", () => {
  const transport = new StringTransportWithDisconnection();
  const protocol = transport.protocol = new Listener();
  protocol.makeConnection(transport);
  transport.loseWriteConnection();
  transport.abortConnection();
  assertEquals(protocol.events, ["half", ConnectionAborted.name]);
});

Deno.test("StringTransportWithDisconnection waits for a producer, and stops it when the connection is lost", () => {
  const transport = new StringTransportWithDisconnection();
  const protocol = transport.protocol = new Listener();
  protocol.makeConnection(transport);
  const producer = new Producer();
  transport.registerProducer(producer, true);
  transport.loseConnection();
  assertEquals(protocol.events, []);
  transport.abortConnection();
  assertEquals([protocol.events, producer.calls], [[ConnectionAborted.name], ["stop"]]);
  transport.registerProducer(producer, true);
  assertEquals(producer.calls, ["stop", "stop"]);
  transport.unregisterProducer();
});

Deno.test("StringTransportWithDisconnection says what is missing when nobody set its protocol", () => {
  assertThrows(
    () => new StringTransportWithDisconnection().loseConnection(),
    TypeError,
    "set the transport's",
  );
});
