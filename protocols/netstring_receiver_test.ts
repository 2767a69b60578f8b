import { everySplit, StringTransport } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { concatBytes, decodeUtf8, encodeUtf8 } from "./bytes.ts";
import { NetstringReceiver } from "./netstring_receiver.ts";

class Recorder extends NetstringReceiver {
  strings: Uint8Array[] = [];
  pauseAfter = "never";
  override stringReceived(string: Uint8Array) {
    this.strings.push(string);
    if (decodeUtf8(string) === this.pauseAfter) this.pauseProducing();
    if (decodeUtf8(string) === "fail") throw new Error("boom");
  }
  get texts(): string[] {
    return this.strings.map(decodeUtf8);
  }
}

function connect(): { protocol: Recorder; transport: StringTransport } {
  const transport = new StringTransport();
  const protocol = new Recorder();
  protocol.makeConnection(transport);
  return { protocol, transport };
}

function feed(protocol: Recorder, chunks: Iterable<Uint8Array>): void {
  for (const chunk of chunks) {
    const borrowed = chunk.slice();
    protocol.dataReceived(borrowed);
    borrowed.fill(0x58);
  }
}

Deno.test("NetstringReceiver delivers the same strings, to be kept, however the stream is cut", () => {
  for (const chunks of everySplit("5:hello,0:,12:with , and :,3:abc,4:res")) {
    const { protocol, transport } = connect();
    feed(protocol, chunks);
    assertEquals(protocol.texts, ["hello", "", "with , and :", "abc"]);
    assert(!transport.disconnecting);
  }
});

Deno.test("NetstringReceiver sends bytes and text", () => {
  const { protocol, transport } = connect();
  protocol.sendString(encodeUtf8("hi"));
  protocol.sendString("hé");
  protocol.sendString("");
  assertEquals(transport.text(), "2:hi,3:hé,0:,");
});

for (
  const [name, text] of [
    ["leading zeros", "03:abc,"],
    ["a double zero", "00:,"],
    ["a leading space", " 3:abc,"],
    ["no length", ":abc,"],
    ["letters", "3x:abc,"],
    ["a sign", "-3:abc,"],
    ["no comma", "3:abcd"],
    ["text", "hello"],
  ]
) {
  Deno.test(`NetstringReceiver closes on ${name} without an answer, however it is cut`, () => {
    for (const chunks of everySplit(`2:ok,${text}`)) {
      const { protocol, transport } = connect();
      feed(protocol, chunks);
      assertEquals(protocol.texts, ["ok"]);
      assert(transport.disconnecting);
      assert(protocol.brokenPeer);
      assertEquals(transport.text(), "");
      feed(protocol, [encodeUtf8("2:ok,")]);
      assertEquals(protocol.texts, ["ok"]);
    }
  });
}

Deno.test("NetstringReceiver refuses a length above MAX_LENGTH as soon as its digits say so", () => {
  const { protocol, transport } = connect();
  feed(protocol, [encodeUtf8("99999")]);
  assert(!transport.disconnecting);
  feed(protocol, [encodeUtf8("0")]);
  assert(transport.disconnecting);

  const small = connect();
  small.protocol.MAX_LENGTH = 12;
  feed(small.protocol, [encodeUtf8("13")]);
  assert(small.transport.disconnecting);
});

Deno.test("NetstringReceiver accepts exactly MAX_LENGTH bytes", () => {
  const { protocol, transport } = connect();
  feed(protocol, [concatBytes([encodeUtf8("99999:"), new Uint8Array(99999), encodeUtf8(",")])]);
  assertEquals(protocol.strings[0]!.length, 99999);
  assert(!transport.disconnecting);
});

Deno.test("NetstringReceiver pauses in the middle of a chunk", () => {
  const { protocol } = connect();
  protocol.pauseAfter = "b";
  feed(protocol, [encodeUtf8("1:a,1:b,1:c,1:")]);
  assertEquals(protocol.texts, ["a", "b"]);
  feed(protocol, [encodeUtf8("d,")]);
  protocol.resumeProducing();
  assertEquals(protocol.texts, ["a", "b", "c", "d"]);
});

Deno.test("NetstringReceiver goes back to and forth between any strings and any bytes", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), fc.nat(), (strings, seed) => {
      const { protocol, transport } = connect();
      for (const string of strings) protocol.sendString(string);
      const sent = transport.value();
      const cut = sent.length === 0 ? 0 : seed % sent.length;
      feed(protocol, [sent.subarray(0, cut), sent.subarray(cut)]);
      assertEquals(protocol.strings, strings);
    }),
  );
  fc.assert(fc.property(chunked(), ({ bytes, chunks }) => {
    const [whole, cut] = [connect(), connect()];
    feed(whole.protocol, [bytes]);
    feed(cut.protocol, chunks);
    assertEquals(cut.protocol.strings, whole.protocol.strings);
    assertEquals(cut.transport.disconnecting, whole.transport.disconnecting);
  }));
});
