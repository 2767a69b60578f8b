import { assertEquals, assertThrows } from "@std/assert";
import { countTests, readmeCommand } from "./ok.ts";

Deno.test("the summaries of several test runs are added up", () => {
  const output =
    "a ... ok (1ms)\n\nok | 12 passed | 0 failed (3s)\n\nx\nok | 3 passed (7 steps) | 0 failed (1s)\n";
  assertEquals(countTests(output, true), { passed: 15, failed: 0 });
});

Deno.test("failed tests and tests that were left out count as failed", () => {
  assertEquals(countTests("FAILED | 5 passed | 2 failed (1s)\n", false), { passed: 5, failed: 2 });
  assertEquals(countTests("ok | 5 passed | 0 failed | 3 ignored (1s)\n", true), { passed: 5, failed: 3 });
});

Deno.test("a run that ends badly, or that ran nothing, is one failure", () => {
  assertEquals(countTests("error: Type checking failed.\n", false), { passed: 0, failed: 1 });
  assertEquals(countTests("ok | 5 passed | 0 failed (1s)\nerror: leaked\n", false), { passed: 5, failed: 1 });
  assertEquals(countTests("ok | 0 passed | 0 failed (0ms)\n", true), { passed: 0, failed: 1 });
});

Deno.test("a test that prints a summary of its own does not count", () => {
  const output = 'says "ok | 9 passed | 0 failed" ... ok (1ms)\n\nok | 1 passed | 0 failed (1s)\n';
  assertEquals(countTests(output, true), { passed: 1, failed: 0 });
});

Deno.test("the README's commands are read without their comments", () => {
  const readme = "# X\n```sh\nnpx -y deno@2.9.6 task start   # a\nnpx -y deno@2.9.6 task test    # b\n```\n";
  assertEquals(readmeCommand(readme, "start"), ["npx", "-y", "deno@2.9.6", "task", "start"]);
  assertEquals(readmeCommand(readme, "test"), ["npx", "-y", "deno@2.9.6", "task", "test"]);
  assertThrows(() => readmeCommand("# X\n", "test"), Error, "Cannot find");
});
