import { Deferred, Failure } from "@ropewalk/deferred";
import {
  ConnectionDone,
  ConnectionLost,
  ConnectionRefusedError,
  type Connector,
  IPv4Address,
  type ReactorTCP,
  type StreamProtocol,
} from "@ropewalk/reactor/core";
import {
  assertNoResult,
  Clock,
  everySplit,
  failureResultOf,
  flushLoggedErrors,
  StringTransport,
  StringTransportWithDisconnection,
  successResultOf,
} from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { concatBytes, encodeUtf8, latin1 } from "./bytes.ts";
import type { ClientFactory } from "./factory.ts";
import { FileSender } from "./file_sender.ts";
import { Finger, FingerClient } from "./finger.ts";
import { HiddenUser, IdentClient, IdentError, IdentServer, InvalidPort, NoUser } from "./ident.ts";
import { ProxyFactory } from "./portforward.ts";
import { PostfixTCPMapServer, quotePostfix, unquotePostfix } from "./postfix.ts";
import { Protocol } from "./protocol.ts";
import { SOCKSClient, SOCKSError } from "./socks/client.ts";
import { addressBytes, addressText, type SOCKSTarget } from "./socks/codec.ts";
import { SOCKSServer, type SOCKSServerOptions } from "./socks/server.ts";
import { Chargen, Daytime, Discard, Echo, QOTD, Time } from "./wire.ts";

const lost = () => new Failure(new ConnectionLost());
const done = () => new Failure(new ConnectionDone());

function connect<P extends StreamProtocol>(protocol: P) {
  const clock = new Clock();
  const transport = new StringTransportWithDisconnection({ reactor: clock, lenient: true });
  transport.protocol = protocol;
  protocol.makeConnection(transport);
  const ask = (text: string) => {
    transport.clear();
    protocol.dataReceived(encodeUtf8(text));
    return transport.text();
  };
  return { protocol, transport, clock, ask };
}

// ---- wire

Deno.test("Echo, Discard, QOTD, Daytime and Time do what they are there for", () => {
  assertEquals(connect(new Echo()).ask("hi"), "hi");
  assertEquals(connect(new Discard()).ask("hi"), "");
  assertEquals(connect(new QOTD(() => "be brief")).transport.text(), "be brief");
  const now = () => new Date(Date.UTC(2020, 0, 1));
  assertEquals(connect(new Daytime(now)).transport.text(), "Wed, 01 Jan 2020 00:00:00 GMT\r\n");
  const { transport } = connect(new Time(now));
  assertEquals([...transport.value()], [0xe1, 0xb6, 0x5f, 0x80]);
  assert(!transport.connected);
});

Deno.test("Chargen sends its pattern until it is told to hold, and lets others have their turn", () => {
  const { transport, clock, protocol } = connect(new Chargen());
  const lines = transport.text().split("\r\n");
  assertEquals(lines.length, 65);
  assertEquals(lines[0], " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg");
  assert(lines[1]!.startsWith('!"'));
  protocol.pauseProducing();
  transport.clear();
  clock.advance(1);
  assertEquals(transport.text(), "");
  protocol.resumeProducing();
  assert(transport.text().length > 0);
  protocol.stopProducing();
  clock.advance(1);
  assertEquals(clock.getDelayedCalls(), []);
});

// ---- FileSender

Deno.test("FileSender sends a piece each time it is asked, from what answers now, later or with a promise", async () => {
  const later = new Deferred<Uint8Array | null>();
  const pieces = [encodeUtf8("a"), later, Promise.resolve(encodeUtf8("c")), null];
  const transport = new StringTransport();
  const sent = new FileSender().beginFileTransfer({ read: () => pieces.shift()! }, transport);
  const more = () => transport.producer?.resumeProducing();
  more();
  more();
  more(); // it reads: nothing happens
  assertEquals(transport.text(), "a");
  later.callback(encodeUtf8("b"));
  more();
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  assertEquals(transport.text(), "abc");
  assertNoResult(sent);
  more();
  assertEquals(successResultOf(sent), 3);
  assertEquals(transport.producer, null);
});

