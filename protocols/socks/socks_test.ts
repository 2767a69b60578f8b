import { Failure } from "@ropewalk/deferred";
import { ConnectionDone, ConnectionRefusedError, type StreamProtocol } from "@ropewalk/reactor/core";
import { everySplit, flushLoggedErrors } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { concatBytes, encodeUtf8 } from "../bytes.ts";
import { SOCKSClient, SOCKSError } from "./client.ts";
import { addressBytes, addressText, type SOCKSTarget } from "./codec.ts";
import { SOCKSServer, type SOCKSServerOptions } from "./server.ts";
import { connect, FakeReactor, Inner, lost } from "../_connect_test.ts";

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

Deno.test("SOCKSServer and SOCKSClient take any bytes", () => {
  fc.assert(
    fc.property(chunked(), ({ chunks }) => {
      for (const protocol of [socks().protocol, new SOCKSClient("x", 1, new Inner())]) {
        const { transport } = connect(protocol);
        for (const chunk of chunks) if (transport.connected) protocol.dataReceived(chunk.slice());
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("SOCKSServer shows an IPv4 address as one, however the client wraps it", () => {
  for (const host of ["::ffff:127.0.0.1", "::ffff:7f00:1"]) {
    const { asked, protocol } = socks();
    const address = concatBytes([new Uint8Array(10), bytes(255, 255, 127, 0, 0, 1)]);
    protocol.dataReceived(concatBytes([bytes(5, 1, 0, 5, 1, 0, 4), address, bytes(0, 80)]));
    assertEquals(asked, [[{ host: "127.0.0.1", port: 80 }, ""]], host);
  }
});

Deno.test("SOCKSServer connects to no name that is none", () => {
  for (const host of ["a b", "a\0b", "a\r\nb", "\x7f\x1f"]) {
    const { asked, protocol, transport, reactor } = socks();
    protocol.dataReceived(concatBytes([bytes(5, 1, 0), five(80, host)]));
    assertEquals([asked.length, reactor.calls.length, transport.value()[3]], [0, 0, 2]);
  }
});

Deno.test("SOCKSServer reads nothing while it is asked whether a user may come in", async () => {
  const answer = Promise.withResolvers<boolean>();
  const { protocol, transport, reactor } = socks({ authenticate: () => answer.promise });
  protocol.dataReceived(concatBytes([bytes(5, 1, 2), bytes(1, 1, 97, 1, 98), five(80, "host.x")]));
  assertEquals([transport.producerState, reactor.calls.length], ["paused", 0]);
  answer.resolve(true);
  for (let i = 0; i < 5; i++) await null;
  assertEquals(reactor.calls.length, 1);
  reactor.accept();
  assertEquals(transport.producerState, "producing");
});

Deno.test("SOCKSServer bounds the request by 1,024 bytes and 30 seconds", () => {
  const { protocol, transport } = socks();
  protocol.dataReceived(bytes(4, 1, 0, 80, 1, 2, 3, 4));
  protocol.dataReceived(new Uint8Array(255).fill(97));
  assert(transport.connected);
  protocol.dataReceived(new Uint8Array(900).fill(97));
  assert(!transport.connected);
  const slow = socks();
  slow.protocol.dataReceived(bytes(5, 1));
  slow.clock.advance(29);
  assert(slow.transport.connected);
  slow.clock.advance(1);
  assert(!slow.transport.connected);
});

Deno.test("SOCKSClient refuses ports that are none", () => {
  for (const port of [-1, 65536, 0.5]) {
    assertThrows(() => new SOCKSClient("h", port, new Inner()), RangeError);
  }
});

Deno.test("SOCKSServer shows an address in one form only, also one that was sent as a name", () => {
  for (
    const [sent, shown] of [
      ["127.0.0.1", "127.0.0.1"],
      ["127.1", "127.0.0.1"],
      ["0177.0.0.1", "127.0.0.1"],
      ["2130706433", "127.0.0.1"],
      ["0x7f000001", "127.0.0.1"],
      ["0X7F.0.0.1.", "127.0.0.1"],
      ["::ffff:127.0.0.1", "127.0.0.1"],
      ["::FFFF:7F00:1", "127.0.0.1"],
      ["2001:DB8:0:0::1", "2001:db8::1"],
      ["host.x", "host.x"],
      ["1e100.net", "1e100.net"],
      ["4.example", "4.example"],
      ["żółw.example", "żółw.example"],
    ] as const
  ) {
    const name = encodeUtf8(sent);
    const asFive = concatBytes([bytes(5, 1, 0, 5, 1, 0, 3, name.length), name, bytes(0, 80)]);
    for (const request of [asFive, four(80, [0, 0, 0, 7], "", sent)]) {
      const { asked, protocol, reactor } = socks();
      protocol.dataReceived(request);
      assertEquals([asked[0]?.[0].host, reactor.calls[0]?.host], [shown, shown], sent);
    }
  }
  for (
    const none of ["256.1.1.1", "1.2.3.4.5", "::1%lo", "[::1]", "1::2::3", "host:80", "evil/.1", "x@127.1"]
  ) {
    const { asked, protocol, transport } = socks();
    protocol.dataReceived(four(80, [0, 0, 0, 7], "", none));
    assertEquals([asked.length, transport.value()[1]], [0, 91], none);
  }
});

Deno.test("SOCKS writes as an address only what is one", () => {
  const mapped = bytes(4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4);
  assertEquals(addressBytes("::ffff:1.2.3.4"), mapped);
  assertEquals(addressBytes("::FFFF:102:304"), mapped);
  for (
    const name of ["12345::", "::1::2", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8::", "::g", "1:2", "fe80::1%eth0"]
  ) {
    assertEquals(addressBytes(name), concatBytes([bytes(3, name.length), encodeUtf8(name)]), name);
  }
});

Deno.test("SOCKSServer refuses a client when the program's own check fails, with a login or without", () => {
  for (const options of [{}, { authenticate: () => true }]) {
    const { protocol, transport } = socks({
      ...options,
      authorize: () => {
        throw new RangeError("no such table");
      },
    });
    const login = "authenticate" in options ? bytes(5, 1, 2, 1, 1, 97, 1, 98) : bytes(5, 1, 0);
    protocol.dataReceived(concatBytes([login, five(80, "host.x")]));
    assertEquals(transport.value().slice(-10), bytes(5, 1, 0, 1, 0, 0, 0, 0, 0, 0));
    assert(!transport.connected);
    assertEquals(flushLoggedErrors(RangeError).length, 1);
  }
});

Deno.test("SOCKSClient tells the protocol inside of TLS and of the end of sending", () => {
  const told: string[] = [];
  class Both extends Inner {
    handshakeCompleted() {
      told.push("TLS");
    }
    writeConnectionLost() {
      told.push("sent all");
    }
  }
  const protocol: StreamProtocol = new SOCKSClient("x", 1, new Both());
  connect(protocol);
  const tell = () => {
    protocol.handshakeCompleted?.();
    protocol.writeConnectionLost?.();
  };
  tell(); // that of the proxy's connection is not for it
  assertEquals(told, []);
  protocol.dataReceived(bytes(5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
  tell();
  assertEquals(told, ["TLS", "sent all"]);
});
