import { Failure } from "@ropewalk/deferred";
import { ConnectionLost, type StreamProtocol } from "@ropewalk/reactor/core";
import {
  assertNoResult,
  everySplit,
  failureResultOf,
  StringTransport,
  successResultOf,
} from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { fromLatin1, latin1 } from "../bytes.ts";
import { Protocol } from "../protocol.ts";
import { DO, DONT, ECHO, IAC, IP, LINEMODE, NAWS, SB, SE, SGA, WILL, WONT } from "./codes.ts";
import { AlreadyNegotiated, OptionRefused, Telnet } from "./telnet.ts";
import { StatefulTelnetProtocol } from "./stateful.ts";
import { type TelnetAware, TelnetBootstrapProtocol, TelnetTransport } from "./transport.ts";

class Recorder extends Telnet {
  data = "";
  events: string[] = [];
  allowed = new Set<number>();
  override applicationDataReceived(data: Uint8Array) {
    this.data += latin1(data);
  }
  override telnetCommand(command: number) {
    this.events.push(`command ${command}`);
  }
  override enableLocal(option: number) {
    return this.allowed.has(option);
  }
  override enableRemote(option: number) {
    return this.allowed.has(option);
  }
  override disableLocal(option: number) {
    this.events.push(`no longer we ${option}`);
  }
  override disableRemote(option: number) {
    this.events.push(`no longer they ${option}`);
  }
  override subnegotiationReceived(option: number, data: Uint8Array) {
    this.events.push(`about ${option}: ${latin1(data)}`);
  }
}

function connect() {
  const transport = new StringTransport();
  const telnet = new Recorder();
  telnet.makeConnection(transport);
  const sent = () => {
    const bytes = [...transport.value()];
    transport.clear();
    return bytes;
  };
  return {
    telnet,
    transport,
    sent,
    feed: (...bytes: number[]) => telnet.dataReceived(Uint8Array.from(bytes)),
  };
}

Deno.test("Telnet tells data from commands however the stream is cut", () => {
  const wire = fromLatin1(
    `one\r\ntwo\r\0three\rfour\n\xff\xff!\xff\xf4\xff\xfd\x01\xff\xfa\x18a\xff\xffb\xff\xf0end\xff\xf1.`,
  );
  for (const chunks of everySplit(wire)) {
    const { telnet, sent } = connect();
    for (const chunk of chunks) telnet.dataReceived(chunk);
    assertEquals(telnet.data, "one\ntwo\rthree\rfour\n\xff!end.");
    assertEquals(telnet.events, [`command ${IP}`, "about 24: a\xffb", "command 241"]);
    assertEquals(sent(), [IAC, WONT, 1]);
  }
});

Deno.test("Telnet doubles 0xff, so that nothing in data becomes a command", () => {
  const { telnet, sent } = connect();
  telnet.write(Uint8Array.of(1, IAC, DO, 2));
  telnet.write("text");
  assertEquals(sent(), [1, IAC, IAC, DO, 2, ...fromLatin1("text")]);
  telnet.requestNegotiation(24, Uint8Array.of(0, IAC, SE));
  assertEquals(sent(), [IAC, SB, 24, 0, IAC, IAC, SE, IAC, SE]);
  // The option 255 is a byte like any other, and what is no option does not become one.
  telnet.requestNegotiation(255, Uint8Array.of(SE));
  const all = sent();
  assertEquals(all, [IAC, SB, IAC, IAC, SE, IAC, SE]);
  const { telnet: far, feed } = connect();
  feed(...all);
  assertEquals(far.events, ["about 255: \xf0"]);
  for (const option of [-1, 256, 511, 1.5, NaN]) {
    assertThrows(() => telnet.requestNegotiation(option, ""), RangeError);
  }
  assertEquals(sent(), []);
});

Deno.test("Telnet agrees to options it knows, refuses others, and never answers twice", () => {
  const { telnet, feed, sent } = connect();
  telnet.allowed.add(SGA);
  feed(
    IAC,
    DO,
    SGA,
    IAC,
    DO,
    SGA,
    IAC,
    DO,
    99,
    IAC,
    WILL,
    SGA,
    IAC,
    WILL,
    SGA,
    IAC,
    WILL,
    99,
    IAC,
    WONT,
    98,
    IAC,
    DONT,
    98,
  );
  assertEquals(sent(), [IAC, WILL, SGA, IAC, WONT, 99, IAC, DO, SGA, IAC, DONT, 99]);
  assert(telnet.isEnabledLocally(SGA) && telnet.isEnabledRemotely(SGA) && !telnet.isEnabledLocally(99));
  feed(IAC, DONT, SGA, IAC, DONT, SGA, IAC, WONT, SGA);
  assertEquals(sent(), [IAC, WONT, SGA, IAC, DONT, SGA]);
  assertEquals(telnet.events, [`no longer we ${SGA}`, `no longer they ${SGA}`]);
});