Deno.test("FileSender fails when reading does, or when the consumer goes away", () => {
  const transport = new StringTransport();
  const failing = new FileSender().beginFileTransfer({
    read: () => {
      throw new RangeError("disk on fire");
    },
  }, transport);
  transport.producer!.resumeProducing();
  failureResultOf(failing, RangeError);
  const gone = new FileSender().beginFileTransfer({ read: () => null }, transport);
  transport.producer!.stopProducing();
  failureResultOf(gone);
  const sender = new FileSender();
  const other = new StringTransport();
  const cancelled = sender.beginFileTransfer({ read: () => null }, other);
  cancelled.addErrback(() => {});
  cancelled.cancel();
  assertEquals(other.producer, null);
});

// ---- finger

Deno.test("Finger answers a question however it is cut", () => {
  for (
    const [question, answer] of [
      ["bob\r\n", "Login: bob\nNo such user\n"],
      ["/W bob\n", "Login: bob\nNo such user\n"],
      ["\r\n", "Finger online list denied\n"],
      ["a@b\r\n", "Finger forwarding service denied\n"],
      ["e\x1b[2J\r\n", "Login: e?[2J\nNo such user\n"],
    ]
  ) {
    for (const chunks of everySplit(question!)) {
      const { transport, protocol } = connect(new Finger());
      for (const chunk of chunks) protocol.dataReceived(chunk);
      assertEquals(transport.text(), answer);
      assert(transport.disconnecting);
    }
  }
});

Deno.test("FingerClient asks and gets the whole answer, or fails", () => {
  const { transport, protocol, ask } = connect(new FingerClient("bob", 20));
  assertEquals(transport.text(), "bob\r\n");
  ask("hello\r\n");
  ask("there\r\n");
  protocol.connectionLost(done());
  assertEquals(successResultOf(protocol.answer), "hello\nthere\n");
  const broken = connect(new FingerClient("bob"));
  broken.protocol.connectionLost(lost());
  failureResultOf(broken.protocol.answer, ConnectionLost);
  const long = connect(new FingerClient("bob", 3));
  long.ask("four");
  failureResultOf(long.protocol.answer, RangeError);
  assertThrows(() => new FingerClient("a\nb"), RangeError);
});

// ---- ident

class Users extends IdentServer {
  override lookup(ours: number, theirs: number): { system: string; userId: string } {
    if (ours === 1) throw new HiddenUser();
    if (ours === 2) throw new Error("database on fire");
    if (ours === 3) return { system: "UNIX", userId: "x\r\n5, 5 : USERID : UNIX : root" };
    if (ours === 4) throw new NoUser();
    return { system: "UNIX", userId: `user${theirs}` };
  }
}

Deno.test("IdentServer answers users and errors", () => {
  const { ask } = connect(new Users());
  for (
    const [question, answer] of [
      ["5, 6", "5, 6 : USERID : UNIX : user6"],
      [" 5 ,6 ", "5, 6 : USERID : UNIX : user6"],
      ["1, 6", "1, 6 : ERROR : HIDDEN-USER"],
      ["4, 6", "4, 6 : ERROR : NO-USER"],
      ["2, 6", "2, 6 : ERROR : UNKNOWN-ERROR"],
      ["3, 6", "3, 6 : ERROR : UNKNOWN-ERROR"],
      ["0, 6", "0, 6 : ERROR : INVALID-PORT"],
      ["5, 70000", "5, 70000 : ERROR : INVALID-PORT"],
      ["x", "0, 0 : ERROR : INVALID-PORT"],
    ]
  ) assertEquals(ask(`${question}\r\n`), `${answer}\r\n`);
  assertEquals(flushLoggedErrors(Error).length, 1);
  assertEquals(connect(new IdentServer()).ask("1,1\n"), "1, 1 : ERROR : NO-USER\r\n");
});

