import { everySplit, StringTransport } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { concatBytes, decodeUtf8, encodeUtf8 } from "./bytes.ts";
import { StringTooLongError } from "./errors.ts";
import {
  Int16StringReceiver,
  Int32StringReceiver,
  Int8StringReceiver,
  type IntNStringReceiver,
} from "./int_string_receiver.ts";

type Hook = (protocol: IntNStringReceiver, string: Uint8Array) => void;

function recorder(Kind: new () => IntNStringReceiver, hook: Hook = () => {}) {
  const Base = Kind as typeof Int8StringReceiver; // any of them: a concrete class
  const strings: Uint8Array[] = [];
  const exceeded: number[] = [];
  const protocol = new (class extends Base {
    override stringReceived(string: Uint8Array) {
      strings.push(string);
      hook(this, string);
    }
    override lengthLimitExceeded(length: number) {
      exceeded.push(length);
      super.lengthLimitExceeded(length);
    }
  })();
  const transport = new StringTransport();
  protocol.makeConnection(transport);
  return { protocol, transport, strings, exceeded };
}

function feed(protocol: IntNStringReceiver, chunks: Iterable<Uint8Array>): void {
  for (const chunk of chunks) {
    const borrowed = chunk.slice();
    protocol.dataReceived(borrowed);
    borrowed.fill(0x58);
  }
}

const KINDS = [[Int8StringReceiver, 1], [Int16StringReceiver, 2], [Int32StringReceiver, 4]] as const;

function framed(size: number, ...texts: string[]): Uint8Array {
  return concatBytes(texts.flatMap((text) => {
    const body = encodeUtf8(text);
    const prefix = new Uint8Array(size);
    prefix[size - 1] = body.length;
    return [prefix, body];
  }));
}

for (const [Kind, size] of KINDS) {
  Deno.test(`${Kind.name} delivers the same strings, to be kept, however the stream is cut`, () => {
    for (const chunks of everySplit(framed(size, "hello", "", "x", "żółw"))) {
      const { protocol, strings } = recorder(Kind);
      feed(protocol, chunks);
      assertEquals(strings.map(decodeUtf8), ["hello", "", "x", "żółw"]);
      assertEquals(protocol.recvd.length, 0);
    }
  });

  Deno.test(`${Kind.name} sends a big-endian length of ${size} bytes`, () => {
    const { protocol, transport } = recorder(Kind);
    protocol.sendString(encodeUtf8("ab"));
    protocol.sendString("é");
    assertEquals(transport.value(), framed(size, "ab", "é"));
  });

  Deno.test(`${Kind.name} takes what it sent, cut in any way`, () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 255 }), { maxLength: 6 }), fc.nat(), (sent, seed) => {
        const { protocol, transport, strings } = recorder(Kind);
        for (const string of sent) protocol.sendString(string);
        const wire = transport.value();
        const cut = seed % (wire.length + 1);
        feed(protocol, [wire.subarray(0, cut), wire.subarray(cut)]);
        assertEquals(strings, sent);
      }),
    );
  });

  Deno.test(`${Kind.name} takes any bytes`, () => {
    fc.assert(fc.property(chunked(), ({ bytes, chunks }) => {
      const [whole, cut] = [recorder(Kind), recorder(Kind)];
      whole.protocol.MAX_LENGTH = cut.protocol.MAX_LENGTH = 100;
      feed(whole.protocol, [bytes]);
      feed(cut.protocol, chunks);
      assertEquals(cut.strings, whole.strings);
      assertEquals(cut.transport.disconnecting, whole.transport.disconnecting);
    }));
  });
}

Deno.test("Int8StringReceiver and Int16StringReceiver refuse to send what their prefix cannot say", () => {
  const eight = recorder(Int8StringReceiver);
  eight.protocol.sendString(new Uint8Array(255));
  assertThrows(() => eight.protocol.sendString(new Uint8Array(256)), StringTooLongError);
  assertEquals(eight.transport.value().length, 256);
  const sixteen = recorder(Int16StringReceiver);
  sixteen.protocol.sendString(new Uint8Array(65535));
  assertThrows(() => sixteen.protocol.sendString(new Uint8Array(65536)), StringTooLongError);
});

Deno.test("Int32StringReceiver accepts 99,999 bytes and refuses 100,000 at the prefix", () => {
  const good = recorder(Int32StringReceiver);
  feed(good.protocol, [Uint8Array.of(0, 1, 0x86, 0x9f), new Uint8Array(99999)]);
  assertEquals(good.strings[0]!.length, 99999);
  const bad = recorder(Int32StringReceiver);
  feed(bad.protocol, [concatBytes([framed(4, "ok"), Uint8Array.of(0, 1, 0x86, 0xa0, 7)])]);
  assertEquals(bad.strings.map(decodeUtf8), ["ok"]);
  assertEquals(bad.exceeded, [100000]);
  assertEquals(bad.protocol.recvd, Uint8Array.of(0, 1, 0x86, 0xa0, 7));
  assert(bad.transport.disconnecting);
  feed(bad.protocol, [framed(4, "late")]);
  assertEquals(bad.strings.length, 1);
  assertEquals(bad.exceeded.length, 1);
});

Deno.test("Int32StringReceiver reads lengths above 2^31 as what they are", () => {
  const { protocol, exceeded } = recorder(Int32StringReceiver);
  feed(protocol, [Uint8Array.of(0xff, 0xff, 0xff, 0xff)]);
  assertEquals(exceeded, [0xffffffff]);
});

Deno.test("Int8StringReceiver delivers the strings in hand after loseConnection", () => {
  const { protocol, strings } = recorder(Int8StringReceiver, (p) => p.transport.loseConnection());
  feed(protocol, [framed(1, "a", "b", "c")]);
  assertEquals(strings.map(decodeUtf8), ["a", "b", "c"]);
});

Deno.test("Int8StringReceiver pauses in the middle of a chunk and resumes", () => {
  const { protocol, strings } = recorder(
    Int8StringReceiver,
    (p, s) => decodeUtf8(s) === "p" && p.pauseProducing(),
  );
  feed(protocol, [framed(1, "a", "p", "b"), framed(1, "c")]);
  assertEquals(strings.map(decodeUtf8), ["a", "p"]);
  protocol.resumeProducing();
  assertEquals(strings.map(decodeUtf8), ["a", "p", "b", "c"]);
});

Deno.test("Int8StringReceiver honours recvd assigned inside stringReceived", () => {
  const rests: string[] = [];
  const { protocol, strings } = recorder(Int8StringReceiver, (p, s) => {
    rests.push(decodeUtf8(p.recvd));
    if (decodeUtf8(s) === "switch") p.recvd = framed(1, "other");
  });
  feed(protocol, [framed(1, "switch", "lost")]);
  feed(protocol, [framed(1, "after")]);
  assertEquals(strings.map(decodeUtf8), ["switch", "other", "after"]);
  assertEquals(rests, ["\x04lost", "", ""]);
});
