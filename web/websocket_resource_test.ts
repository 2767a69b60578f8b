import { assert, assertEquals } from "@std/assert";
import { fromLatin1 } from "@ropewalk/protocols/bytes";
import { WebSocketConnection } from "@ropewalk/protocols/websocket";
import { Client, Page, siteClient } from "./_support_test.ts";
import { Resource } from "./resource.ts";
import { Site } from "./site.ts";
import { WebSocketResource, type WebSocketResourceOptions } from "./websocket_resource.ts";

class Echo extends WebSocketConnection {
  override messageReceived(message: string | Uint8Array): void {
    this.sendMessage(message);
  }
}

const HANDSHAKE = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
/** `hi` as a client's text frame, masked with zeros. */
const HI = "\x81\x82\0\0\0\0hi";

function echo(options?: WebSocketResourceOptions, deflate = false): Client {
  const root = new Resource();
  root.putChild("ws", new WebSocketResource(() => new Echo(true, { perMessageDeflate: deflate }), options));
  root.putChild("page", new Page(() => "a page"));
  return siteClient(root);
}

function open(client: Client, headers = ""): Client {
  return client.send(`GET /ws HTTP/1.1\r\nHost: a.example\r\n${HANDSHAKE}${headers}\r\n`);
}

Deno.test("a request becomes a WebSocket, also with frames right behind it", () => {
  const client = echo();
  client.send(
    `GET /page HTTP/1.1\r\nHost: a.example\r\n\r\nGET /ws HTTP/1.1\r\nHost: a.example\r\n${HANDSHAKE}\r\n${HI}`,
  );
  assert(client.wire.includes("Sec-Websocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  assert(client.wire.endsWith("\r\n\r\n\x81\x02hi"));
  client.transport.clear();
  client.channel.dataReceived(fromLatin1(HI));
  assertEquals(client.wire, "\x81\x02hi");
});

Deno.test("what is no handshake gets an answer that says why", () => {
  assertEquals(echo().ask("GET /ws").status, 426);
  assertEquals(echo().ask("GET /ws").headers.get("upgrade"), "websocket");
  assertEquals(echo().ask("POST /ws").status, 405);
  const client = echo().send(`GET /ws HTTP/1.1\r\nHost: a\r\n${HANDSHAKE.replace("dGh", "d")}\r\n`);
  assertEquals(client.answers()[0]!.status, 400);
});

Deno.test("pages of other hosts may not connect unless they are allowed to", () => {
  const status = (origin: string, options?: WebSocketResourceOptions) =>
    open(echo(options), `Origin: ${origin}\r\n`).answers()[0]!.status;
  assertEquals(status("http://a.example"), 101);
  assertEquals(status("https://a.example"), 403);
  assertEquals(status("http://evil.example"), 403);
  assertEquals(status("null"), 403);
  assertEquals(status("http://evil.example", { origins: "any" }), 101);
  assertEquals(status("http://b.example", { origins: ["http://b.example"] }), 101);
});

Deno.test("a page's own host is the same with its default port, and no other port is", () => {
  const status = (host: string, origin: string, secure = false) => {
    const root = new WebSocketResource(() => new WebSocketConnection(true));
    const client = new Client(new Site(root), undefined, secure);
    client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n${HANDSHAKE}Origin: ${origin}\r\n\r\n`);
    return client.answers()[0]!.status;
  };
  assertEquals(status("A.example:80", "http://a.example"), 101);
  assertEquals(status("a.example:443", "https://a.example", true), 101);
  assertEquals(status("a.example:8080", "http://a.example:8080"), 101);
  assertEquals(status("a.example:8080", "http://a.example"), 403);
  assertEquals(status("a.example:443", "http://a.example"), 403);
});

Deno.test("a subprotocol and compression are used only if both want them", () => {
  const plain = open(echo({ subprotocols: ["b"] }, true), "Sec-WebSocket-Protocol: a, b\r\n");
  assertEquals(plain.answers()[0]!.headers.get("sec-websocket-protocol"), "b");
  assertEquals(plain.answers()[0]!.headers.has("sec-websocket-extensions"), false);
  plain.transport.clear();
  plain.channel.dataReceived(fromLatin1(`\x81\xfe\x04\x00\0\0\0\0${"x".repeat(1024)}`));
  assertEquals(plain.wire.length, 1028); // long enough to be compressed, had it been agreed on
  const deflated = open(echo({}, true), "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  assert(deflated.answers()[0]!.headers.has("sec-websocket-extensions"));
});

Deno.test("a builder may refuse", () => {
  const client = siteClient(new WebSocketResource(() => null));
  client.send(`GET / HTTP/1.1\r\nHost: a\r\n${HANDSHAKE}\r\n`);
  assertEquals(client.answers()[0]!.status, 403);
});