Deno.test("IdentClient asks one thing after the other", () => {
  const { protocol, transport, ask } = connect(new IdentClient());
  const all = [1, 2, 3, 4, 5].map((port) => protocol.lookup(port, 9));
  assertEquals(transport.text(), "1, 9\r\n");
  assertEquals(ask("1, 9 : USERID : UNIX : a: b\r\n"), "2, 9\r\n");
  assertEquals(successResultOf(all[0]!), { system: "UNIX", userId: "a: b" });
  ask("2, 9 : ERROR : NO-USER\r\n3,9:ERROR:INVALID-PORT\r\n4,9 : whatever\r\n");
  failureResultOf(all[1]!, NoUser);
  failureResultOf(all[2]!, InvalidPort);
  failureResultOf(all[3]!, IdentError);
  protocol.connectionLost(lost());
  failureResultOf(all[4]!, ConnectionLost);
  failureResultOf(protocol.lookup(1, 1), ConnectionLost);
  const surplus = connect(new IdentClient());
  surplus.ask("unasked\r\n");
  assert(surplus.transport.disconnecting);
});

// ---- postfix

Deno.test("PostfixTCPMapServer answers as Twisted's does", () => {
  const map = new Map([["a b", "b%c"], ["ż", "d"]]);
  const { ask, clock, transport } = connect(
    new PostfixTCPMapServer((key) => {
      if (key === "bad") throw new RangeError("disk on fire");
      return map.get(key) ?? null;
    }),
  );
  for (
    const [question, answer] of [
      ["get a%20b", "200 b%25c"],
      ["get %C5%BC", "200 d"],
      ["get nobody", "500 "],
      ["get", "400 Command 'get' takes 1 parameters."],
      ["put a b", "500 put is not implemented yet."],
      ["what", "400 unknown command"],
      ["get bad", "400 The%20lookup%20failed"],
    ]
  ) assertEquals(ask(`${question}\n`), `${answer}\n`);
  assertEquals(flushLoggedErrors(RangeError).length, 1);
  clock.advance(599);
  ask("get x\n");
  clock.advance(599);
  assert(!transport.disconnecting);
  clock.advance(1);
  assert(transport.disconnecting);
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("PostfixTCPMapServer keeps the order of answers that come late", () => {
  const first = new Deferred<string | null>();
  const { ask, transport } = connect(new PostfixTCPMapServer((key) => key === "1" ? first : key));
  assertEquals(ask("get 1\nget 2\n"), "");
  first.callback("one");
  assertEquals(transport.text(), "200 one\n200 2\n");
});

Deno.test("quotePostfix and unquotePostfix are each other's reverse", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    const quoted = quotePostfix(text.toWellFormed());
    assert(/^[!-~]*$/.test(quoted));
    assertEquals(unquotePostfix(quoted), text.toWellFormed());
  }));
});

// ---- portforward and SOCKS

class FakeReactor implements Pick<ReactorTCP, "connectTCP"> {
  calls: { host: string; port: number; factory: ClientFactory; disconnected: boolean }[] = [];
  connectTCP(host: string, port: number, factory: unknown): Connector {
    const call = { host, port, factory: factory as ClientFactory, disconnected: false };
    this.calls.push(call);
    return { disconnect: () => void (call.disconnected = true) } as Connector;
  }
  accept(i = 0) {
    const transport = new StringTransportWithDisconnection({
      host: new IPv4Address("TCP", "9.8.7.6", 1234),
      lenient: true,
    });
    const protocol = this.calls[i]!.factory.buildProtocol(new IPv4Address("TCP", "1.1.1.1", 1))!;
    transport.protocol = protocol;
    protocol.makeConnection(transport);
    return { transport, protocol };
  }
}

