import { assert, assertEquals, assertFalse, assertStrictEquals, assertThrows } from "@std/assert";
import { Deferred } from "@ropewalk/deferred";
import { assertNoResult, Clock, failureResultOf, successResultOf } from "@ropewalk/testing";
import { LoopingCall } from "./looping_call.ts";

/** A loop on a clock, and the times at which it was called. */
function timed(f: (loop: LoopingCall) => unknown = () => {}) {
  const clock = new Clock();
  const ticks: number[] = [];
  const loop: LoopingCall = new LoopingCall(() => {
    ticks.push(clock.seconds());
    return f(loop);
  });
  loop.clock = clock;
  return { clock, ticks, loop };
}

/** A counting loop, and what it was told when. */
function counted() {
  const clock = new Clock();
  const seen: [time: number, count: number][] = [];
  const loop = LoopingCall.withCount((count) => seen.push([clock.seconds(), count]));
  loop.clock = clock;
  return { clock, seen, loop };
}

Deno.test("a loop calls at once, then at every interval, with its arguments", () => {
  const clock = new Clock();
  const seen: unknown[] = [];
  const loop = new LoopingCall((a: string, b: number) => seen.push([a, b, clock.seconds()]), "a", 1);
  loop.clock = clock;
  assertEquals([loop.running, loop.interval, loop.deferred], [false, null, null]);
  const done = loop.start(2);
  assertEquals([loop.running, loop.interval, loop.args], [true, 2, ["a", 1]]);
  assertStrictEquals(loop.deferred, done);
  clock.pump([1, 1, 1, 1]);
  assertEquals(seen, [["a", 1, 0], ["a", 1, 2], ["a", 1, 4]]);
  loop.stop();
});

Deno.test("a loop that does not start now waits for its first interval", () => {
  const { clock, ticks, loop } = timed();
  loop.start(2, false);
  clock.pump([1, 1, 2]);
  assertEquals(ticks, [2, 4]);
  loop.stop();
});

Deno.test("a loop that was stopped fires with itself, is called no more and leaves no delayed call", () => {
  const { clock, ticks, loop } = timed();
  const done = loop.start(1);
  clock.advance(1);
  assertNoResult(done);
  loop.stop();
  assertStrictEquals(successResultOf(done), loop);
  assertEquals([loop.running, loop.deferred, clock.getDelayedCalls()], [false, null, []]);
  clock.advance(10);
  assertEquals(ticks, [0, 1]);
});

Deno.test("a loop may be stopped inside its first call, and by a call of its own", () => {
  const first = timed((loop) => loop.stop());
  assertStrictEquals(successResultOf(first.loop.start(1)), first.loop);
  assertEquals([first.ticks, first.clock.getDelayedCalls()], [[0], []]);

  const third = timed((loop) => third.ticks.length === 3 && loop.stop());
  const done = third.loop.start(1);
  third.clock.pump([1, 1, 1, 1]);
  assertStrictEquals(successResultOf(done), third.loop);
  assertEquals(third.ticks, [0, 1, 2]);
});

Deno.test("what the function throws ends the loop and is the failure of its Deferred", () => {
  const { clock, ticks, loop } = timed(() => {
    if (ticks.length === 2) throw new RangeError("on purpose");
  });
  const done = loop.start(1);
  clock.advance(1);
  assertEquals(failureResultOf(done, RangeError).getErrorMessage(), "on purpose");
  assertEquals([loop.running, loop.deferred, clock.getDelayedCalls()], [false, null, []]);
  assertThrows(() => loop.stop(), TypeError, "Cannot stop the loop");
});

Deno.test("a Deferred that fails ends the loop too, even one that was stopped meanwhile", () => {
  const pending = new Deferred<void>();
  const { loop } = timed(() => pending);
  const done = loop.start(1);
  loop.stop();
  assertNoResult(done);
  pending.errback(new RangeError("on purpose"));
  failureResultOf(done, RangeError);
  assertFalse(loop.running);
});

Deno.test("intervals are whole ones from the start, however late a call comes", () => {
  const { clock, ticks, loop } = timed();
  loop.start(2);
  clock.advance(5);
  clock.advance(0.5);
  clock.advance(0.5);
  clock.advance(2.25);
  clock.advance(1.75);
  assertEquals(ticks, [0, 5, 6, 8.25, 10]);
  loop.stop();
});

Deno.test("a loop does not drift in ten thousand late calls", () => {
  const { clock, ticks, loop } = timed();
  loop.start(1);
  for (let i = 0; i < 10_000; i++) clock.advance(1.001);
  // 10,010 seconds have passed; each call came late, and yet every interval has had one call, or was jumped over.
  assertEquals(new Set(ticks.map(Math.floor)).size, ticks.length);
  assertEquals(clock.getDelayedCalls()[0]!.getTime(), Math.floor(clock.seconds()) + 1);
  loop.stop();
});

Deno.test("intervals that no binary fraction can tell are neither doubled nor lost", () => {
  const { clock, ticks, loop } = timed();
  loop.start(0.1);
  for (let i = 0; i < 1000; i++) clock.advance(0.05);
  const apart = ticks.slice(1).map((tick, i) => tick - ticks[i]!);
  assert(apart.every((seconds) => seconds > 0.04), `${Math.min(...apart)}`);
  assert(ticks.length >= 499 && ticks.length <= 502, `${ticks.length}`);
  loop.stop();
});

Deno.test("a loop waits for the Deferred that its function returned, and skips what passes meanwhile", () => {
  let pending = new Deferred<void>();
  const { clock, ticks, loop } = timed(() => pending = new Deferred());
  loop.start(1);
  clock.advance(3.5);
  assertEquals([ticks, clock.getDelayedCalls()], [[0], []]);
  pending.callback();
  assertEquals(clock.getDelayedCalls().map((call) => call.getTime()), [4]);
  clock.advance(0.5);
  assertEquals(ticks, [0, 4]);
  loop.stop();
  pending.callback();
});

