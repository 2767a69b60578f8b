// The limits that docs/protocols.md names, at their defaults: what is just within each is taken, what is beyond is not.
import { TimeoutError } from "@ropewalk/deferred";
import {
  assertNoResult,
  Clock,
  failureResultOf,
  flushLoggedErrors,
  StringTransport,
} from "@ropewalk/testing";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { connect, done, FakeReactor, Inner } from "./_connect_test.ts";
import { AMP } from "./amp/mod.ts";
import { concatBytes, encodeUtf8, fromLatin1 } from "./bytes.ts";
import { FileSender } from "./file_sender.ts";
import { FingerClient } from "./finger.ts";
import { FakeReactor as FTPReactor } from "./ftp/_fake_reactor_test.ts";
import { FTPClient, FTPError, FTPFileError, MemoryFTPShell } from "./ftp/mod.ts";
import { IRC, IRCClient, IRCNetwork } from "./irc/mod.ts";
import { JSONRPCDispatcher, JSONRPCLines, JSONRPCNetstrings, JSONRPCWebSocketServer } from "./jsonrpc/mod.ts";
import { LineStream } from "./line_stream.ts";
import { MemCacheProtocol, MemCacheServer, MemoryMemCacheStore } from "./memcache/mod.ts";
import { MethodTable } from "./method_table.ts";
import { SOCKSClient, SOCKSServer } from "./socks/mod.ts";
import { Telnet } from "./telnet/mod.ts";
import { WebSocketConnection, WebSocketServerProtocol } from "./websocket/mod.ts";

const MIB = 1024 * 1024;

Deno.test("AMP takes boxes of 4 MiB, with keys of 255 bytes, and no larger ones", () => {
  const value = fromLatin1(`\x00\x01k\xff\xff${"v".repeat(65535)}`);
  const send = (count: number) => {
    const { protocol, transport } = connect(new AMP());
    for (let i = 0; i < count && transport.connected; i++) protocol.dataReceived(value);
    return transport.connected;
  };
  assertEquals([send(63), send(65)], [true, false]);
  for (const length of [255, 256]) {
    const { protocol, transport } = connect(new AMP());
    protocol.dataReceived(concatBytes([Uint8Array.of(length >> 8, length & 255), new Uint8Array(length)]));
    assertEquals(transport.connected, length === 255);
  }
});

Deno.test("AMP takes boxes of 1,024 keys and no more", () => {
  for (const count of [1024, 1025]) {
    const { protocol, transport } = connect(new AMP());
    const ask = "\0\x08_command\0\x02No" + "\0\x01k\0\0".repeat(count - 1) + "\0\0";
    protocol.dataReceived(fromLatin1(ask));
    assertEquals(transport.connected, count === 1024);
  }
});

Deno.test("memcache takes lines of 8,192 bytes and values of 64 MiB, in 60 seconds", () => {
  for (
    const [answer, taken] of [[`VALUE k 0 ${64 * MIB}\r\n`, true], [`VALUE k 0 ${64 * MIB + 1}\r\n`, false]]
  ) {
    const { protocol, transport, ask } = connect(new MemCacheProtocol());
    protocol.get("k").addErrback(() => null);
    ask(answer as string);
    assertEquals(transport.connected, taken);
  }
  for (const length of [8192, 8193]) {
    const { protocol, transport, ask } = connect(new MemCacheProtocol());
    protocol.get("k").addErrback(() => null);
    ask("x".repeat(length));
    assertEquals(transport.connected, length === 8192);
  }
  const { protocol, transport, clock } = connect(new MemCacheProtocol());
  const found = protocol.get("k");
  clock.advance(59);
  assertNoResult(found);
  clock.advance(1);
  failureResultOf(found, TimeoutError);
  assert(!transport.connected);
});

Deno.test("memcache's server takes lines of 65,536 bytes and values of 1 MiB", () => {
  const serve = () => connect(new MemCacheServer(new MemoryMemCacheStore(new Clock())));
  for (const length of [65536, 65537]) {
    const { ask, transport } = serve();
    ask("x".repeat(length));
    assertEquals(transport.connected, length === 65536);
  }
  const { ask } = serve();
  assertEquals(ask(`set k 0 0 ${MIB}\r\n${"v".repeat(MIB)}\r\n`), "STORED\r\n");
  assertEquals(ask(`set k 0 0 ${MIB + 1}\r\n`), "SERVER_ERROR object too large for cache\r\n");
  assertEquals(ask(`${"v".repeat(MIB + 1)}\r\nget k2\r\n`), "END\r\n");
});

