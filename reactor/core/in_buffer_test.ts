import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { InBuffer, takeOver } from "./in_buffer.ts";

/** A buffer that has grown to its full size. */
function grown(): InBuffer {
  const buffer = new InBuffer();
  for (let size = 0; size < 65_536;) {
    size = buffer.forRead().length;
    buffer.lend(size);
    buffer.takeBack(size);
  }
  assertEquals(buffer.forRead().length, 65_536);
  return buffer;
}

Deno.test("InBuffer reads into the same memory again after it was looked at", () => {
  const buffer = grown();
  const memory = buffer.forRead();
  assertStrictEquals(buffer.lend(40_000).buffer, memory.buffer);
  buffer.takeBack(40_000);
  assertStrictEquals(buffer.forRead(), memory);
});

Deno.test("InBuffer reads into other memory once what it lent was taken over", () => {
  const buffer = grown();
  const view = buffer.lend(40_000);
  assert(takeOver(view));
  assert(!takeOver(view), "it can be taken over once");
  buffer.takeBack(40_000);
  assertNotStrictEquals(buffer.forRead().buffer, view.buffer);
});

Deno.test("Only the very view that is lent, and no small one, is taken over", () => {
  const buffer = grown();
  const view = buffer.lend(40_000);
  assert(!takeOver(view.subarray(0)));
  assert(!takeOver(view.slice()));
  buffer.takeBack(40_000);
  assert(!takeOver(view), "it is not lent any more");
  const few = buffer.lend(1000);
  assert(!takeOver(few));
  buffer.takeBack(1000);
});

Deno.test("What InBuffer gave is not read into again", () => {
  const buffer = grown();
  const data = buffer.give(40_000);
  assertNotStrictEquals(buffer.forRead().buffer, data.buffer);
});

Deno.test("InBuffer may be dropped while it is looked at", () => {
  const buffer = grown();
  const view = buffer.lend(40_000);
  buffer.drop();
  buffer.takeBack(40_000);
  assert(!takeOver(view));
});

Deno.test("InBuffer shrinks after several small reads, and not before", () => {
  const buffer = grown();
  for (let i = 0; i < 7; i++) {
    buffer.lend(100);
    buffer.takeBack(100);
    assertEquals(buffer.forRead().length, 65_536);
  }
  buffer.lend(100);
  buffer.takeBack(100);
  assertEquals(buffer.forRead().length, 16_384);
});
