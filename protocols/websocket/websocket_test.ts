import { Failure } from "@ropewalk/deferred";
import { ConnectionLost } from "@ropewalk/reactor/core";
import { Clock, everySplit, StringTransport } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { concatBytes, decodeUtf8, encodeUtf8, latin1 } from "../bytes.ts";
import { sha1 } from "./_sha1.ts";
import { WebSocketConnection } from "./connection.ts";
import type { WebSocketOptions } from "./options.ts";
import { deflate, inflate } from "./deflate.ts";
import {
  type WebSocketClientOptions,
  WebSocketClientProtocol,
  WebSocketServerProtocol,
} from "./endpoints.ts";
import { HandshakeError, WebSocketError } from "./errors.ts";
import { acceptHandshake, checkAnswer, parseHead } from "./handshake.ts";

const KEY = Uint8Array.of(0x11, 0x22, 0x33, 0x44);

/** One frame, as a client (masked) or a server sends it. */
function frame(first: number, payload: Uint8Array | string = "", masked = true): Uint8Array {
  const body = typeof payload === "string" ? encodeUtf8(payload) : payload.slice();
  const { length } = body;
  const head = [first];
  const bit = masked ? 128 : 0;
  if (length < 126) head.push(bit | length);
  else if (length < 65536) head.push(bit | 126, length >> 8, length & 255);
  else head.push(bit | 127, 0, 0, 0, 0, length >>> 24, length >> 16 & 255, length >> 8 & 255, length & 255);
  if (masked) {
    head.push(...KEY);
    for (let i = 0; i < length; i++) body[i]! ^= KEY[i & 3]!;
  }
  return concatBytes([Uint8Array.from(head), body]);
}

const closeFrame = (code: number, reason = "", masked = true) =>
  frame(0x88, concatBytes([Uint8Array.of(code >> 8, code & 255), encodeUtf8(reason)]), masked);

class Recorder extends WebSocketConnection {
  events: unknown[] = [];
  override opened() {
    this.events.push("open");
  }
  override messageReceived(message: string | Uint8Array) {
    this.events.push(message);
  }
  override pingReceived(payload: Uint8Array) {
    this.events.push(`ping ${decodeUtf8(payload)}`);
  }
  override pongReceived(payload: Uint8Array) {
    this.events.push(`pong ${decodeUtf8(payload)}`);
  }
  override closed(code: number, reason: string) {
    this.events.push(`closed ${code} ${reason}`);
  }
}

function open(options: WebSocketOptions = {}, isServer = true) {
  const clock = new Clock();
  const transport = new StringTransport({ reactor: clock, lenient: true });
  const socket = new Recorder(isServer, options);
  socket.makeConnection(transport);
  const feed = (...chunks: Uint8Array[]) => {
    for (const chunk of chunks) {
      const borrowed = chunk.slice();
      socket.dataReceived(borrowed);
      borrowed.fill(0x58);
    }
  };
  return { clock, transport, socket, feed, events: socket.events };
}

const broken = () => new Failure(new ConnectionLost());

