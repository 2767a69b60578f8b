import { setErrorReporter } from "@ropewalk/deferred";
import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Call, DelayedCalls } from "./delayed_calls.ts";
import { AlreadyCalled, AlreadyCancelled } from "./errors.ts";
import type { DelayedCall } from "./interfaces.ts";
import { type HostClock, ReactorBase } from "./reactor_base.ts";

/** A queue at a time that the test sets, and what its calls have noted. */
class Bench {
  now = 0;
  seen: unknown[] = [];
  earlier = 0;
  readonly queue = new DelayedCalls(() => this.now, () => void this.earlier++);

  add(seconds: number, name: unknown): DelayedCall {
    return this.queue.add(seconds, (given) => this.seen.push(given), [name]);
  }

  /** Goes to a time, and takes what ran. */
  to(now: number): unknown[] {
    this.now = now;
    while (this.queue.runNext(now));
    return this.seen.splice(0);
  }
}

Deno.test("calls are made in the order of their time", () => {
  const bench = new Bench();
  const times = Array.from({ length: 500 }, (_, i) => (i * 37) % 500);
  for (const time of times) bench.add(time, time);
  assertEquals(bench.queue.size, 500);
  assertEquals(bench.to(100), Array.from({ length: 101 }, (_, i) => i));
  assertEquals(bench.to(1000), Array.from({ length: 399 }, (_, i) => i + 101));
  assertEquals([bench.queue.size, bench.queue.nextTime], [0, Infinity]);
});

Deno.test("calls for the same time are made in the order in which they were arranged", () => {
  const bench = new Bench();
  for (let i = 0; i < 200; i++) bench.add(i % 2, i);
  const half = Array.from({ length: 100 }, (_, i) => 2 * i);
  assertEquals(bench.to(1), [...half, ...half.map((i) => i + 1)]);
});

Deno.test("a call gets its arguments, is active until it runs, and knows its time", () => {
  const bench = new Bench();
  bench.now = 10;
  const seen: unknown[] = [];
  const call: DelayedCall = bench.queue.add(2, (...args) => seen.push(args, call.active()), ["a", 1]);
  assertEquals([call.active(), call.getTime()], [true, 12]);
  bench.to(12);
  assertEquals(seen, [["a", 1], false]);
});

Deno.test("a cancelled call is not made, and is in no list", () => {
  const bench = new Bench();
  const calls = [3, 1, 2].map((time) => bench.add(time, time));
  calls[1]!.cancel();
  assertFalse(calls[1]!.active());
  assertEquals(bench.queue.size, 2);
  assertEquals(new Set(bench.queue.list()), new Set([calls[0], calls[2]]));
  assertEquals(bench.to(5), [2, 3]);
});

Deno.test("what is over cannot be changed, and the error says whether it was called or cancelled", () => {
  const bench = new Bench();
  const cancelled = bench.add(1, "cancelled");
  const called = bench.add(1, "called");
  cancelled.cancel();
  bench.to(1);
  for (const change of ["cancel", "reset", "delay"] as const) {
    assertThrows(() => cancelled[change](1), AlreadyCancelled);
    assertThrows(() => called[change](1), AlreadyCalled);
  }
  const self: DelayedCall = bench.queue.add(0, () => assertThrows(() => self.cancel(), AlreadyCalled), []);
  bench.to(1);
  assertFalse(self.active());
});

Deno.test("reset counts from now, delay from the time that was set", () => {
  const bench = new Bench();
  const call = bench.add(10, "x");
  bench.now = 4;
  call.reset(10);
  assertEquals(call.getTime(), 14);
  call.delay(3);
  assertEquals(call.getTime(), 17);
  call.delay(-2);
  assertEquals(call.getTime(), 15);
  assertEquals(bench.to(14.9), []);
  assertEquals(bench.to(15), ["x"]);
});

Deno.test("a call that was put off lets the others go first", () => {
  const bench = new Bench();
  const first = bench.add(1, "put off");
  bench.add(2, "second");
  bench.add(3, "third");
  first.reset(2.5);
  assertEquals(bench.to(2), ["second"]);
  assertEquals(bench.to(3), ["put off", "third"]);
});

Deno.test("a call that was brought nearer goes before the others, once", () => {
  const bench = new Bench();
  for (let i = 1; i <= 50; i++) bench.add(i, i);
  const last = bench.add(60, "nearer");
  last.reset(0.5);
  assertEquals([bench.queue.nextTime, bench.queue.size, bench.queue.list().length], [0.5, 51, 51]);
  assertEquals(bench.to(2), ["nearer", 1, 2]);
  assertEquals(bench.to(100).length, 48);
});

Deno.test("a call that was put off, then brought nearer, is made at the last time that was set", () => {
  const bench = new Bench();
  const call = bench.add(5, "x");
  bench.add(6, "six");
  bench.add(20, "twenty");
  call.reset(30);
  call.reset(10); // nearer than 30, later than where it stands
  assertEquals(bench.to(9.9), ["six"]);
  assertEquals(bench.to(10), ["x"]);
  assertEquals(bench.to(100), ["twenty"]);
});

