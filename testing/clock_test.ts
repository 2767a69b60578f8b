import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { AlreadyCalled, AlreadyCancelled, type DelayedCall } from "@ropewalk/reactor/core";
import { Clock } from "./clock.ts";

Deno.test("Clock sets the time first, then runs what is due in the order of its time", () => {
  const clock = new Clock();
  const seen: [string, number][] = [];
  for (const [name, seconds] of [["c", 3], ["a", 1], ["b", 2], ["late", 6]] as const) {
    clock.callLater(seconds, () => seen.push([name, clock.seconds()]));
  }
  clock.advance(5);
  assertEquals(seen, [["a", 5], ["b", 5], ["c", 5]]);
  clock.advance(1);
  assertEquals(seen.at(-1), ["late", 6]);
});

Deno.test("Clock runs calls for the same time in the order in which they were arranged", () => {
  const clock = new Clock();
  const seen: number[] = [];
  for (let i = 0; i < 20; i++) clock.callLater(1, (n: number) => seen.push(n), i);
  clock.advance(1);
  assertEquals(seen, Array.from({ length: 20 }, (_, i) => i));
});

Deno.test("Clock runs a call that is made while it advances, if that is due, in the same advance", () => {
  const clock = new Clock();
  const seen: string[] = [];
  clock.callLater(1, () => {
    clock.callLater(0, () => seen.push("now"));
    clock.callLater(1, () => seen.push("a second on"));
  });
  clock.advance(5);
  assertEquals(seen, ["now"]);
  clock.advance(1);
  assertEquals(seen, ["now", "a second on"]);
});

Deno.test("Clock runs a call that arranges itself again once in an advance, counting from the new time", () => {
  const clock = new Clock();
  const seen: number[] = [];
  const again = () => {
    seen.push(clock.seconds());
    clock.callLater(1, again);
  };
  clock.callLater(1, again);
  clock.advance(5);
  assertEquals(seen, [5]);
  clock.pump([0.5, 0.5, 0.5, 0.5]);
  assertEquals(seen, [5, 6, 7]);
});

Deno.test("Clock gives a call that never stops arranging itself for now an error in place of a hang", () => {
  const clock = new Clock();
  const again = () => void clock.callLater(0, again);
  again();
  assertThrows(() => clock.advance(0), Error, "Cannot finish advancing the clock");
});

Deno.test("Clock may be advanced from inside a call", () => {
  const clock = new Clock();
  const seen: [string, number][] = [];
  clock.callLater(1, () => {
    seen.push(["first", clock.seconds()]);
    clock.advance(1);
    seen.push(["first again", clock.seconds()]);
  });
  clock.callLater(2, () => seen.push(["second", clock.seconds()]));
  clock.advance(1);
  assertEquals(seen, [["first", 1], ["second", 2], ["first again", 2]]);
});

Deno.test("Clock lets the error of a call out of advance and keeps the calls after it", () => {
  const clock = new Clock();
  const seen: string[] = [];
  clock.callLater(1, () => {
    throw new RangeError("in a call");
  });
  clock.callLater(1, () => seen.push("after"));
  assertThrows(() => clock.advance(1), RangeError, "in a call");
  assertEquals(seen, []);
  clock.advance(0);
  assertEquals(seen, ["after"]);
});

Deno.test("Clock refuses to wait or to move by a negative time or by none", () => {
  const clock = new Clock();
  for (const seconds of [-1, NaN]) {
    assertThrows(() => clock.callLater(seconds, () => {}), RangeError, "Cannot call later");
    assertThrows(() => clock.advance(seconds), RangeError, "Cannot advance");
  }
});

Deno.test("Clock tells the calls to come, the next one first", () => {
  const clock = new Clock();
  const later = clock.callLater(9, () => {});
  const sooner = clock.callLater(1, () => {});
  assertEquals(clock.getDelayedCalls().map((call) => call.getTime()), [1, 9]);
  sooner.cancel();
  assert(clock.getDelayedCalls()[0] === later);
  assertEquals(clock.getDelayedCalls().length, 1);
});

Deno.test("a delayed call can be cancelled, once", () => {
  const clock = new Clock();
  const call = clock.callLater(1, () => {
    throw new Error("it was cancelled");
  });
  assert(call.active());
  call.cancel();
  assertFalse(call.active());
  clock.advance(2);
  for (const again of [() => call.cancel(), () => call.reset(1), () => call.delay(1)]) {
    assertThrows(again, AlreadyCancelled);
  }
});

Deno.test("a delayed call that has run, or is running, can be changed no more", () => {
  const clock = new Clock();
  const attempts: unknown[] = [];
  const call: DelayedCall = clock.callLater(1, () => {
    for (const change of [() => call.cancel(), () => call.reset(1), () => call.delay(1)]) {
      attempts.push(assertThrows(change, AlreadyCalled));
    }
    attempts.push(call.active());
  });
  clock.advance(1);
  assertEquals(attempts.length, 4);
  assertEquals(attempts[3], false);
  assertThrows(() => call.cancel(), AlreadyCalled);
});

Deno.test("reset counts from now, delay from the time the call was due", () => {
  const clock = new Clock();
  const call = clock.callLater(10, () => {});
  clock.advance(4);
  call.reset(10);
  assertEquals(call.getTime(), 14);
  call.delay(3);
  assertEquals(call.getTime(), 17);
  call.delay(-12);
  assertEquals(call.getTime(), 5);
  clock.advance(1);
  assertFalse(call.active());
});

Deno.test("reset inside a call keeps the order of the calls to come", () => {
  const clock = new Clock();
  const seen: string[] = [];
  clock.callLater(1, () => other.reset(3));
  const other = clock.callLater(2, () => seen.push(`other at ${clock.seconds()}`));
  clock.callLater(3, () => seen.push(`third at ${clock.seconds()}`));
  clock.advance(1);
  clock.advance(2);
  assertEquals(seen, ["third at 3"]);
  clock.advance(1);
  assertEquals(seen, ["third at 3", "other at 4"]);
});

Deno.test("settle lets chains of promises of any length run, and the calls for now that they make", async () => {
  const clock = new Clock();
  const seen: string[] = [];
  (async () => {
    for (let i = 0; i < 1000; i++) await null;
    clock.callLater(0, async () => {
      for (let i = 0; i < 1000; i++) await null;
      seen.push("done");
    });
    clock.callLater(1, () => seen.push("time went on"));
  })();
  await clock.settle();
  assertEquals(seen, ["done"]);
});