Deno.test("Telnet asks for options, and hears whether the far end agrees", () => {
  const { telnet, feed, sent } = connect();
  const [will, doNaws, other] = [telnet.will(ECHO), telnet.do(NAWS), telnet.do(99)];
  assertEquals(sent(), [IAC, WILL, ECHO, IAC, DO, NAWS, IAC, DO, 99]);
  failureResultOf(telnet.will(ECHO), AlreadyNegotiated);
  assertNoResult(will);
  feed(IAC, DO, ECHO, IAC, WILL, NAWS, IAC, WONT, 99);
  assertEquals(sent(), []);
  assert(successResultOf(will) && successResultOf(doNaws));
  failureResultOf(other, OptionRefused);
  failureResultOf(telnet.will(ECHO), AlreadyNegotiated);
  const wont = telnet.wont(ECHO);
  feed(IAC, DONT, ECHO);
  assert(successResultOf(wont));
  const lost = telnet.dont(NAWS);
  telnet.connectionLost(new Failure(new ConnectionLost()));
  failureResultOf(lost, ConnectionLost);
  assertThrows(() => telnet.will(256), RangeError);
});

Deno.test("Telnet bounds a subnegotiation", () => {
  const { telnet, feed } = connect();
  telnet.maxSubnegotiationBytes = 10;
  feed(
    IAC,
    SB,
    1,
    ...new Array(9).fill(65),
    IAC,
    SE,
    IAC,
    SB,
    1,
    ...new Array(5000).fill(65),
    IAC,
    SE,
    IAC,
    SB,
    IAC,
    SE,
    66,
  );
  assertEquals(telnet.events, ["about 1: AAAAAAAAA"]);
  assertEquals(telnet.data, "B");
});

class Inner extends Protocol {
  data = "";
  size = "";
  lost = 0;
  override dataReceived(data: Uint8Array) {
    this.data += latin1(data);
  }
  windowSizeReceived(columns: number, rows: number) {
    this.size = `${columns}x${rows}`;
  }
  override connectionLost() {
    this.lost++;
  }
}

Deno.test("TelnetTransport hides telnet from the protocol inside", () => {
  const transport = new StringTransport();
  const telnet = new TelnetTransport(() => new Inner());
  telnet.makeConnection(transport);
  const inner = telnet.protocol!;
  telnet.dataReceived(fromLatin1("a\r\nb\xff\xff\xff\xfa\x1f\0\x50\0\x18\xff\xf0"));
  assertEquals([inner.data, inner.size], ["a\nb\xff", "80x24"]);
  inner.transport.write("x\ny\r\nz\rw");
  inner.transport.writeSequence(["1\r", "\n2", Uint8Array.of(255)]);
  assertEquals(latin1(transport.value()), "x\r\ny\r\nz\r\0w1\r\n2\xff\xff");
  assertEquals(inner.transport.getPeer(), transport.getPeer());
  inner.transport.loseConnection();
  assert(telnet.disconnecting && transport.disconnecting);
  telnet.connectionLost(new Failure(new ConnectionLost()));
  assertEquals(inner.lost, 1);
});

Deno.test("TelnetBootstrapProtocol asks for what a terminal needs", () => {
  const transport = new StringTransport();
  const telnet = new TelnetTransport(() => new TelnetBootstrapProtocol(() => new Inner()));
  telnet.makeConnection(transport);
  assertEquals([...transport.value()], [IAC, DO, LINEMODE, IAC, DO, NAWS, IAC, WILL, ECHO, IAC, WILL, SGA]);
  transport.clear();
  telnet.dataReceived(
    Uint8Array.of(
      IAC,
      WILL,
      LINEMODE,
      IAC,
      WILL,
      NAWS,
      IAC,
      DO,
      ECHO,
      IAC,
      DONT,
      SGA,
      IAC,
      SB,
      NAWS,
      0,
      1,
      0,
      2,
      IAC,
      SE,
    ),
  );
  assertEquals([...transport.value()], [IAC, SB, LINEMODE, 1, 0, IAC, SE]);
  assertEquals((telnet.protocol!.protocol as Inner).size, "1x2");
});

Deno.test("StatefulTelnetProtocol calls the method of its state", () => {
  const seen: string[] = [];
  class Login extends StatefulTelnetProtocol {
    override state = "User";
    telnet_User(name: string) {
      seen.push(`user ${name}`);
      return "Password";
    }
    telnet_Password(word: string) {
      seen.push(`password ${word}`);
      this.state = "Nowhere";
    }
  }
  const telnet = new TelnetTransport(() => new Login());
  telnet.makeConnection(new StringTransport());
  telnet.dataReceived(fromLatin1("bob\r\nsecret\r\n"));
  assertEquals(seen, ["user bob", "password secret"]);
  assertThrows(() => telnet.dataReceived(fromLatin1("x\r\n")), TypeError, "telnet_Nowhere");
});

