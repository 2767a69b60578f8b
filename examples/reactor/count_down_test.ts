import { Clock, failureResultOf, successResultOf } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { countDown } from "./count_down.ts";

Deno.test("the count goes down once a second, and ends", () => {
  const clock = new Clock();
  const said: number[] = [];
  const done = countDown(clock, 3, (left) => said.push(left));
  clock.pump([0.5, 0.5, 1, 1]);
  assertEquals(said, [3, 2, 1, 0]);
  successResultOf(done);
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("a process that was stopped for a while has not stopped the time", () => {
  const clock = new Clock();
  const said: number[] = [];
  countDown(clock, 5, (left) => said.push(left));
  clock.advance(3.25);
  clock.advance(0.75);
  clock.advance(60);
  assertEquals(said, [5, 2, 1, 0]);
});

Deno.test("when nobody can be told any more, the counting ends", () => {
  const clock = new Clock();
  const done = countDown(clock, 5, (left) => {
    if (left === 4) throw new Error("the terminal is gone");
  });
  clock.advance(1);
  assertEquals(failureResultOf(done, Error).getErrorMessage(), "the terminal is gone");
  assertEquals(clock.getDelayedCalls(), []);
});