Deno.test("ProxyFactory passes bytes on, both ways, with back-pressure, and ends both sides together", () => {
  const reactor = new FakeReactor();
  const factory = new ProxyFactory(reactor, "inner", 80);
  const { transport, protocol } = connect(factory.buildProtocol());
  assertEquals(transport.producerState, "paused");
  assertEquals([reactor.calls[0]!.host, reactor.calls[0]!.port], ["inner", 80]);
  const other = reactor.accept();
  assertEquals(transport.producerState, "producing");
  protocol.dataReceived(encodeUtf8("to"));
  other.protocol.dataReceived(encodeUtf8("fro"));
  assertEquals([other.transport.text(), transport.text()], ["to", "fro"]);
  (transport.producer as unknown as { pauseProducing(): void }).pauseProducing();
  assertEquals(other.transport.producerState, "paused");
  (other.protocol as Protocol & { readConnectionLost(): void }).readConnectionLost();
  assert(!other.transport.connected && !transport.connected);
});

Deno.test("ProxyFactory gives up when either side does before both are there", () => {
  const reactor = new FakeReactor();
  const factory = new ProxyFactory(reactor, "inner", 80);
  const first = connect(factory.buildProtocol());
  first.protocol.connectionLost(lost());
  assert(reactor.calls[0]!.disconnected);
  assert(reactor.accept(0).transport.disconnecting);
  const second = connect(factory.buildProtocol());
  reactor.calls[1]!.factory.clientConnectionFailed(null!, new Failure(new ConnectionRefusedError()));
  assert(second.transport.disconnecting);
});

function socks(options: Partial<SOCKSServerOptions> = {}) {
  const reactor = new FakeReactor();
  const asked: [SOCKSTarget, string][] = [];
  const server = new SOCKSServer({
    reactor,
    authorize: (target, user) => {
      asked.push([target, user]);
      return target.port !== 25;
    },
    ...options,
  });
  return { reactor, asked, ...connect(server) };
}

const bytes = (...all: number[]) => Uint8Array.from(all);
const four = (port: number, address: number[], ...texts: string[]) =>
  concatBytes([
    bytes(4, 1, port >> 8, port & 255, ...address),
    encodeUtf8(texts.map((text) => text + "\0").join("")),
  ]);
const five = (port: number, host: string) =>
  concatBytes([bytes(5, 1, 0), addressBytes(host), bytes(port >> 8, port & 255)]);

Deno.test("SOCKSServer connects by 4, 4a and 5, however the request is cut, with what came early", () => {
  for (
    const [request, host, user, answer] of [
      [four(80, [1, 2, 3, 4], "ann"), "1.2.3.4", "ann", bytes(0, 90, 1234 >> 8, 1234 & 255, 9, 8, 7, 6)],
      [four(80, [0, 0, 0, 7], "", "host.x"), "host.x", "", bytes(0, 90, 1234 >> 8, 1234 & 255, 9, 8, 7, 6)],
      [
        concatBytes([bytes(5, 1, 0), five(80, "host.x")]),
        "host.x",
        "",
        bytes(5, 0, 5, 0, 0, 1, 9, 8, 7, 6, 4, 210),
      ],
      [
        concatBytes([bytes(5, 2, 0, 2), five(80, "::1")]),
        "::1",
        "",
        bytes(5, 0, 5, 0, 0, 1, 9, 8, 7, 6, 4, 210),
      ],
    ] as const
  ) {
    for (const chunks of everySplit(concatBytes([request, encodeUtf8("early")]))) {
      const { reactor, asked, protocol, transport, clock } = socks();
      for (const chunk of chunks) protocol.dataReceived(chunk);
      assertEquals(asked, [[{ host, port: 80 }, user]]);
      const other = reactor.accept();
      assertEquals(transport.value(), answer);
      assertEquals(other.transport.text(), "early");
      transport.clear();
      other.protocol.dataReceived(encodeUtf8("hello"));
      protocol.dataReceived(encodeUtf8("!"));
      assertEquals([transport.text(), other.transport.text()], ["hello", "early!"]);
      protocol.connectionLost(lost());
      assert(other.transport.disconnecting);
      assertEquals(clock.getDelayedCalls(), []);
    }
  }
});