Deno.test("a call that was brought nearer, then put off to the time it had, is made once", () => {
  const bench = new Bench();
  const call = bench.add(5, "x");
  bench.add(20, "twenty");
  call.reset(1);
  call.reset(5);
  assertEquals(bench.to(4), []);
  assertEquals(bench.to(5), ["x"]);
  assertEquals([bench.queue.size, bench.to(9)], [1, []]);
  assertEquals(bench.queue.list().map((left) => left.getTime()), [20]);
});

Deno.test("a call that stands twice at one time is listed once", () => {
  const bench = new Bench();
  const call = bench.add(5, "x");
  call.reset(1);
  call.reset(5);
  assertEquals(bench.to(1), []);
  assertEquals([bench.queue.size, bench.queue.list().length], [1, 1]);
  assertEquals(bench.to(5), ["x"]);
});

Deno.test("whoever drives the queue is told when the first call is due earlier, and when the last is cancelled", () => {
  const bench = new Bench();
  const call = bench.add(5, 5);
  assertEquals(bench.earlier, 1);
  const later = bench.add(6, 6);
  assertEquals(bench.earlier, 1, "what is due later is no news");
  later.reset(1);
  assertEquals(bench.earlier, 2);
  later.cancel();
  assertEquals(bench.earlier, 2);
  call.cancel();
  assertEquals([bench.earlier, bench.queue.nextTime], [3, Infinity]);
  bench.add(9, 9);
  assertEquals([bench.earlier, bench.queue.nextTime], [4, 9]);
});

Deno.test("calls arranged from a number on wait for a later turn", () => {
  const bench = new Bench();
  bench.add(0, "old");
  const before = bench.queue.nextOrder;
  bench.add(0, "new");
  assert(bench.queue.runNext(0, before));
  assertFalse(bench.queue.runNext(0, before));
  assertEquals(bench.to(0), ["old", "new"]);
});

Deno.test("a call that throws is over, and those after it stay", () => {
  const bench = new Bench();
  bench.queue.add(1, () => {
    throw new RangeError("on purpose");
  }, []);
  bench.add(1, "after");
  assertThrows(() => bench.to(1), RangeError, "on purpose");
  assertEquals([bench.queue.size, bench.to(1)], [1, ["after"]]);
});

Deno.test("no time to wait, and no function, are refused", () => {
  const bench = new Bench();
  for (const seconds of [-1, NaN]) {
    assertThrows(() => bench.add(seconds, ""), RangeError, "Cannot call later");
    const call = bench.add(1, "");
    assertThrows(() => call.reset(seconds), RangeError, "Cannot call later");
  }
  assertThrows(() => bench.add(1, "").delay(NaN), RangeError, "Cannot delay");
  assertThrows(() => bench.queue.add(1, "f" as never, []), TypeError, "a function is needed");
});

Deno.test("the living keep their order when there are more of the dead", () => {
  const bench = new Bench();
  for (let i = 0; i < 1000; i++) {
    bench.add(i, "dead").cancel();
    bench.add(i, i);
  }
  const keep = bench.queue.list() as Call[];
  for (const call of keep.slice(10)) call.cancel();
  assertEquals([bench.queue.size, bench.queue.list().length], [10, 10]);
  assertEquals(bench.to(5000), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

Deno.test("a call that is brought nearer ten thousand times is one call, and nothing is left when it was made", () => {
  const bench = new Bench();
  const other = bench.add(1e9, "other");
  const call = bench.add(1e6, "call");
  for (let i = 1; i <= 10_000; i++) call.reset(1e6 - i);
  assertEquals([bench.queue.size, bench.queue.nextTime], [2, 1e6 - 10_000]);
  other.cancel();
  assertEquals(bench.queue.list(), [call]);
  assertEquals(bench.to(1e6 - 10_000), ["call"]);
  assertEquals([bench.queue.size, bench.queue.nextTime], [0, Infinity]);
});

Deno.test("whatever is added, cancelled and moved, the queue does as a sorted list would", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("add" as const), seconds: fc.nat(20), which: fc.nat() }),
    fc.record({ do: fc.constant("cancel" as const), seconds: fc.nat(20), which: fc.nat() }),
    fc.record({ do: fc.constant("reset" as const), seconds: fc.nat(20), which: fc.nat() }),
    fc.record({ do: fc.constant("advance" as const), seconds: fc.nat(4), which: fc.nat() }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const bench = new Bench();
      let model: { name: number; time: number; call: DelayedCall }[] = [];
      let names = 0;
      for (const { do: what, seconds, which } of steps) {
        const one = model[which % Math.max(1, model.length)];
        if (what === "add") {
          const name = names++;
          model.push({ name, time: bench.now + seconds, call: bench.add(seconds, name) });
        } else if (what === "advance") {
          const now = bench.now + seconds;
          const due = model.filter(({ time }) => time <= now).sort((a, b) =>
            a.time - b.time || a.name - b.name
          );
          model = model.filter(({ time }) => time > now);
          assertEquals(bench.to(now), due.map(({ name }) => name));
        } else if (one !== undefined) {
          if (what === "cancel") {
            one.call.cancel();
            model = model.filter((other) => other !== one);
          } else {
            one.call.reset(seconds);
            one.time = bench.now + seconds;
          }
        }
        assertEquals(bench.queue.size, model.length);
        const next = Math.min(Infinity, ...model.map(({ time }) => time));
        assert(bench.queue.nextTime <= next, "the driver may wake too early, never too late");
      }
    }),
    { seed: 7, numRuns: 300 },
  );
});