Deno.test("WebSocket takes messages of 1 MiB, in one frame and in several", () => {
  const head = (first: number, length: number) =>
    Uint8Array.of(first, 127, 0, 0, 0, 0, length >> 24, length >> 16 & 255, length >> 8 & 255, length & 255);
  for (const length of [MIB, MIB + 1]) {
    const { protocol, transport } = connect(new WebSocketConnection(false));
    protocol.dataReceived(head(0x82, length));
    assertEquals(transport.connected, length === MIB);
    const parts = connect(new WebSocketConnection(false));
    parts.protocol.dataReceived(concatBytes([head(0x02, 70_000), new Uint8Array(70_000)]));
    parts.protocol.dataReceived(head(0x80, length - 70_000));
    assertEquals(parts.transport.connected, length === MIB);
  }
});

Deno.test("WebSocket takes a head of 16 KiB within 10 seconds, and gives the peer 10 seconds to close", () => {
  const lines = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
  for (const length of [16384 - 1, 16384]) {
    const { ask, transport } = connect(new WebSocketServerProtocol());
    ask(lines + "x".repeat(length - lines.length));
    assertEquals(transport.connected, length < 16384);
  }
  for (const protocol of [new WebSocketServerProtocol(), new WebSocketConnection(false)]) {
    const { transport, clock } = connect(protocol);
    if (protocol.state === "open") protocol.close();
    clock.advance(9.9);
    assert(transport.connected);
    clock.advance(0.1);
    assert(!transport.connected);
  }
});

