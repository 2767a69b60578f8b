import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { concatBytes, latin1 } from "../bytes.ts";
import { broken, bytes, closeFrame, frame, open, text } from "./_helpers_test.ts";
import { MessageAssembler } from "./message_assembler.ts";

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

Deno.test("WebSocketConnection takes control frames between fragments, however little of the message is left", () => {
  const { feed, transport, events } = open({ maxMessageBytes: 10 });
  feed(frame(0x01, "12345678"), frame(0x89, "a long ping, not of the message"), frame(0x80, "90"));
  assert(!transport.disconnecting);
  assertEquals(events, ["open", "ping a long ping, not of the message", "1234567890"]);
});

Deno.test("WebSocketConnection keeps a message of many tiny fragments in as much memory as its bytes", () => {
  const { feed, events } = open();
  const [first, middle] = [frame(0x02, bytes(7)), frame(0x00, bytes(7))];
  const many = new Uint8Array(middle.length * 20_000);
  for (let at = 0; at < many.length; at += middle.length) many.set(middle, at);
  feed(first, many, frame(0x80));
  assertEquals((events[1] as Uint8Array).length, 20_001);
  // Doubling memory, not one object for each of them.
  const assembler = new MessageAssembler();
  for (let i = 0; i < 1000; i++) {
    assembler.add({ fin: i === 999, rsv1: false, opcode: i === 0 ? 2 : 0, payload: bytes(7) });
  }
  const message = assembler.take() as Uint8Array;
  assertEquals([message.length, message.buffer.byteLength], [1000, 1024]);
});

Deno.test("WebSocketConnection checks text over fragments that cut its characters", () => {
  for (const isServer of [true, false]) {
    const { feed, events } = open({}, isServer);
    const [head, tail] = [bytes(0xf0, 0x9f), bytes(0x90, 0xa2)];
    feed(frame(0x01, head, isServer), frame(0x00, "", isServer), frame(0x80, tail, isServer));
    assertEquals(events, ["open", "\u{1f422}"]);
  }
  const cut = open();
  cut.feed(frame(0x01, bytes(0xf0, 0x9f)), frame(0x80, bytes(0x90)));
  assert(cut.transport.disconnecting);
  assertEquals(cut.transport.value().subarray(2, 4), bytes(1007 >> 8, 1007 & 255));
});

Deno.test("WebSocketConnection as a server cuts off a peer that takes nothing of the end", () => {
  for (const last of [closeFrame(1000), frame(0x83)]) {
    const { feed, transport, clock, socket } = open({ closeTimeoutSeconds: 5 });
    feed(last);
    assert(transport.disconnecting && !transport.aborting);
    clock.advance(5);
    assert(transport.aborting);
    const other = open({ closeTimeoutSeconds: 5 });
    other.feed(last);
    other.socket.connectionLost(broken());
    assertEquals(other.clock.getDelayedCalls(), []);
    socket.connectionLost(broken());
  }
});

Deno.test("WebSocketConnection leaves a message alone that it sends masked, a Buffer too", () => {
  const { socket, transport } = open({}, false);
  const message = Buffer.from("of the host's own kind"); // whose slice() is no copy
  socket.sendMessage(message);
  assertEquals(message.toString(), "of the host's own kind");
  assert(!latin1(transport.value()).includes("own kind"));
});