Deno.test("a hundred thousand calls are arranged, brought nearer and made in a few steps each", () => {
  const bench = new Bench();
  const count = 100_000;
  const calls = Array.from({ length: count }, (_, i) => bench.add(count + (i * 7919) % count, i));
  // One by one through an array this would be ten thousand million steps: minutes, not a moment.
  for (const [i, call] of calls.entries()) call.reset((i * 7919) % count);
  assertEquals([bench.queue.size, bench.queue.nextTime], [count, 0]);
  const seen = bench.to(count) as number[];
  assertEquals(seen.length, count);
  assert(seen.every((i, at) => (i * 7919) % count === at));
});

/** A host's clock whose timers the test sets off. */
class HandClock implements HostClock {
  now = 0;
  timers = new Map<number, { f: () => void; milliseconds: number }>();
  #id = 0;
  seconds(): number {
    return this.now;
  }
  set(f: () => void, milliseconds: number): number {
    this.timers.set(++this.#id, { f, milliseconds });
    return this.#id;
  }
  clear(id: unknown): void {
    this.timers.delete(id as number);
    this.#idle.delete(id as number);
  }
  readonly #idle = new Set<number>();
  unref(id: unknown): void {
    this.#idle.add(id as number);
  }
  /** How many timers keep the process alive. */
  get busy(): number {
    return this.timers.size - this.#idle.size;
  }
  /** Sets off the one there is. */
  fire(): void {
    const [[id, { f, milliseconds }]] = [...this.timers] as [
      [number, { f: () => void; milliseconds: number }],
    ];
    this.clear(id);
    this.now += milliseconds / 1000;
    f();
  }
}

class HandReactor extends ReactorBase {
  protected override handleSignals(): () => void {
    return () => {};
  }
}

Deno.test("a reactor holds one timer of its host, and lets it go with the last call", () => {
  const clock = new HandClock();
  const reactor = new HandReactor(clock);
  const waits = () => [...clock.timers.values()].map(({ milliseconds }) => milliseconds);
  const far = reactor.callLater(60, () => {});
  const near = reactor.callLater(5, () => {});
  assertEquals(waits(), [5000]);
  far.reset(1);
  assertEquals(waits(), [1000]);
  far.cancel();
  near.cancel();
  assertEquals(waits(), []);
  reactor.callLater(2, () => {});
  assertEquals(waits(), [2000]);
});

Deno.test("what an async call fails with is reported", async () => {
  const clock = new HandClock();
  const reactor = new HandReactor(clock);
  const reports: string[] = [];
  const previous = setErrorReporter((failure, context) => void reports.push(`${context}: ${failure.value}`));
  try {
    reactor.callLater(1, () => Promise.reject(new RangeError("on purpose")));
    reactor.callLater(1, () => Promise.resolve());
    clock.fire();
    await Promise.resolve();
  } finally {
    setErrorReporter(previous);
  }
  assertEquals(reports, ["Error in a delayed call: RangeError: on purpose"]);
  assertEquals(reactor.stats().errors, 1);
});

Deno.test("what waits when a run ends keeps the process alive no longer; what is arranged after it does", async () => {
  const clock = new HandClock();
  const reactor = new HandReactor(clock);
  let ticks = 0;
  const tick = (): void => {
    ticks++;
    reactor.callLater(60, tick);
  };
  reactor.callLater(60, tick);
  assertEquals(clock.busy, 1);
  const ended = reactor.run();
  reactor.stop();
  clock.fire();
  await ended;
  assertEquals([clock.timers.size, clock.busy], [1, 0]);
  clock.fire(); // it goes on while the process lives for another reason
  assertEquals([ticks, clock.timers.size, clock.busy], [1, 1, 0]);
  const call = reactor.callLater(90, () => {});
  assertEquals([clock.timers.size, clock.busy], [1, 1]);
  call.cancel();
  const again = reactor.run();
  assertEquals(clock.busy, 1);
  reactor.crash();
  await again;
  assertEquals(clock.busy, 0);
});
