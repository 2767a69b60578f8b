/**
 * Life: running, stopping, and the triggers of both.
 * @module
 */
import { Deferred } from "@ropewalk/deferred";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ReactorAlreadyRunning, ReactorNotRunning } from "../core/errors.ts";
import { cleaning, type Host } from "./contract.ts";
import { reported } from "./recorder.ts";

const quiet = { installSignalHandlers: false };

/** Declares the tests. */
export function lifeContract({ name, make, test: declare }: Host): void {
  const test = cleaning(declare);
  test(`${name}: run ends when stop has run every shutdown trigger, phase by phase, Deferreds awaited`, async () => {
    const reactor = make();
    const order: string[] = [];
    const slow = new Deferred<void>();
    for (const phase of ["after", "during", "before"] as const) {
      reactor.addSystemEventTrigger(
        phase,
        "startup",
        () => order.push(`${phase} startup ${reactor.running}`),
      );
      reactor.addSystemEventTrigger(
        phase,
        "shutdown",
        (n: number) => order.push(`${phase} shutdown ${n}`),
        1,
      );
    }
    reactor.addSystemEventTrigger("before", "shutdown", () => {
      reactor.callLater(0.01, () => {
        order.push("slow");
        slow.callback();
      });
      return slow;
    });
    reactor.callWhenRunning(() => {
      reactor.stop();
      order.push("stopping");
    });
    await reactor.run(quiet);
    assertEquals(order, [
      "before startup false",
      "during startup true",
      "after startup true",
      "stopping",
      "before shutdown 1",
      "slow",
      "during shutdown 1",
      "after shutdown 1",
    ]);
    assert(!reactor.running);
  });

  test(`${name}: a trigger that throws or fails is reported, and stops nothing`, async () => {
    const reactor = make();
    const errors = await reported(async () => {
      reactor.addSystemEventTrigger("before", "shutdown", () => {
        throw new Error("thrown");
      });
      reactor.addSystemEventTrigger("before", "shutdown", () => Promise.reject(new Error("rejected")));
      reactor.callWhenRunning(() => reactor.stop());
      await reactor.run(quiet);
    });
    assertEquals(errors.map(String), ["Error: thrown", "Error: rejected"]);
  });

  test(`${name}: a trigger can be removed once`, async () => {
    const reactor = make();
    let ran = false;
    const id = reactor.addSystemEventTrigger("during", "startup", () => ran = true);
    reactor.removeSystemEventTrigger(id);
    assertThrows(() => reactor.removeSystemEventTrigger(id), RangeError);
    reactor.callWhenRunning(() => reactor.stop());
    await reactor.run(quiet);
    assert(!ran);
  });

  test(`${name}: every Deferred of the before phase is waited for, and one of its triggers may remove another`, async () => {
    const reactor = make();
    const order: string[] = [];
    const waits = [new Deferred<void>(), new Deferred<void>()];
    reactor.addSystemEventTrigger("before", "shutdown", () => reactor.removeSystemEventTrigger(doomed));
    const doomed = reactor.addSystemEventTrigger("before", "shutdown", () => order.push("never"));
    for (const d of waits) reactor.addSystemEventTrigger("before", "shutdown", () => d);
    reactor.addSystemEventTrigger("during", "shutdown", () => order.push("during"));
    reactor.callWhenRunning(() => {
      reactor.stop();
      reactor.callLater(0.01, () => {
        order.push("one");
        waits[1]!.callback();
      });
      reactor.callLater(0.02, () => {
        order.push("both");
        waits[0]!.callback();
      });
    });
    await reactor.run(quiet);
    assertEquals(order, ["one", "both", "during"]);
    assertThrows(() => reactor.removeSystemEventTrigger(doomed), RangeError);
  });

  test(`${name}: run, stop and crash are refused at the wrong time, and run again is allowed`, async () => {
    const reactor = make();
    assertThrows(() => reactor.stop(), ReactorNotRunning);
    assertThrows(() => reactor.crash(), ReactorNotRunning);
    for (let turn = 0; turn < 2; turn++) {
      reactor.callWhenRunning(() => {
        reactor.callLater(0, () => {
          reactor.stop();
          assertThrows(() => reactor.stop(), ReactorNotRunning);
        });
      });
      const ended = reactor.run(quiet);
      await assertRejects(() => reactor.run(quiet), ReactorAlreadyRunning);
      await ended;
    }
  });

  test(`${name}: stop during start-up ends the run`, async () => {
    const reactor = make();
    reactor.addSystemEventTrigger("before", "startup", () => reactor.stop());
    await reactor.run(quiet);
    assert(!reactor.running);
  });

  test(`${name}: crash ends the run without the shutdown triggers`, async () => {
    const reactor = make();
    let shut = false;
    reactor.addSystemEventTrigger("before", "shutdown", () => shut = true);
    reactor.callWhenRunning(() => reactor.callLater(0, () => reactor.crash()));
    await reactor.run(quiet);
    assert(!shut && !reactor.running);
    reactor.callWhenRunning(() => reactor.stop()); // it may run again, and the triggers are still there
    await reactor.run(quiet);
    assert(shut);
  });

  test(`${name}: callWhenRunning calls in order, and at once when it runs`, async () => {
    const reactor = make();
    const order: number[] = [];
    reactor.callWhenRunning((n: number) => order.push(n), 1);
    reactor.callWhenRunning(() => {
      reactor.callWhenRunning(() => order.push(2));
      order.push(3);
      reactor.stop();
    });
    await reactor.run(quiet);
    assertEquals(order, [1, 2, 3]);
  });

  test(`${name}: two reactors in one process do not touch each other`, async () => {
    const [one, two] = [make(), make()];
    one.callWhenRunning(() => two.callWhenRunning(() => one.stop()));
    const ends = [one.run(quiet), two.run(quiet)];
    await ends[0];
    assert(!one.running && two.running);
    two.stop();
    await ends[1];
    assertEquals([one.stats().pendingCalls, two.stats().pendingCalls], [0, 0]);
  });
}
