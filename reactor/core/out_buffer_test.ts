import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { OutBuffer } from "./out_buffer.ts";

const encoder = new TextEncoder();

/** So many bytes, each of them `value`. */
function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

Deno.test("pieces leave in order, whatever their sizes", () => {
  const out = new OutBuffer();
  const sizes = [1, 255, 1, 8000, 300, 60_000, 5, 200_000, 7, 300_000, 1];
  sizes.forEach((size, i) => out.add(filled(size, i)));
  const all = out.take();
  assertEquals(all.length, sizes.reduce((a, b) => a + b));
  let at = 0;
  sizes.forEach((size, i) => {
    assert(all.subarray(at, at + size).every((byte) => byte === i));
    at += size;
  });
});

Deno.test("a large buffer that was sent is used again, by any connection", () => {
  const [first, second] = [new OutBuffer(), new OutBuffer()];
  first.add(filled(65_536, 1));
  const sent = first.take();
  first.done(sent);
  second.add(filled(20_000, 2));
  const next = second.take();
  assertStrictEquals(next.buffer, sent.buffer);
  assertEquals(next, filled(20_000, 2)); // and nothing of what was in it
});

Deno.test("a buffer that is being sent is nobody else's", () => {
  const [first, second] = [new OutBuffer(), new OutBuffer()];
  first.add(filled(65_536, 1));
  const sending = first.take();
  first.add(filled(65_536, 2));
  second.add(filled(65_536, 3));
  first.clear();
  second.add(filled(65_536, 4));
  const others = second.take();
  assertNotStrictEquals(others.buffer, sending.buffer);
  assertEquals(sending, filled(65_536, 1));
});

Deno.test("OutBuffer keeps text and bytes in order, whatever the text is made of", () => {
  const parts = [
    "GET ",
    "é€😀".repeat(50),
    Uint8Array.of(0, 255),
    "",
    "plain",
    "😀",
    Uint8Array.of(7),
    "x".repeat(70_000),
    "ü",
  ];
  const expected = new Uint8Array(
    parts.flatMap((part) => [...(typeof part === "string" ? encoder.encode(part) : part)]),
  );
  const out = new OutBuffer();
  for (let round = 0; round < 3; round++) {
    for (const part of parts) out.add(part);
    const all = out.take();
    assertEquals(all.length, expected.length);
    assert(all.every((byte, i) => byte === expected[i]));
    assertEquals(out.length, 0);
    out.done(all);
  }
});

Deno.test("OutBuffer counts text that waits, and forgets it when cleared", () => {
  const out = new OutBuffer();
  out.add("four");
  assertEquals(out.length, 4);
  out.add(Uint8Array.of(1, 2));
  out.add("1");
  assertEquals(out.length, 7);
  out.clear();
  assertEquals(out.length, 0);
  assertEquals(out.take().length, 0);
});
