import { Deferred } from "@ropewalk/deferred";
import { assertEquals, assertMatch } from "@std/assert";
import { tryIt } from "./fired_twice.ts";
import { work } from "./turns.ts";

Deno.test("firing twice tells where it was fired first", () => {
  assertMatch(tryIt(), /^Cannot fire a Deferred: it was fired already\n[^]*It was fired at:\n +at divide /);
});

Deno.test("no more than two jobs run at a time, and the results keep their order", () => {
  const running = new Map<string, Deferred<string>>();
  let lines: string[] = [];
  work(["a", "b", "c"], (job) => {
    const d = new Deferred<string>();
    running.set(job, d);
    return d;
  }).addCallback((all) => void (lines = all));
  assertEquals([...running.keys()], ["a", "b"]);
  running.get("b")!.callback("B");
  assertEquals([...running.keys()], ["a", "b", "c"]);
  running.get("c")!.callback("C");
  running.get("a")!.callback("A");
  assertEquals(lines, ["A", "B", "C"]);
});
