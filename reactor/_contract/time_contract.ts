/**
 * Time: what `callLater` promises.
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { AlreadyCalled, AlreadyCancelled } from "../core/errors.ts";
import type { DelayedCall } from "../core/interfaces.ts";
import { cleaning, type Host } from "./contract.ts";
import { later, reported } from "./recorder.ts";

/** Declares the tests. */
export function timeContract({ name, make, test: declare }: Host): void {
  const test = cleaning(declare);
  test(`${name}: delayed calls run in the order of their times, and of their making where these are equal`, async () => {
    const reactor = make();
    const order: string[] = [];
    const late = reactor.callLater(0.02, () => order.push("late"));
    for (const n of [1, 2, 3]) reactor.callLater(0, (text: string) => order.push(text), `now ${n}`);
    const soon = reactor.callLater(0.01, () => order.push("soon"));
    assertEquals(order, []);
    await later(reactor, 0.03);
    const inTime = soon.getTime() <= late.getTime(); // not where the machine rested in between
    assertEquals(order, ["now 1", "now 2", "now 3", ...(inTime ? ["soon", "late"] : ["late", "soon"])]);
    assertEquals(reactor.getDelayedCalls(), []);
  });

  test(`${name}: a negative delay and no number are refused`, () => {
    const reactor = make();
    assertThrows(() => reactor.callLater(-1, () => {}), RangeError);
    assertThrows(() => reactor.callLater(NaN, () => {}), RangeError);
    assertEquals(reactor.getDelayedCalls(), []);
  });

  test(`${name}: a call made during a call runs in a later turn`, async () => {
    const reactor = make();
    const order: string[] = [];
    reactor.callLater(0, () => {
      reactor.callLater(0, () => order.push("third"));
      order.push("first");
    });
    reactor.callLater(0, () => order.push("second"));
    await later(reactor);
    await later(reactor);
    assertEquals(order, ["first", "second", "third"]);
  });

  test(`${name}: a delayed call can be cancelled, put off and brought nearer until it has run`, async () => {
    const reactor = make();
    const order: string[] = [];
    const cancelled = reactor.callLater(0, () => order.push("never"));
    const nearer = reactor.callLater(60, () => order.push("nearer"));
    const farther = reactor.callLater(0, () => order.push("farther"));
    const due = nearer.getTime();
    nearer.reset(0);
    assert(nearer.getTime() < due);
    farther.delay(0.01);
    cancelled.cancel();
    assert(!cancelled.active() && nearer.active() && farther.active());
    assertThrows(() => cancelled.cancel(), AlreadyCancelled);
    assertThrows(() => cancelled.reset(1), AlreadyCancelled);
    assertThrows(() => cancelled.delay(1), AlreadyCancelled);
    await later(reactor, 0.02);
    assertEquals(order, ["nearer", "farther"]);
    assert(!nearer.active());
    assertThrows(() => nearer.cancel(), AlreadyCalled);
    assertThrows(() => nearer.reset(1), AlreadyCalled);
    assertThrows(() => nearer.delay(1), AlreadyCalled);
  });

  test(`${name}: a call cannot be cancelled while it runs`, async () => {
    const reactor = make();
    let thrown: unknown;
    const call: DelayedCall = reactor.callLater(0, () => {
      try {
        call.cancel();
      } catch (error) {
        thrown = error;
      }
    });
    await later(reactor);
    assert(thrown instanceof AlreadyCalled);
  });

  test(`${name}: a call that throws is reported, and the next one runs`, async () => {
    const reactor = make();
    let ran = false;
    const errors = await reported(async () => {
      reactor.callLater(0, () => {
        throw new Error("oops");
      });
      reactor.callLater(0, () => ran = true);
      await later(reactor);
    });
    assert(ran);
    assertEquals(errors.map(String), ["Error: oops"]);
    assertEquals(reactor.stats().errors, 1);
  });

  test(`${name}: the clock never runs backwards`, () => {
    const reactor = make();
    let last = reactor.seconds();
    for (let i = 0; i < 1000; i++) {
      const now = reactor.seconds();
      assert(now >= last);
      last = now;
    }
  });

  test(`${name}: a hundred thousand calls may wait, and cancelled ones leave nothing behind`, () => {
    const reactor = make();
    const calls = Array.from(
      { length: 100_000 },
      (_, i) => reactor.callLater(3600 + (i * 7919) % 1000, () => {}),
    );
    assertEquals(reactor.stats().pendingCalls, 100_000);
    for (const call of calls) call.cancel();
    assertEquals(reactor.stats().pendingCalls, 0);
    assertEquals(reactor.getDelayedCalls(), []);
  });
}
