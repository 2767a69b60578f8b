import type { StringTransport } from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import { decodeUtf8, encodeUtf8, latin1 } from "../bytes.ts";
import { bytes, frame, open, until } from "./_helpers_test.ts";
import { deflate, inflate } from "./deflate.ts";
import { WebSocketError } from "./errors.ts";

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
