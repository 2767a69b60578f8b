import { Deferred, FirstError } from "@ropewalk/deferred";
import { Clock, failureResultOf, successResultOf } from "@ropewalk/testing";
import { assertEquals, assertMatch } from "@std/assert";
import { divide, tryIt } from "./fired_twice.ts";
import { work } from "./turns.ts";

Deno.test("firing twice tells where it was fired first", () => {
  assertMatch(tryIt(), /^Cannot fire a Deferred: it was fired already\n[^]*It was fired at:\n +at divide /);
});

Deno.test("what can be divided is, and nobody is told twice", () => {
  assertEquals(successResultOf(divide(6, 3)), 2);
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

Deno.test("a job that fails, or takes too long, gives its turn back", () => {
  const clock = new Clock();
  const started: string[] = [];
  const all = work(["bad", "slow", "late"], (job) => {
    started.push(job);
    const d = new Deferred<string>();
    if (job === "bad") d.errback(new RangeError("a bad job"));
    return d.addTimeout(5, clock);
  });
  assertEquals(started, ["bad", "slow", "late"]); // the turn of the bad one was free at once
  const failure = failureResultOf(all);
  assertEquals([
    (failure.value as Error) instanceof FirstError || failure.type,
    clock.getDelayedCalls().length,
  ], [
    true,
    2,
  ]);
  clock.advance(5);
  assertEquals(clock.getDelayedCalls(), []);
});