Deno.test("a loop waits for a promise", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { clock, ticks, loop } = timed(() => promise);
  loop.start(1);
  clock.advance(5);
  await clock.settle();
  assertEquals(ticks, [0]);
  resolve();
  await clock.settle();
  clock.advance(1);
  assertEquals(ticks, [0, 6]);
  loop.stop();
  await clock.settle();
});

Deno.test("a loop that is stopped while it waits fires when the call is through, and starts no sooner", () => {
  let pending = new Deferred<void>();
  const { clock, ticks, loop } = timed(() => pending = new Deferred());
  const done = loop.start(1);
  loop.stop();
  assertNoResult(done);
  assertThrows(() => loop.start(1), TypeError, "its last call is not through");
  pending.callback();
  assertStrictEquals(successResultOf(done), loop);
  loop.start(1);
  pending.callback();
  clock.advance(1);
  assertEquals(ticks, [0, 0, 1]);
  loop.stop();
  pending.callback();
});

Deno.test("a loop of no interval calls again in the next turn", () => {
  const { clock, ticks, loop } = timed((loop) => ticks.length === 3 && loop.stop());
  const done = loop.start(0);
  assertEquals([ticks, clock.getDelayedCalls()[0]!.getTime()], [[0], 0]);
  clock.advance(0);
  assertStrictEquals(successResultOf(done), loop);
  assertEquals(ticks, [0, 0, 0]);
});

Deno.test("reset puts the next call a whole interval from now, and the ones after it", () => {
  const { clock, ticks, loop } = timed();
  loop.start(2);
  clock.advance(1.5);
  loop.reset();
  assertEquals(clock.getDelayedCalls().map((call) => call.getTime()), [3.5]);
  clock.pump([1, 1, 2]);
  assertEquals(ticks, [0, 3.5, 5.5]);
  loop.stop();
});

Deno.test("reset while the function is busy changes nothing", () => {
  let pending = new Deferred<void>();
  const { clock, loop } = timed(() => pending = new Deferred());
  loop.start(2);
  clock.advance(1.5);
  loop.reset();
  assertEquals(clock.getDelayedCalls(), []);
  pending.callback();
  assertEquals(clock.getDelayedCalls().map((call) => call.getTime()), [2]);
  loop.stop();
});

Deno.test("a loop refuses no interval, to run twice, and to stop or reset when it does not run", () => {
  const { clock, loop } = timed();
  for (const seconds of [-1, NaN]) assertThrows(() => loop.start(seconds), RangeError, "is no interval");
  assertFalse(loop.running);
  assertThrows(() => loop.stop(), TypeError, "Cannot stop the loop");
  assertThrows(() => loop.reset(), TypeError, "Cannot reset the loop");
  loop.start(1);
  assertThrows(() => loop.start(1), TypeError, "Cannot start the loop: it is running");
  loop.stop();
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("a loop that has ended can be started again, from its own Deferred too", () => {
  const { clock, ticks, loop } = timed();
  loop.start(1).addCallback((same) => void same.start(5, false));
  loop.stop();
  assert(loop.running);
  clock.advance(5);
  assertEquals(ticks, [0, 5]);
  loop.stop();
});

Deno.test("the count tells how many intervals have passed since the call before", () => {
  const { clock, seen, loop } = counted();
  loop.start(1, false);
  clock.advance(3.5);
  clock.advance(0.6);
  clock.advance(1);
  assertEquals(seen, [[3.5, 3], [4.1, 1], [5.1, 1]]);
  loop.stop();
});

Deno.test("the count is 1 in a call that is made at the start", () => {
  const { clock, seen, loop } = counted();
  loop.start(1);
  clock.advance(1);
  clock.advance(4);
  assertEquals(seen, [[0, 1], [1, 1], [5, 4]]);
  loop.stop();
});

Deno.test("the count runs from the reset", () => {
  const { clock, seen, loop } = counted();
  loop.start(2, false);
  clock.advance(1);
  loop.reset();
  clock.advance(2);
  assertEquals(seen, [[3, 1]]);
  clock.advance(1);
  loop.reset();
  clock.advance(6.5);
  assertEquals(seen, [[3, 1], [10.5, 3]]);
  loop.stop();
});

Deno.test("the count begins afresh when the loop is started again at the same moment", () => {
  const { seen, loop } = counted();
  loop.start(1);
  loop.stop();
  loop.start(1);
  loop.stop();
  assertEquals(seen, [[0, 1], [0, 1]]);
});

Deno.test("the count is always 1 without an interval", () => {
  const counts: number[] = [];
  const clock = new Clock();
  const loop = LoopingCall.withCount((count) => {
    counts.push(count);
    if (counts.length === 3) loop.stop();
  });
  loop.clock = clock;
  loop.start(0);
  clock.advance(7);
  assertEquals(counts, [1, 1, 1]);
});

Deno.test("the count is never 0, and none is lost, where fractions do not come out even", () => {
  for (const interval of [0.1, 0.2, 0.3, 1 / 3, 0.7]) {
    const { clock, seen, loop } = counted();
    clock.advance(1_256_000_000.1);
    loop.start(interval, false);
    for (let i = 0; i < 300; i++) clock.advance(interval);
    assert(seen.every(([, count]) => count > 0));
    const total = seen.reduce((sum, [, count]) => sum + count, 0);
    assert(total === 300 || total === 299, `${interval}: ${total}`);
    loop.stop();
  }
});
