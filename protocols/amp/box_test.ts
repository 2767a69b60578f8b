import { assert, assertEquals } from "@std/assert";
import { BoxParser } from "./box.ts";

import { box } from "./_helpers_test.ts";

const gc = (globalThis as { gc?: () => void }).gc;

function usedBytes(): number {
  gc!();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

Deno.test("BoxParser makes the same of large boxes and of small ones", () => {
  for (const length of [10, 40_000, 65_535]) {
    const parser = new BoxParser();
    const first = box(["a", "x".repeat(length)], ["b", "\xff\x00"], ["c", "y".repeat(length)]);
    parser.queue.append(first);
    parser.queue.append(box(["d", "e"]));
    const large = parser.next()!;
    assertEquals(large.keys, ["a", "b", "c"]);
    assertEquals(large.values, ["x".repeat(length), "\xff\x00", "y".repeat(length)]);
    assertEquals(parser.next()!.get("d"), "e");
    assertEquals(parser.next(), null);
  }
});

Deno.test("BoxParser's small values do not keep the large boxes that they came in", () => {
  assert(gc !== undefined, "run with --v8-flags=--expose-gc, as `deno task test` does");
  const filler = Array.from({ length: 32 }, (_, i): [string, string] => [`k${i}`, "x".repeat(65_535)]);
  const large = box(["name", "long enough to be a part of another text"], ...filler); // 2 MiB
  const parser = new BoxParser();
  const kept: string[] = [];
  const before = usedBytes();
  for (let i = 0; i < 20; i++) {
    parser.queue.take(large);
    kept.push(parser.next()!.get("name")!);
    parser.queue.settle();
  }
  assert(usedBytes() - before < 10_000_000, "twenty values kept twenty boxes");
  assertEquals(kept.length, 20);
});
