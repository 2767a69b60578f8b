import { Clock, everySplit, StringTransport } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { concatBytes, encodeUtf8, latin1 } from "../bytes.ts";
import { broken, frame, until } from "./_helpers_test.ts";
import { sha1 } from "./_sha1.ts";
import {
  type WebSocketClientOptions,
  WebSocketClientProtocol,
  WebSocketServerProtocol,
} from "./endpoints.ts";
import { HandshakeError } from "./errors.ts";
import { acceptHandshake, checkAnswer, parseHead } from "./handshake.ts";

Deno.test("sha1 hashes as the standard says", () => {
  const hex = (text: string) => [...sha1(text)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  assertEquals(hex(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  assertEquals(hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  assertEquals(
    hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
  );
});

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

Deno.test("WebSocketClientProtocol refuses subprotocols that are no tokens, or stand there twice", () => {
  for (const subprotocols of [["a\r\nX: y"], ["a b"], ["a,b"], [""], ["chat", "chat"]]) {
    assertThrows(() => new WebSocketClientProtocol("ws://host.example/", { subprotocols }), TypeError);
  }
  assertThrows(() => new WebSocketClientProtocol("http://host.example/"), TypeError);
});
