import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { chunked, chunkings } from "./arbitraries.ts";
import { byteByByte, cutAt, everySplit } from "./chunks.ts";
import { concatenate } from "./written.ts";

Deno.test("everySplit gives the whole, the single bytes, and every cut in two", () => {
  assertEquals([...everySplit("abc")].map((chunks) => chunks.map((chunk) => String.fromCharCode(...chunk))), [
    ["abc"],
    ["a", "b", "c"],
    ["a", "bc"],
    ["ab", "c"],
  ]);
  assertEquals([...everySplit("ab")].length, 2);
  assertEquals([...everySplit("")], [[]]);
});

Deno.test("everySplit gives each parser chunks of its own", () => {
  const bytes = new Uint8Array([1, 2, 3]);
  for (const chunks of everySplit(bytes)) chunks.forEach((chunk) => chunk.fill(0));
  assertEquals(bytes, new Uint8Array([1, 2, 3]));
});

Deno.test("cutAt and byteByByte make no empty chunk and lose nothing", () => {
  const bytes = new Uint8Array([1, 2, 3, 4]);
  assertEquals(cutAt(bytes, [0, 2, 2, 4, 9]).map((chunk) => chunk.length), [2, 2]);
  assertEquals(concatenate(byteByByte(bytes)), bytes);
});

Deno.test("chunkings and chunked give cuts of the very bytes, none of them empty", () => {
  fc.assert(fc.property(chunked(), ({ bytes, chunks }) => {
    assertEquals(concatenate(chunks), bytes);
    assert(chunks.every((chunk) => chunk.length > 0));
  }));
  const seen = new Set(
    fc.sample(chunkings("abcdef"), { numRuns: 200, seed: 1 }).map((chunks) => chunks.length),
  );
  assertEquals([...seen].sort(), [1, 2, 3, 4, 5, 6]);
});
