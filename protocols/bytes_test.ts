import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  concatBytes,
  decodeUtf8,
  decodeUtf8Strictly,
  equalBytes,
  fromLatin1,
  hasHighBytes,
  isAscii,
  latin1,
  portableLatin1,
} from "./bytes.ts";

Deno.test("latin1 gives one character for each byte", () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  const text = latin1(all);
  assertEquals(text.length, 256);
  for (let i = 0; i < 256; i++) assertEquals(text.charCodeAt(i), i);
  assertEquals(latin1(all, 65, 68), "ABC");
});

Deno.test("latin1 with the host's Buffer and without it agree", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), fc.nat(300), (bytes, a, b) => {
    const [start, end] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
    assertEquals(portableLatin1(bytes, start, end), latin1(bytes, start, end));
  }));
  const long = Uint8Array.from({ length: 20_000 }, (_, i) => i);
  assertEquals(portableLatin1(long, 1, 19_999), latin1(long, 1, 19_999));
});

Deno.test("fromLatin1 is the reverse of latin1", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => assertEquals(fromLatin1(latin1(bytes)), bytes)));
});

Deno.test("hasHighBytes tells ASCII from the rest", () => {
  assert(!hasHighBytes("\x00 ~\x7f"));
  assert(hasHighBytes("a\x80"));
});

Deno.test("isAscii sees a byte above 0x7F wherever it stands", () => {
  const bytes = new Uint8Array(26).fill(0x7f).subarray(1, 25); // not aligned
  for (let start = 0; start <= 12; start++) {
    for (let end = start; end <= 24; end++) {
      assert(isAscii(bytes, start, end));
      for (let at = 0; at < 24; at++) {
        bytes[at] = 0x80;
        assertEquals(isAscii(bytes, start, end), at < start || at >= end);
        bytes[at] = 0x7f;
      }
    }
  }
});

Deno.test("decodeUtf8 keeps a byte-order mark and replaces what is malformed", () => {
  assertEquals(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff)), "\ufeffa\ufffd");
});

Deno.test("decodeUtf8Strictly refuses what is malformed", () => {
  assertThrows(() => decodeUtf8Strictly(Uint8Array.of(0xff)), TypeError);
});

Deno.test("concatBytes and equalBytes", () => {
  const joined = concatBytes([Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3)]);
  assert(equalBytes(joined, Uint8Array.of(1, 2, 3)));
  assert(!equalBytes(joined, Uint8Array.of(1, 2, 4)));
  assert(!equalBytes(joined, Uint8Array.of(1, 2)));
});
