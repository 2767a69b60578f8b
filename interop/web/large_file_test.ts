/** A smaller run of `large_file.ts`: the whole one, 4 GiB, is run by hand. */
import { assert } from "@std/assert";
import { largeFile } from "./large_file.ts";

Deno.test("a file of 512 MiB passes through File in constant memory, fast and slow, whole and by its end", async () => {
  const { idle, whole, slow } = await largeFile(512 * 2 ** 20, 2);
  assert(whole - idle < 64 * 2 ** 20, `it has grown by ${whole - idle} bytes`);
  assert(slow - idle < 64 * 2 ** 20, `slow readers have made it grow by ${slow - idle} bytes`);
});