Deno.test("sha1 hashes as the standard says", () => {
  const hex = (text: string) => [...sha1(text)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  assertEquals(hex(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  assertEquals(hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  assertEquals(
    hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
  );
});

/** What a case expects: messages, then how it ends: nothing (open), or the code that we close with. */
type Case = [name: string, frames: Uint8Array[], messages: (string | Uint8Array)[], code?: number];

const bytes = (...all: number[]) => Uint8Array.from(all);
const text = (length: number) => "*".repeat(length);

// The cases of the Autobahn suite that are about one connection's bytes, by its numbers.
const CASES: Case[] = [
  ["1.1.1", [frame(0x81)], [""]],
  ...[125, 126, 127, 128, 65535, 65536].map((n): Case => [`1.1 ${n}`, [frame(0x81, text(n))], [text(n)]]),
  ["1.2.1", [frame(0x82)], [bytes()]],
  ...[125, 126, 127, 128, 65535, 65536].map((n): Case => [
    `1.2 ${n}`,
    [frame(0x82, new Uint8Array(n).fill(0xfe))],
    [new Uint8Array(n).fill(0xfe)],
  ]),
  ["2.1", [frame(0x89)], ["ping "]],
  ["2.2", [frame(0x89, "Hello")], ["ping Hello"]],
  ["2.3", [frame(0x89, bytes(0))], ["ping \0"]],
  ["2.4", [frame(0x89, text(125))], [`ping ${text(125)}`]],
  ["2.5", [frame(0x89, text(126))], [], 1002],
  ["2.7", [frame(0x8a)], ["pong "]],
  ["2.8", [frame(0x8a, "unasked")], ["pong unasked"]],
  ["3.1", [frame(0x91, "x")], [], 1002],
  ["3.2", [frame(0x81, "a"), frame(0xa1, "b"), frame(0x89)], ["a"], 1002],
  ["3.5", [frame(0xd2, "x")], [], 1002],
  ["3.6", [frame(0xe9, "x")], [], 1002],
  ["3.7", [frame(0xf8)], [], 1002],
  ["4.1.1", [frame(0x83)], [], 1002],
  ["4.1.3", [frame(0x81, "a"), frame(0x85)], ["a"], 1002],
  ["4.2.1", [frame(0x8b)], [], 1002],
  ["4.2.5", [frame(0x8f, "x")], [], 1002],
  ["5.1", [frame(0x09, "a"), frame(0x80, "b")], [], 1002],
  ["5.2", [frame(0x0a, "a"), frame(0x80, "b")], [], 1002],
  ["5.3", [frame(0x01, "a"), frame(0x80, "b")], ["ab"]],
  ["5.6", [frame(0x01, "a"), frame(0x89, "p"), frame(0x80, "b")], ["ping p", "ab"]],
  ["5.9", [frame(0x80, "x"), frame(0x81, "y")], [], 1002],
  ["5.12", [frame(0x00, "x"), frame(0x81, "y")], [], 1002],
  ["5.15", [frame(0x01, "a"), frame(0x80, "b"), frame(0x00, "c"), frame(0x81, "d")], ["ab"], 1002],
  ["5.18", [frame(0x01, "a"), frame(0x81, "b")], [], 1002],
  [
    "5.19",
    [
      frame(0x01, "1"),
      frame(0x00, "2"),
      frame(0x89, "p1"),
      frame(0x00, "3"),
      frame(0x00, "4"),
      frame(0x89, "p2"),
      frame(0x80, "5"),
    ],
    ["ping p1", "ping p2", "12345"],
  ],
  ["6.1.2", [frame(0x01), frame(0x00), frame(0x80)], [""]],
  ["6.1.3", [frame(0x01), frame(0x00, "middle"), frame(0x80)], ["middle"]],
  ["6.2.1", [frame(0x81, "Hello-µ@ßöäüàá-UTF-8!!")], ["Hello-µ@ßöäüàá-UTF-8!!"]],
  [
    "6.2.4",
    [...encodeUtf8("κόσμε")].map((b, i, all) =>
      frame(i === 0 ? 1 : i === all.length - 1 ? 0x80 : 0, bytes(b))
    ),
    ["κόσμε"],
  ],
  ["6.3.1", [frame(0x81, bytes(0xce, 0xba, 0xed, 0xa0, 0x80, 0x65))], [], 1007],
  ["6.3.2", [frame(0x01, bytes(0xce, 0xba, 0xed, 0xa0, 0x80)), frame(0x80, "x")], [], 1007],
  ["6.4.1", [frame(0x01, "κ"), frame(0x00, bytes(0xf4, 0x90, 0x80, 0x80))], [], 1007],
  ["6.6.1", [frame(0x81, bytes(0xce))], [], 1007],
  ["6.6.11", [frame(0x81, "κόσμε")], ["κόσμε"]],
  ["6.7.1", [frame(0x81, bytes(0))], ["\0"]],
  ["6.10.1", [frame(0x81, bytes(0xf7, 0xbf, 0xbf, 0xbf))], [], 1007],
  ["6.11.5", [frame(0x81, "\u{10ffff}")], ["\u{10ffff}"]],
  ["6.12.1", [frame(0x81, bytes(0x80))], [], 1007],
  ["6.16.1", [frame(0x81, bytes(0xc1, 0xbf))], [], 1007],
  ["6.20.1", [frame(0x81, bytes(0xed, 0xa0, 0x80))], [], 1007],
  ["6.22.1", [frame(0x81, "\uffff")], ["\uffff"]],
  ["7.1.3", [closeFrame(1000), frame(0x89, "late")], ["closed"], 1000],
  ["7.1.5", [frame(0x01, "part"), closeFrame(1000), frame(0x80, "late")], ["closed"], 1000],
  ["7.3.1", [frame(0x88)], ["closed"], 1005],
  ["7.3.2", [frame(0x88, "a")], [], 1002],
  ["7.3.3", [closeFrame(1000)], ["closed"], 1000],
  ["7.3.5", [closeFrame(1000, text(123))], ["closed"], 1000],
  ["7.3.6", [closeFrame(1000, text(124))], [], 1002],
  ["7.5.1", [frame(0x88, concatBytes([bytes(3, 0xe8), bytes(0xce, 0xba, 0xed, 0xa0, 0x80)]))], [], 1007],
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((code): Case => [
    `7.7 ${code}`,
    [closeFrame(code)],
    ["closed"],
    code,
  ]),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map((code): Case => [
    `7.9 ${code}`,
    [closeFrame(code)],
    [],
    1002,
  ]),
  ["no mask", [frame(0x81, "a", false)], [], 1002],
  ["a length that is not minimal (16)", [bytes(0x81, 0xfe, 0, 5)], [], 1002],
  ["a length that is not minimal (64)", [bytes(0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff)], [], 1002],
  ["a length above 2^63", [bytes(0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0)], [], 1002],
  ["a length above the limit, at once", [bytes(0x81, 0xff, 0, 0, 0, 0, 0x10, 0, 0, 0)], [], 1009],
];

for (const [name, frames, messages, code] of CASES) {
  Deno.test(`WebSocket case ${name}`, () => {
    const wire = concatBytes(frames);
    for (
      const chunks of wire.length > 300
        ? [[wire], [...wire].length > 2000 ? [wire.subarray(0, 1), wire.subarray(1)] : [wire]]
        : everySplit(wire)
    ) {
      const { feed, events, transport } = open();
      feed(...chunks);
      const got = events.slice(1).filter((event) =>
        typeof event !== "string" || !event.startsWith("closed ")
      );
      assertEquals(got, messages.filter((message) => message !== "closed"));
      const sent = transport.value();
      if (code === undefined) {
        assert(!transport.disconnecting);
      } else {
        assert(transport.disconnecting);
        const at = latin1(sent).lastIndexOf("\x88");
        assert(at >= 0);
        if (code === 1005) assertEquals(sent[at + 1], 0);
        else assertEquals(sent[at + 2]! * 256 + sent[at + 3]!, code);
        feed(frame(0x81, "after the end"));
        assertEquals(transport.value().length, sent.length);
      }
    }
  });
}

Deno.test("WebSocketConnection answers pings with their payload", () => {
  const { feed, transport } = open();
  feed(frame(0x89, "a"), frame(0x89, ""));
  assertEquals(transport.value(), concatBytes([frame(0x8a, "a", false), frame(0x8a, "", false)]));
});

Deno.test("WebSocketConnection sends text, bytes and control frames, masked as a client", () => {
  const messages = [
    "",
    "hi",
    "żółw",
    text(125),
    text(126),
    "ż".repeat(40_000),
    bytes(1, 2, 255),
    new Uint8Array(70_000).fill(7),
  ];
  const server = open();
  const client = open({}, false);
  for (const message of messages) {
    assert(server.socket.sendMessage(message));
    assert(client.socket.sendMessage(message));
  }
  const expected = messages.map((message) =>
    frame(typeof message === "string" ? 0x81 : 0x82, message, false)
  );
  assertEquals(server.transport.value(), concatBytes(expected));
  const other = open();
  other.feed(client.transport.value());
  assertEquals(other.events.slice(1), messages);
  const back = open({}, false);
  back.feed(server.transport.value());
  assertEquals(back.events.slice(1), messages);
});

Deno.test("WebSocketConnection gives a client no masked frames", () => {
  const { feed, transport } = open({}, false);
  feed(frame(0x81, "x"));
  assert(transport.disconnecting);
});

Deno.test("WebSocketConnection bounds a message over all of its fragments", () => {
  const { feed, transport, events } = open({ maxMessageBytes: 10 });
  feed(frame(0x01, "12345"), frame(0x00, "12345"), frame(0x80, ""));
  assertEquals(events, ["open", "1234512345"]);
  feed(frame(0x82, "1234567890"), frame(0x02, "12345"));
  assert(!transport.disconnecting);
  feed(frame(0x00, "123456"));
  assert(transport.disconnecting);
});

Deno.test("WebSocketConnection closes in order when it is asked to", () => {
  const { socket, transport, feed, events, clock } = open();
  socket.close(3001, "enough");
  assertEquals(socket.state, "closing");
  assertEquals(transport.value(), closeFrame(3001, "enough", false));
  assert(!socket.sendMessage("late"));
  socket.close();
  feed(frame(0x81, "dropped"), closeFrame(3001, "fine"));
  assert(transport.disconnecting);
  assertEquals(transport.value(), closeFrame(3001, "enough", false));
  socket.connectionLost(broken());
  socket.connectionLost(broken());
  assertEquals(events, ["open", "closed 3001 fine"]);
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("WebSocketConnection ends a connection whose peer does not close", () => {
  const { socket, transport, clock } = open({ closeTimeoutSeconds: 5 });
  socket.close();
  clock.advance(5);
  assert(transport.aborting);
});

Deno.test("WebSocketConnection as a client waits for the server to end the connection, for a while", () => {
  const { feed, transport, clock, socket } = open({}, false);
  feed(closeFrame(1001, "", false));
  assertEquals(socket.state, "closing");
  assert(!transport.disconnecting);
  clock.advance(10);
  assert(transport.aborting);
});

Deno.test("WebSocketConnection tells a broken connection from a closed one", () => {
  const { socket, events } = open();
  socket.connectionLost(broken());
  assertEquals(events, ["open", "closed 1006 "]);
});

Deno.test("WebSocketConnection refuses codes, reasons and pings that may not be sent", () => {
  const { socket } = open();
  for (const code of [999, 1005, 1006, 1015, 2000, 5000]) assertThrows(() => socket.close(code), RangeError);
  assertThrows(() => socket.close(1000, text(124)), RangeError);
  assertThrows(() => socket.sendPing(new Uint8Array(126)), RangeError);
});

Deno.test("WebSocketConnection pings a silent peer, and gives up if it stays silent", () => {
  const { clock, transport, feed } = open({ pingSeconds: 30, pongTimeoutSeconds: 5 });
  clock.advance(30);
  assertEquals(transport.value(), frame(0x89, "", false));
  clock.advance(4);
  feed(frame(0x8a));
  clock.advance(29);
  assertEquals(transport.value().length, 2);
  clock.advance(1);
  assertEquals(transport.value().length, 4);
  clock.advance(5);
  assert(transport.aborting);
});

Deno.test("WebSocketConnection takes any bytes, the same however they are cut", () => {
  fc.assert(fc.property(chunked(), fc.boolean(), ({ bytes: all, chunks }, isServer) => {
    const [whole, cut] = [open({}, isServer), open({}, isServer)];
    whole.feed(all);
    cut.feed(...chunks);
    assertEquals(cut.events, whole.events);
    assertEquals(latin1(cut.transport.value()).length, latin1(whole.transport.value()).length);
  }));
});

Deno.test("WebSocketConnection carries any messages, fragmented in any way", () => {
  const part = fc.uint8Array({ maxLength: 60 });
  fc.assert(
    fc.property(
      fc.array(fc.array(part, { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
      fc.nat(),
      (messages, seed) => {
        const wire = concatBytes(
          messages.flatMap((parts) =>
            parts.map((payload, i) => frame((i === parts.length - 1 ? 0x80 : 0) | (i === 0 ? 2 : 0), payload))
          ),
        );
        const { feed, events } = open();
        const cut = seed % (wire.length + 1);
        feed(wire.subarray(0, cut), wire.subarray(cut));
        assertEquals(
          events.slice(1),
          messages.map((parts) => concatBytes(parts)),
        );
      },
    ),
  );
});

// ---- per-message deflate

Deno.test("deflate and inflate are each other's reverse, and inflate takes what others send", async () => {
  for (
    const message of [
      new Uint8Array(0),
      encodeUtf8("Hello"),
      new Uint8Array(200_000).map((_, i) => i * i),
    ]
  ) {
    assertEquals(await inflate(await deflate(message), 1e6), message);
  }
  // RFC 7692 §7.2.3: one block; no compression; two blocks; a final block
  for (
    const hex of [
      "f248cdc9c90700",
      "000500faff48656c6c6f00",
      "f248050000 00ffffcac9c90700",
      "f348cdc9c9070000",
    ]
  ) {
    const payload = Uint8Array.from(hex.replace(" ", "").match(/../g)!, (byte) => parseInt(byte, 16));
    assertEquals(decodeUtf8(await inflate(payload, 100)), "Hello");
  }
});

Deno.test("inflate stops at the limit and refuses what is not compressed", async () => {
  const bomb = await deflate(new Uint8Array(10_000_000));
  assert(bomb.length < 20_000);
  await inflate(bomb, 100_000).then(() => assert(false), (error) => assertEquals(error.closeCode, 1009));
  await inflate(bytes(0xff, 0xff), 100).then(() => assert(false), (error) => {
    assert(error instanceof WebSocketError);
    assertEquals(error.closeCode, 1007);
  });
});

Deno.test("WebSocketConnection sends long messages compressed, and keeps the order", async () => {
  const options = { perMessageDeflate: true, deflateFromBytes: 100 };
  const client = open(options, false);
  const server = open(options);
  const long = "na ".repeat(1000) + "ż";
  const messages = ["short", long, "after", encodeUtf8(long), "end"];
  for (const message of messages) client.socket.sendMessage(message);
  client.socket.close(1000);
  await until(() =>
    latin1(client.transport.value()).length > 0 && client.events.length > 0 && sentClose(client)
  );
  const wire = client.transport.value();
  assert(wire.length < 500);
  server.feed(wire.subarray(0, 40), wire.subarray(40));
  await until(() => server.transport.disconnecting);
  assertEquals(server.events.slice(1), messages);

  function sentClose({ transport }: { transport: StringTransport }) {
    const before = transport.value();
    return before.length > 8 && before.at(-8) === 0x88;
  }
});

Deno.test("WebSocketConnection refuses compression that was not agreed on, and in the wrong place", async () => {
  const plain = open();
  plain.feed(frame(0xc1, "x"));
  assert(plain.transport.disconnecting);
  const agreed = open({ perMessageDeflate: true });
  agreed.feed(frame(0x41, "x"), frame(0xc0, "y"));
  assert(agreed.transport.disconnecting);
  const bad = open({ perMessageDeflate: true });
  bad.feed(frame(0xc1, bytes(0xff, 0xff)), frame(0x81, "behind"));
  await until(() => bad.transport.disconnecting);
  assertEquals(bad.events, ["open", "closed 1006 "]);
});

// The platform compresses in the background: no clock tells when.
async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 10_000 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 0));
  assert(what());
}

// ---- handshake

const REQUEST = [
  "GET /chat?room=1 HTTP/1.1",
  "Host: example.com",
  "Upgrade: WebSocket",
  "Connection: keep-alive, Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Protocol: chat, superchat",
  "Origin: https://example.com",
];

function serve(lines: string[] = REQUEST, options = {}) {
  const clock = new Clock();
  const transport = new StringTransport({ reactor: clock, lenient: true });
  const events: unknown[] = [];
  const server = new (class extends WebSocketServerProtocol {
    override opened() {
      events.push(`open ${this.path} ${this.subprotocol}`);
    }
    override messageReceived(message: string | Uint8Array) {
      events.push(message);
      this.sendMessage(message);
    }
  })(options);
  server.makeConnection(transport);
  return { clock, transport, server, events, request: lines.join("\r\n") + "\r\n\r\n" };
}

Deno.test("WebSocketServerProtocol answers the handshake, however it is cut, and takes the frames behind it", () => {
  const wire = concatBytes([encodeUtf8(serve().request), frame(0x81, "first")]);
  for (const chunks of everySplit(wire)) {
    const { server, transport, events, clock } = serve(REQUEST, { subprotocols: ["superchat", "chat"] });
    for (const chunk of chunks) server.dataReceived(chunk);
    assertEquals(events, ["open /chat?room=1 superchat", "first"]);
    const answer = latin1(transport.value());
    assert(answer.startsWith("HTTP/1.1 101 Switching Protocols\r\n"));
    assert(/sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i.test(answer));
    assert(answer.endsWith("\r\n\r\n\x81\x05first"));
    assertEquals(clock.getDelayedCalls(), []);
  }
});

const without = (
  name: string,
  ...instead: string[]
) => [...REQUEST.filter((line) => !line.startsWith(name)), ...instead];

for (
  const [name, lines, status] of [
    ["another method", ["POST / HTTP/1.1", ...REQUEST.slice(1)], 405],
    ["HTTP/1.0", ["GET / HTTP/1.0", ...REQUEST.slice(1)], 400],
    ["no Host", without("Host"), 400],
    ["no Upgrade", without("Upgrade"), 426],
    ["no Connection", without("Connection"), 426],
    ["another version", without("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8"), 426],
    ["no key", without("Sec-WebSocket-Key"), 400],
    ["a short key", without("Sec-WebSocket-Key", "Sec-WebSocket-Key: abcd"), 400],
    ["another origin", without("Origin", "Origin: https://evil.example"), 403],
    ["no origin", without("Origin"), 403],
    ["a bad line", [...REQUEST, "no colon"], 400],
    ["a bad name", [...REQUEST, "a b: c"], 400],
    ["rubbish", ["\x00\x01"], 400],
  ] as const
) {
  Deno.test(`WebSocketServerProtocol refuses ${name}`, () => {
    const { server, transport, request, events } = serve([...lines], { origins: ["https://example.com"] });
    server.dataReceived(encodeUtf8(request));
    assert(transport.text().startsWith(`HTTP/1.1 ${status} `), transport.text());
    assert(transport.disconnecting);
    assertEquals(events, []);
    server.dataReceived(frame(0x81, "x"));
    server.connectionLost(broken());
  });
}

Deno.test("WebSocketServerProtocol bounds the request in size and time", () => {
  const { server, transport } = serve();
  server.dataReceived(encodeUtf8("GET / HTTP/1.1\r\n" + "a: b\r\n".repeat(3000)));
  assert(transport.text().startsWith("HTTP/1.1 431 "));
  const slow = serve();
  slow.server.dataReceived(encodeUtf8("GET"));
  slow.clock.advance(10);
  assert(slow.transport.aborting);
});

function call(options: WebSocketClientOptions = {}) {
  const clock = new Clock();
  const transport = new StringTransport({ reactor: clock, lenient: true });
  const events: unknown[] = [];
  const client = new (class extends WebSocketClientProtocol {
    override opened() {
      events.push(`open ${this.subprotocol}`);
    }
    override messageReceived(message: string | Uint8Array) {
      events.push(message);
    }
    override handshakeFailed(error: HandshakeError) {
      events.push(error);
    }
  })("ws://host.example:81/a?b=c", options);
  client.makeConnection(transport);
  return { client, transport, events, clock };
}

Deno.test("WebSocketClientProtocol and WebSocketServerProtocol open, talk and compress", async () => {
  const { client, transport, events } = call({
    subprotocols: ["chat"],
    headers: new Headers({ Origin: "https://example.com" }),
    perMessageDeflate: true,
  });
  const { server, transport: back, events: heard } = serve(REQUEST, {
    subprotocols: ["chat"],
    perMessageDeflate: true,
  });
  assert(transport.text().includes("Host: host.example:81\r\n"));
  const pump = () => {
    const [a, b] = [transport.value(), back.value()];
    transport.clear();
    back.clear();
    server.dataReceived(a);
    client.dataReceived(b);
  };
  pump();
  pump();
  assertEquals([heard, events], [["open /a?b=c chat"], ["open chat"]]);
  const long = "long ".repeat(1000);
  client.sendMessage(long);
  client.sendMessage("short");
  await until(() => {
    pump();
    return events.length === 3;
  });
  assertEquals(events.slice(1), [long, "short"]);
});

Deno.test("WebSocketClientProtocol refuses an answer that is not the right one", () => {
  const good = new Map([["Upgrade", "websocket"], ["Connection", "Upgrade"], [
    "Sec-WebSocket-Accept",
    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
  ]]);
  const head = (changes: Record<string, string>, first = "HTTP/1.1 101 OK") =>
    parseHead(
      [first, ...[...good, ...Object.entries(changes)].map(([name, value]) => `${name}: ${value}`)].join(
        "\r\n",
      ),
    );
  const key = "dGhlIHNhbXBsZSBub25jZQ==";
  assertEquals(checkAnswer(head({}), key), { subprotocol: "", deflate: false });
  for (
    const wrong of [
      head({}, "HTTP/1.1 200 OK"),
      head({}, "HTTP/1.0 101 OK"),
      head({ "Sec-WebSocket-Protocol": "chat" }),
      head({ "Sec-WebSocket-Extensions": "permessage-deflate; server_no_context_takeover" }),
      head({ "Sec-WebSocket-Accept": "wrong" }),
    ]
  ) assertThrows(() => checkAnswer(wrong, key), HandshakeError);
  const deflating = (value: string) =>
    checkAnswer(head({ "Sec-WebSocket-Extensions": value }), key, { perMessageDeflate: true });
  assert(deflating("permessage-deflate; server_no_context_takeover; client_no_context_takeover").deflate);
  assertThrows(() => deflating("permessage-deflate"), HandshakeError);
  assertThrows(
    () => deflating("permessage-deflate; server_no_context_takeover; server_max_window_bits=9"),
    HandshakeError,
  );
  const { client, events, transport } = call();
  client.dataReceived(encodeUtf8("HTTP/1.1 404 Not Found\r\n\r\n"));
  assertEquals((events[0] as HandshakeError).status, 404);
  assert(transport.disconnecting);
});

Deno.test("acceptHandshake agrees on deflate only as it can be done", () => {
  const agreed = (offer: string) =>
    acceptHandshake(
      "GET",
      new Headers({
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Extensions": offer,
      }),
      { perMessageDeflate: true },
    ).agreed.deflate;
  assert(agreed("permessage-deflate; client_max_window_bits"));
  assert(agreed("x-other, permessage-deflate"));
  assert(!agreed("permessage-deflate; server_max_window_bits=10"));
  assert(!agreed("permessage-deflate; unknown"));
  assert(!agreed("x-webkit-deflate-frame"));
});

Deno.test("WebSocket handshakes take any bytes", () => {
  fc.assert(fc.property(chunked(), ({ chunks }) => {
    const { server } = serve();
    const { client } = call();
    for (const chunk of chunks) {
      server.dataReceived(chunk);
      client.dataReceived(chunk);
    }
  }));
});