Deno.test("JSON-RPC takes batches of 100 calls and messages of 1 MiB, over lines, netstrings and WebSocket", () => {
  const dispatcher = new JSONRPCDispatcher(new MethodTable());
  const batch = (count: number) => dispatcher.handle(`[${new Array(count).fill(1)}]`) as string;
  assertEquals([batch(100).startsWith("["), batch(101).startsWith("[")], [true, false]);
  const message = (length: number) => JSON.stringify("x".repeat(length - 2));
  for (const length of [MIB, MIB + 1]) {
    const lines = connect(new JSONRPCLines());
    lines.ask(`${message(length)}\n`);
    const strings = connect(new JSONRPCNetstrings());
    strings.ask(`${length}:${message(length)},`);
    const socket = connect(new JSONRPCWebSocketServer());
    socket.ask(
      "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    socket.protocol.dataReceived(Uint8Array.of(0x81, 255, 0, 0, 0, 0, 0, length >> 16, 0, length & 255));
    for (const { transport } of [lines, strings, socket]) assertEquals(transport.connected, length === MIB);
  }
});

Deno.test("IRC sends 5 lines at once, then one in 2 seconds, lets 1,000 wait, and hears lines of 8,704 bytes", () => {
  const { protocol, transport, clock } = connect(new IRCClient());
  transport.clear();
  for (let i = 0; i < 1005; i++) protocol.msg("#c", "x");
  assertThrows(() => protocol.msg("#c", "x"), RangeError);
  const said = () => transport.text().split("\r\n").length - 1;
  assertEquals(said(), 5);
  clock.advance(1.9);
  assertEquals(said(), 5);
  clock.advance(0.1);
  assertEquals(said(), 6);
  for (const length of [8704, 8705]) {
    const { ask, transport: other } = connect(new IRCClient());
    ask(`PING ${"x".repeat(length - 5)}\r\n`);
    assertEquals(other.connected, length === 8704);
  }
});

Deno.test("IRC's server takes lines of 510 bytes, 20 channels of a user, and keeps 256 KiB unread", () => {
  const network = new IRCNetwork();
  assertEquals(network.maxUnreadBytes, 256 * 1024);
  const { ask, transport } = connect(new IRC(network));
  ask("NICK ann\r\nUSER ann 0 * ann\r\n");
  for (let i = 0; i < 20; i++) assert(!ask(`JOIN #${i}\r\n`).includes(" 405 "));
  assert(ask("JOIN #20\r\n").includes(" 405 "));
  ask(`PING ${"x".repeat(505)}\r\n`);
  assert(transport.connected);
  ask(`PING ${"x".repeat(506)}\r\n`);
  assert(!transport.connected);
});

Deno.test("telnet takes subnegotiations of 4,096 bytes and drops longer ones", () => {
  class Heard extends Telnet {
    lengths: number[] = [];
    override subnegotiationReceived(_option: number, data: Uint8Array) {
      this.lengths.push(data.length);
    }
  }
  const { protocol } = connect(new Heard());
  for (const length of [4095, 4096]) { // beside the option
    protocol.dataReceived(fromLatin1(`\xff\xfa\x01${"x".repeat(length)}\xff\xf0`));
  }
  assertEquals(protocol.lengths, [4095]);
});

Deno.test("SOCKS gives a connection, and a proxy, 30 seconds", () => {
  const reactor = new FakeReactor();
  const seconds: unknown[] = [];
  const connectTCP = reactor.connectTCP.bind(reactor);
  Object.assign(reactor, {
    connectTCP: (host: string, port: number, factory: unknown, options: { timeoutSeconds: number }) => {
      seconds.push(options.timeoutSeconds);
      return connectTCP(host, port, factory);
    },
  });
  const { protocol } = connect(new SOCKSServer({ reactor, authorize: () => true }));
  protocol.dataReceived(Uint8Array.of(4, 1, 0, 80, 1, 2, 3, 4, 0));
  assertEquals(seconds, [30]);
  const { transport, clock } = connect(new SOCKSClient("host.x", 80, new Inner()));
  clock.advance(29);
  assert(transport.connected);
  clock.advance(1);
  assert(!transport.connected);
});

Deno.test("FingerClient takes answers of 64 KiB", () => {
  for (const length of [65536, 65537]) {
    const { protocol, ask, transport } = connect(new FingerClient("bob"));
    ask("x".repeat(length));
    assertEquals(transport.connected, length === 65536);
    if (length > 65536) failureResultOf(protocol.answer, RangeError);
    else protocol.connectionLost(done());
  }
});

Deno.test("FTPClient waits 60 seconds for a reply of up to 1,000 lines, and fetches 64 MiB", () => {
  const client = () => {
    const reactor = new FTPReactor();
    const ftp = new FTPClient({ reactor });
    const transport = new StringTransport({ reactor, lenient: true });
    ftp.makeConnection(transport);
    return { ftp, reactor, transport, say: (text: string) => ftp.dataReceived(encodeUtf8(text)) };
  };
  const slow = client();
  const pwd = slow.ftp.pwd();
  slow.reactor.advance(59);
  assertNoResult(pwd);
  slow.reactor.advance(1);
  failureResultOf(pwd, TimeoutError);
  for (const lines of [998, 1000]) {
    const { say, transport } = client();
    say(`220-hi\r\n${"more\r\n".repeat(lines)}`);
    assertEquals(transport.disconnecting, lines === 1000);
  }
  for (const surplus of [0, 1]) {
    const { ftp, say, reactor } = client();
    const file = ftp.retrieve("f");
    say("220 hi\r\n229 Entering (|||5000|)\r\n");
    const data = reactor.data(reactor.connecting[0]!.factory)!;
    say("150 coming\r\n");
    const chunk = new Uint8Array(8 * MIB);
    for (let i = 0; i < 8; i++) data.protocol.dataReceived(chunk);
    if (surplus > 0) data.protocol.dataReceived(chunk.subarray(0, 1));
    assertEquals(data.transport.connected, surplus === 0);
    data.transport.loseConnection();
    say("426 broken\r\n");
    failureResultOf(file, surplus > 0 ? RangeError : FTPError);
  }
});

Deno.test("MemoryFTPShell holds 64 MiB", () => {
  const writer = new MemoryFTPShell().write(["f"], 0);
  const chunk = new Uint8Array(8 * MIB);
  for (let i = 0; i < 7; i++) writer.write(chunk);
  assertThrows(() => writer.write(chunk), FTPFileError, "No space left"); // the name takes some of it
});

Deno.test("LineStream lets 64 lines wait", () => {
  for (const count of [63, 64]) {
    const { ask, transport } = connect(new LineStream());
    ask("x\r\n".repeat(count));
    assertEquals(transport.producerState, count === 64 ? "paused" : "producing");
  }
});

Deno.test("FileSender reads 64 KiB at once", () => {
  const asked: number[] = [];
  const transport = new StringTransport();
  new FileSender().beginFileTransfer({ read: (maxBytes) => (asked.push(maxBytes), null) }, transport);
  transport.producer!.resumeProducing();
  assertEquals(asked, [65536]);
  assertEquals(flushLoggedErrors(), []);
});