Deno.test("SOCKSServer refuses what is not allowed, not there, or not known", () => {
  for (
    const [request, answer] of [
      [four(25, [1, 2, 3, 4], "ann"), bytes(0, 91, 0, 0, 0, 0, 0, 0)],
      [concatBytes([bytes(5, 1, 0), five(25, "x")]), bytes(5, 0, 5, 2, 0, 1, 0, 0, 0, 0, 0, 0)],
      [concatBytes([bytes(5, 1, 0), five(0, "x")]), bytes(5, 0, 5, 2, 0, 1, 0, 0, 0, 0, 0, 0)],
      [bytes(5, 1, 0, 5, 2, 0, 1, 1, 2, 3, 4, 0, 80), bytes(5, 0, 5, 7, 0, 1, 0, 0, 0, 0, 0, 0)],
      [bytes(5, 1, 0, 5, 1, 0, 9, 0, 0), bytes(5, 0, 5, 8, 0, 1, 0, 0, 0, 0, 0, 0)],
      [bytes(5, 1, 2), bytes(5, 0xff)],
      [bytes(6), bytes()],
      [bytes(5, 1, 0, 4, 1, 0, 1, 1, 2, 3, 4, 0, 80), bytes(5, 0)],
      [concatBytes([bytes(4, 1, 0, 80, 1, 2, 3, 4), new Uint8Array(300).fill(65)]), bytes()],
    ] as const
  ) {
    const { protocol, transport, reactor } = socks();
    protocol.dataReceived(request);
    assertEquals(transport.value(), answer);
    assert(transport.disconnecting);
    assertEquals(reactor.calls.length, 0);
  }
  const refused = socks();
  refused.protocol.dataReceived(concatBytes([bytes(5, 1, 0), five(80, "x")]));
  refused.reactor.calls[0]!.factory.clientConnectionFailed(null!, new Failure(new ConnectionRefusedError()));
  assertEquals(refused.transport.value()[3], 5);
  const slow = socks();
  slow.clock.advance(30);
  assert(slow.transport.aborting);
  const early = socks();
  early.protocol.dataReceived(concatBytes([bytes(5, 1, 0), five(80, "x")]));
  early.protocol.connectionLost(lost());
  assert(early.reactor.calls[0]!.disconnected);
  assert(early.reactor.accept().transport.disconnecting);
});

Deno.test("SOCKSServer asks for a name and password if it is to", () => {
  const login = (password: string) =>
    concatBytes([bytes(5, 1, 2, 1, 3), encodeUtf8("ann"), bytes(password.length), encodeUtf8(password)]);
  const options = { authenticate: (_user: string, password: string) => password === "pw" };
  const good = socks(options);
  good.protocol.dataReceived(concatBytes([login("pw"), five(80, "x")]));
  assertEquals(good.transport.value(), bytes(5, 2, 1, 0));
  assertEquals(good.asked, [[{ host: "x", port: 80 }, "ann"]]);
  const bad = socks(options);
  bad.protocol.dataReceived(concatBytes([login("no"), five(80, "x")]));
  assertEquals(bad.transport.value(), bytes(5, 2, 1, 1));
  assert(bad.transport.disconnecting);
  const none = socks(options);
  none.protocol.dataReceived(bytes(5, 1, 0));
  assertEquals(none.transport.value(), bytes(5, 0xff));
  const old = socks(options);
  old.protocol.dataReceived(four(80, [1, 2, 3, 4], "ann"));
  assertEquals(old.transport.value()[1], 91);
});

