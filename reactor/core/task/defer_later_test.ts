import { assertEquals } from "@std/assert";
import { CancelledError, Deferred } from "@ropewalk/deferred";
import { assertNoResult, Clock, failureResultOf, successResultOf } from "@ropewalk/testing";
import { deferLater } from "./defer_later.ts";

Deno.test("deferLater gives what the function returns, when its time has come", () => {
  const clock = new Clock();
  const d = deferLater(clock, 2, (a: number, b: number) => a + b, 1, 2);
  clock.advance(1);
  assertNoResult(d);
  clock.advance(1);
  assertEquals(successResultOf(d), 3);
});

Deno.test("deferLater without a function fires with nothing", () => {
  const clock = new Clock();
  const d: Deferred<void> = deferLater(clock, 1);
  clock.advance(1);
  assertEquals(successResultOf(d), undefined);
});

Deno.test("deferLater fails with what the function throws", () => {
  const clock = new Clock();
  const d = deferLater(clock, 0, () => {
    throw new RangeError("on purpose");
  });
  clock.advance(0);
  failureResultOf(d, RangeError);
});

Deno.test("deferLater waits for the Deferred that the function returns", () => {
  const clock = new Clock();
  const inner = new Deferred<string>();
  const d: Deferred<string> = deferLater(clock, 1, () => inner);
  clock.advance(1);
  assertNoResult(d);
  inner.callback("late");
  assertEquals(successResultOf(d), "late");
});

Deno.test("deferLater that is cancelled takes its call back, and the function never runs", () => {
  const clock = new Clock();
  let ran = false;
  const d = deferLater(clock, 1, () => void (ran = true));
  d.cancel();
  assertEquals(clock.getDelayedCalls(), []);
  failureResultOf(d, CancelledError);
  clock.advance(2);
  assertEquals(ran, false);
});
