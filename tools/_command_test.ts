import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { run } from "./_command.ts";

Deno.test("what a command prints on both streams is kept, and how it ended", async () => {
  const good = await run(["node", "-e", "console.log('out'); console.error('err')"]);
  assertEquals([good.ok, good.stdout, good.text], [true, "out\n", "out\nerr\n"]);
  const bad = await run(["node", "-e", "process.exit(3)"]);
  assertEquals(bad.ok, false);
});

Deno.test("a program that is not there has failed, in words", async () => {
  const outcome = await run(["deno-that-is-not-there"]);
  assert(!outcome.ok);
  assertStringIncludes(outcome.text, "Cannot run deno-that-is-not-there");
});

Deno.test("a command that takes longer than it may is ended, and has failed", async () => {
  const outcome = await run(["node", "-e", "setInterval(() => {}, 1000)"], { timeoutSeconds: 0 });
  assert(!outcome.ok);
  assertStringIncludes(outcome.text, "was ended after 0 s");
});