Deno.test("Telnet takes any bytes, and gives back what was written", () => {
  fc.assert(fc.property(chunked(), ({ bytes, chunks }) => {
    const [whole, cut, sender] = [connect(), connect(), connect()];
    whole.telnet.dataReceived(bytes);
    for (const chunk of chunks) cut.telnet.dataReceived(chunk);
    assertEquals([cut.telnet.data, cut.telnet.events], [whole.telnet.data, whole.telnet.events]);
    sender.telnet.write(bytes);
    const receiver = connect();
    receiver.telnet.dataReceived(sender.transport.value());
    receiver.telnet.dataReceived(Uint8Array.of(0)); // whatever was waiting behind a CR
    const normal = latin1(bytes).replace(/\r\n/g, "\n").replace(/\r\0/g, "\r");
    assertEquals(receiver.telnet.data.replace(/\0$/, ""), normal); // that NUL, if nothing was
    assertEquals(receiver.telnet.events, []);
  }));
});

Deno.test("Telnet drops what stands behind a switch to TLS in plain text, and what was begun before it", () => {
  class Secure extends Recorder {
    override telnetCommand(command: number) {
      super.telnetCommand(command);
      this.transport.startTLS({ cert: "", key: "" });
    }
    override applicationDataReceived(data: Uint8Array) {
      super.applicationDataReceived(data);
      if (this.data.endsWith("!")) this.transport.startTLS({ cert: "", key: "" });
    }
  }
  for (
    const plain of [
      [97, IAC, IP, 98, IAC, WILL, NAWS, IAC, SB, NAWS, 1], // by a command
      [97, 33, IAC, WILL, NAWS, IAC, SB, NAWS, 1], // by data
    ]
  ) {
    const telnet = new Secure();
    telnet.allowed.add(NAWS);
    const transport = new StringTransport();
    telnet.makeConnection(transport);
    telnet.dataReceived(Uint8Array.from(plain));
    assertEquals(transport.value().length, 0); // WILL NAWS was not answered
    telnet.dataReceived(Uint8Array.of(99, IAC, WILL, NAWS)); // not a part of the subnegotiation that was begun
    assertEquals([telnet.data.at(-1), [...transport.value()]], ["c", [IAC, DO, NAWS]]);
    assertEquals(telnet.data.includes("b"), false);
  }
});

Deno.test("Telnet leaves nobody waiting: not behind a loss, nor when the program's own method throws", () => {
  const { telnet, feed } = connect();
  telnet.enableLocal = () => {
    throw new RangeError("no echo here");
  };
  const echo = telnet.will(ECHO);
  assertThrows(() => feed(IAC, DO, ECHO), RangeError); // for the reactor to report
  failureResultOf(echo, RangeError);
  const waiting = telnet.do(NAWS).addErrback((failure) => {
    failureResultOf(telnet.will(SGA), ConnectionLost);
    return failure;
  });
  telnet.connectionLost(new Failure(new ConnectionLost()));
  failureResultOf(waiting, ConnectionLost);
  for (const ask of [telnet.will, telnet.wont, telnet.do, telnet.dont]) {
    failureResultOf(ask.call(telnet, 42), ConnectionLost);
  }
});

Deno.test("TelnetTransport tells the protocol inside of TLS and of the ends of sending", () => {
  const told: string[] = [];
  class All extends Protocol {
    handshakeCompleted() {
      told.push("TLS");
    }
    writeConnectionLost() {
      told.push("sent all");
    }
    readConnectionLost() {
      told.push("heard all");
    }
  }
  const telnets: StreamProtocol[] = [
    new TelnetTransport(() => new All()),
    new TelnetTransport(() => new TelnetBootstrapProtocol(() => new All())),
  ];
  for (const telnet of telnets) {
    telnet.makeConnection(new StringTransport());
    telnet.handshakeCompleted?.();
    telnet.writeConnectionLost?.();
    telnet.readConnectionLost?.();
    assertEquals(told.splice(0), ["TLS", "sent all", "heard all"]);
  }
  for (const make of [() => new Protocol(), () => new TelnetBootstrapProtocol(() => new Protocol())]) {
    const plain: StreamProtocol = new TelnetTransport<TelnetAware>(make);
    plain.makeConnection(new StringTransport());
    assertEquals(plain.readConnectionLost, undefined); // the connection is closed then
  }
});