Deno.test("SOCKS addresses go both ways", () => {
  for (const address of ["1.2.3.4", "::1", "2001:db8::ff", "::", "1:2:3:4:5:6:7:8", "fe80::1:0:0:1"]) {
    assertEquals(addressText(addressBytes(address).subarray(1)), address);
  }
  assertEquals(addressBytes("999.1.1.1")[0], 3);
  assertThrows(() => addressBytes("x".repeat(256)), RangeError);
  assertThrows(() => addressBytes(""), RangeError);
});

class Inner extends Protocol {
  data = "";
  reasons: Failure[] = [];
  override connectionMade() {
    this.transport.write("hello");
  }
  override dataReceived(data: Uint8Array) {
    this.data += latin1(data);
  }
  override connectionLost(reason: Failure) {
    this.reasons.push(reason);
  }
}

Deno.test("SOCKSClient goes through SOCKSServer by every version", () => {
  for (
    const [options, server, host] of [
      [{ version: 4 as const, user: "ann" }, {}, "1.2.3.4"],
      [{ version: 4 as const }, {}, "host.x"],
      [{}, {}, "host.x"],
      [{ user: "ann", password: "pw" }, { authenticate: (_: string, word: string) => word === "pw" }, "::1"],
    ] as const
  ) {
    const proxy = socks(server);
    const inner = new Inner();
    const client = connect(new SOCKSClient(host, 80, inner, options));
    const pump = () => {
      for (let i = 0; i < 6; i++) {
        const [a, b] = [client.transport.value(), proxy.transport.value()];
        client.transport.clear();
        proxy.transport.clear();
        proxy.protocol.dataReceived(a);
        client.protocol.dataReceived(b);
      }
    };
    pump();
    assertEquals(proxy.asked[0]![0], { host, port: 80 });
    const far = proxy.reactor.accept();
    far.protocol.dataReceived(encodeUtf8("welcome"));
    pump();
    assertEquals([inner.data, far.transport.text()], ["welcome", "hello"]);
    client.transport.loseConnection();
    assertEquals(inner.reasons[0]!.check(ConnectionDone), ConnectionDone);
    assertEquals(client.clock.getDelayedCalls(), []);
  }
});

Deno.test("SOCKSClient tells the protocol inside why the proxy failed", () => {
  const answers: [Uint8Array, RegExp][] = [
    [bytes(5, 0xff), /wants a login/],
    [bytes(4, 0), /does not speak/],
    [bytes(5, 0, 5, 5, 0), /connection refused/],
    [bytes(5, 0, 5, 0, 0, 9), /does not speak/],
  ];
  for (const [answer, message] of answers) {
    const inner = new Inner();
    const { protocol, transport } = connect(new SOCKSClient("x", 1, inner));
    protocol.dataReceived(answer);
    assert(!transport.connected);
    assert(
      inner.reasons[0]!.value instanceof SOCKSError && message.test(inner.reasons[0]!.getErrorMessage()),
    );
    assertEquals(inner.connected, false);
  }
  const inner = new Inner();
  const { clock } = connect(new SOCKSClient("x", 1, inner, { timeoutSeconds: 5 }));
  clock.advance(5);
  assertEquals(inner.reasons.length, 1);
  assertThrows(() => new SOCKSClient("x", 1, inner, { user: "x".repeat(256) }), RangeError);
  assertThrows(() => new SOCKSClient("x\0", 1, inner, { version: 4 }), RangeError);
});

Deno.test("the small protocols take any bytes", () => {
  fc.assert(
    fc.property(chunked(), ({ chunks }) => {
      const all: StreamProtocol[] = [
        new Finger(),
        new IdentServer(),
        new IdentClient(),
        new PostfixTCPMapServer(() => null),
        socks().protocol,
        new SOCKSClient("x", 1, new Inner()),
      ];
      for (const protocol of all) {
        const { transport } = connect(protocol);
        for (const chunk of chunks) if (transport.connected) protocol.dataReceived(chunk.slice());
      }
    }),
    { numRuns: 60 },
  );
});
