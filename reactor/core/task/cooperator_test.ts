import { assert, assertEquals, assertFalse, assertStrictEquals, assertThrows } from "@std/assert";
import { Deferred, type Failure, succeed } from "@ropewalk/deferred";
import {
  assertNoResult,
  Clock,
  failureResultOf,
  flushLoggedErrors,
  successResultOf,
} from "@ropewalk/testing";
import {
  Cooperator,
  NotPaused,
  SchedulerStopped,
  type Steps,
  TaskDone,
  TaskFailed,
  TaskStopped,
} from "./cooperator.ts";

/** A cooperator on a clock, and what its work has noted. */
function bench() {
  const clock = new Clock();
  const seen: string[] = [];
  function* work(name: string, steps: number, f: (i: number) => unknown = () => {}): Steps {
    for (let i = 0; i < steps; i++) {
      seen.push(`${name}${i}`);
      yield f(i);
    }
    return undefined;
  }
  return { clock, seen, work, cooperator: new Cooperator({ reactor: clock }) };
}

Deno.test("a task is done in a later turn, and gives its iterator", () => {
  const { clock, seen, work, cooperator } = bench();
  const steps = work("a", 3);
  const task = cooperator.cooperate(steps);
  const [one, two] = [task.whenDone(), task.whenDone()];
  assertEquals(seen, []);
  clock.advance(0);
  assertEquals(seen, ["a0", "a1", "a2"]);
  for (const d of [one, two, task.whenDone()]) assertStrictEquals(successResultOf(d), steps);
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("tasks take turns, a step of each", () => {
  const { clock, seen, work, cooperator } = bench();
  cooperator.cooperate(work("a", 3));
  cooperator.cooperate(work("b", 2));
  cooperator.cooperate(work("c", 1));
  clock.advance(0);
  assertEquals(seen, ["a0", "b0", "c0", "a1", "b1", "a2"]);
});

Deno.test("coiterate gives the iterator when it is through, and what it throws", () => {
  const { clock, work, cooperator } = bench();
  const steps = work("a", 1);
  const done = cooperator.coiterate(steps);
  const failed = cooperator.coiterate(work("b", 1, () => {
    throw new RangeError("on purpose");
  }));
  clock.advance(0);
  assertStrictEquals(successResultOf(done), steps);
  failureResultOf(failed, RangeError);
});

Deno.test("work goes on in the next turn when its slice of time is over", () => {
  const { clock, seen, work } = bench();
  const cooperator = new Cooperator({ reactor: clock, timeSliceSeconds: 2 });
  cooperator.cooperate(work("a", 4, (i) => {
    if (i === 0) clock.callLater(0, () => seen.push("others"));
    clock.rightNow += 1; // a step that takes a second
  }));
  clock.advance(0);
  assertEquals(seen, ["a0", "a1", "others", "a2", "a3"]);
});

Deno.test("endless work lets go of a clock that stands still", () => {
  const { clock, seen, cooperator } = bench();
  let steps = 0;
  const done = cooperator.coiterate((function* (): Steps {
    while (seen.length === 0) {
      if (++steps === 1) clock.callLater(0, () => seen.push("others"));
      yield;
    }
    return undefined;
  })());
  clock.advance(0);
  successResultOf(done);
});

Deno.test("pauses add up: a task goes on when each was taken back", () => {
  const { clock, seen, work, cooperator } = bench();
  const task = cooperator.cooperate(work("a", 2));
  task.pause();
  task.pause();
  clock.advance(0);
  assertEquals([seen, clock.getDelayedCalls()], [[], []]);
  task.resume();
  clock.advance(0);
  assertEquals(seen, []);
  task.resume();
  clock.advance(0);
  assertEquals(seen, ["a0", "a1"]);
});

Deno.test("a task that pauses itself inside a step stays where it is", () => {
  const { clock, seen, work, cooperator } = bench();
  const task = cooperator.cooperate(work("a", 3, (i) => i === 1 && task.pause()));
  clock.advance(0);
  assertEquals(seen, ["a0", "a1"]);
  task.resume();
  clock.advance(0);
  assertEquals(seen, ["a0", "a1", "a2"]);
});

Deno.test("a task that is not paused cannot be resumed", () => {
  const { clock, work, cooperator } = bench();
  const task = cooperator.cooperate(work("a", 1));
  assertThrows(() => task.resume(), NotPaused);
  task.pause();
  task.resume();
  assertThrows(() => task.resume(), NotPaused);
  clock.advance(0);
});

Deno.test("a task that was stopped fails with TaskStopped, and can be changed no more", () => {
  const { clock, seen, work, cooperator } = bench();
  const task = cooperator.cooperate(work("a", 2));
  const done = task.whenDone();
  task.stop();
  for (const d of [done, task.whenDone()]) failureResultOf(d, TaskStopped);
  assertThrows(() => task.stop(), TaskStopped);
  assertThrows(() => task.pause(), TaskStopped);
  clock.advance(0);
  assertEquals(seen, []);
});

Deno.test("a task that is done can be changed no more", () => {
  const { clock, work, cooperator } = bench();
  const task = cooperator.cooperate(work("a", 1));
  clock.advance(0);
  assertThrows(() => task.stop(), TaskDone);
  assertThrows(() => task.pause(), TaskDone);
  successResultOf(task.whenDone());
});

Deno.test("a task that failed can be changed no more, and keeps its failure for who asks later", () => {
  const { clock, work, cooperator } = bench();
  const task = cooperator.cooperate(work("a", 1, () => {
    throw new RangeError("on purpose");
  }));
  clock.advance(0);
  assertThrows(() => task.stop(), TaskFailed);
  assertThrows(() => task.pause(), TaskFailed);
  failureResultOf(task.whenDone(), RangeError);
  failureResultOf(task.whenDone(), RangeError);
});

Deno.test("a failure that nobody asked for is reported when its task is forgotten", async () => {
  const { gc } = globalThis as { gc?: () => void };
  assert(gc, "run with --v8-flags=--expose-gc, as `deno task test` does");
  (() => {
    const { clock, work, cooperator } = bench();
    cooperator.cooperate(work("a", 1, () => {
      throw new RangeError("nobody asked");
    }));
    clock.advance(0);
  })();
  let reported: Failure[] = [];
  for (let turn = 0; turn < 50 && reported.length === 0; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    gc();
    reported = flushLoggedErrors(RangeError);
  }
  assertEquals(reported.map((failure) => failure.getErrorMessage()), ["nobody asked"]);
});

Deno.test("a step that yields a Deferred waits for it, and the others do not", () => {
  const { clock, seen, work, cooperator } = bench();
  const pending = new Deferred<void>();
  const task = cooperator.cooperate(work("a", 2, (i) => i === 0 ? pending : null));
  cooperator.cooperate(work("b", 2));
  clock.advance(0);
  assertEquals([seen, clock.getDelayedCalls()], [["a0", "b0", "b1"], []]);
  assertNoResult(task.whenDone());
  pending.callback();
  clock.advance(0);
  assertEquals(seen.at(-1), "a1");
  successResultOf(task.whenDone());
});

Deno.test("a step that yields a Deferred which has fired goes on", () => {
  const { clock, seen, work, cooperator } = bench();
  cooperator.cooperate(work("a", 2, () => succeed(1)));
  clock.advance(0);
  assertEquals(seen, ["a0", "a1"]);
});

Deno.test("a Deferred that fails ends its task with that failure", () => {
  const { clock, seen, work, cooperator } = bench();
  const pending = new Deferred<void>();
  const task = cooperator.cooperate(work("a", 2, () => pending));
  const done = task.whenDone();
  clock.advance(0);
  pending.errback(new RangeError("on purpose"));
  failureResultOf(done, RangeError);
  assertThrows(() => task.pause(), TaskFailed);
  clock.advance(0);
  assertEquals(seen, ["a0"]);
});

Deno.test("a step that yields a promise waits for it, and fails with it", async () => {
  const { clock, seen, work, cooperator } = bench();
  const { promise, resolve } = Promise.withResolvers<void>();
  const good = cooperator.coiterate(work("a", 2, (i) => i === 0 ? promise : null));
  const bad = cooperator.coiterate(work("b", 2, () => Promise.reject(new RangeError("on purpose"))));
  clock.advance(0);
  await clock.settle();
  assertEquals(seen, ["a0", "b0"]);
  failureResultOf(bad, RangeError);
  resolve();
  await clock.settle();
  assertEquals(seen, ["a0", "b0", "a1"]);
  successResultOf(good);
});

Deno.test("a task that is stopped or paused while it waits stays so when the Deferred fires", () => {
  const { clock, seen, work, cooperator } = bench();
  const [one, two] = [new Deferred<void>(), new Deferred<void>()];
  const stopped = cooperator.cooperate(work("a", 2, () => one));
  const paused = cooperator.cooperate(work("b", 2, (i) => i === 0 ? two : null));
  clock.advance(0);
  stopped.stop();
  paused.pause();
  one.callback();
  two.callback();
  clock.advance(0);
  assertEquals(seen, ["a0", "b0"]);
  failureResultOf(stopped.whenDone(), TaskStopped);
  paused.resume();
  clock.advance(0);
  assertEquals(seen, ["a0", "b0", "b1"]);
});

Deno.test("a task that stops itself and then yields a Deferred does no harm to the others", () => {
  const { clock, seen, work, cooperator } = bench();
  const task = cooperator.cooperate(work("a", 2, () => {
    task.stop();
    return new Deferred<void>();
  }));
  cooperator.cooperate(work("b", 2));
  clock.advance(0);
  assertEquals(seen, ["a0", "b0", "b1"]);
  failureResultOf(task.whenDone(), TaskStopped);
});

Deno.test("a task may stop another one, before it or after it, in its step", () => {
  const { clock, seen, work, cooperator } = bench();
  const before = cooperator.cooperate(work("a", 3));
  cooperator.cooperate(work("b", 3, (i) => {
    if (i === 0) before.stop();
    if (i === 1) after.stop();
  }));
  const after = cooperator.cooperate(work("c", 3));
  cooperator.cooperate(work("d", 3));
  clock.advance(0);
  assertEquals(seen, ["a0", "b0", "c0", "d0", "b1", "d1", "b2", "d2"]);
});

Deno.test("a cooperator leaves no delayed call when its last task is stopped or paused", () => {
  const { clock, work, cooperator } = bench();
  const one = cooperator.cooperate(work("a", 1));
  const two = cooperator.cooperate(work("b", 1));
  assertEquals(clock.getDelayedCalls().length, 1);
  one.stop();
  assertEquals(clock.getDelayedCalls().length, 1);
  two.pause();
  assertEquals(clock.getDelayedCalls(), []);
  two.resume();
  assertEquals(clock.getDelayedCalls().length, 1);
  two.stop();
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("a cooperator that stops gives up every task, those that wait and those that are paused too", () => {
  const { clock, work, cooperator } = bench();
  const a = cooperator.cooperate(work("a", 2));
  const b = cooperator.cooperate(work("b", 2, () => new Deferred<void>()));
  const c = cooperator.cooperate(work("c", 2));
  a.pause();
  clock.advance(0);
  const all = [a, b].map((task) => task.whenDone());
  successResultOf(c.whenDone());
  cooperator.stop();
  for (const d of all) failureResultOf(d, SchedulerStopped);
  assertThrows(() => a.stop(), SchedulerStopped);
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("a cooperator that was stopped takes no tasks until it is started again", () => {
  const { clock, seen, work, cooperator } = bench();
  assertEquals(cooperator.running, true);
  cooperator.stop();
  assertFalse(cooperator.running);
  failureResultOf(cooperator.coiterate(work("a", 1)), SchedulerStopped);
  assertEquals(clock.getDelayedCalls(), []);
  cooperator.start();
  cooperator.cooperate(work("b", 1));
  clock.advance(0);
  assertEquals([seen, cooperator.running], [["b0"], true]);
});

Deno.test("a cooperator may be stopped by a step", () => {
  const { clock, seen, work, cooperator } = bench();
  const done = cooperator.coiterate(work("a", 3, () => cooperator.stop()));
  cooperator.cooperate(work("b", 3));
  clock.advance(0);
  assertEquals([seen, clock.getDelayedCalls()], [["a0"], []]);
  failureResultOf(done, SchedulerStopped);
});

Deno.test("cancelling what coiterate returned stops the work", () => {
  const clock = new Clock();
  const waited = new Deferred<void>();
  let steps = 0;
  const done = new Cooperator({ reactor: clock }).coiterate(function* () {
    steps++;
    yield waited;
    steps++;
  }());
  clock.advance(0);
  done.cancel();
  failureResultOf(done, TaskStopped);
  waited.callback();
  clock.advance(1);
  assertEquals([steps, clock.getDelayedCalls().length], [1, 0]);
});
