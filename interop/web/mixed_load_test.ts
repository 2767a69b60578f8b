/** A short run of `mixed_load.ts`: the whole one, 100,000 requests by 200 clients, is run by hand. */
import { assert } from "@std/assert";
import { mixedLoad } from "./mixed_load.ts";

Deno.test("of 5,000 requests by 50 clients, good and hostile, none is lost or mixed up, and memory stays flat", async () => {
  const { heap, requests } = await mixedLoad(5000, 50, { parts: 4 });
  assert(requests >= 5000);
  const grown = heap.at(-1)! - heap[1]!; // the first parts compile
  assert(grown < 4 << 20, `the heap has grown by ${grown} bytes`);
});
