import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Timer, TimerQueue } from "./_timers.ts";

Deno.test("TimerQueue gives calls in the order of time, then of arrangement, however they are moved", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("add"), seconds: fc.integer({ min: 0, max: 9 }), which: fc.constant(0) }),
    fc.record({
      do: fc.constantFrom("cancel", "reset", "delay"),
      seconds: fc.integer({ min: -9, max: 9 }),
      which: fc.nat(),
    }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const queue = new TimerQueue(() => 5);
    const timers: Timer[] = [];
    for (const { do: what, seconds, which } of steps) {
      if (what === "add") timers.push(queue.add(seconds, () => {}));
      const timer = timers[which % timers.length];
      if (!timer?.active()) continue;
      if (what === "cancel") timer.cancel();
      if (what === "reset") timer.reset(seconds);
      if (what === "delay") timer.delay(seconds);
    }
    const expected = timers.filter((timer) => timer.active())
      .sort((a, b) => a.time - b.time || a.order - b.order);
    assertEquals(queue.size, expected.length);
    assertEquals(queue.list().map((timer) => timer.order), expected.map((timer) => timer.order));
    for (const timer of expected) {
      assertEquals(queue.nextTime, timer.time);
      queue.shift();
      assertEquals(timer.state, "called");
    }
    assertEquals([queue.shift(), queue.nextTime], [null, Infinity]);
  }));
});
