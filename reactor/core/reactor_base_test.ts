import { Deferred } from "@ropewalk/deferred";
import { assert, assertEquals } from "@std/assert";
import { Clock } from "@ropewalk/testing";
import { settle, ToldReactor } from "./_told_reactor_test.ts";

Deno.test("a second signal within a second is the first one passed on; a later one ends a stop that hangs", async () => {
  const reactor = new ToldReactor(new Clock());
  const never = new Deferred<void>();
  reactor.addSystemEventTrigger("before", "shutdown", () => never);
  let ended = false;
  const run = reactor.run().then(() => ended = true);
  reactor.signal!();
  reactor.time.advance(0);
  reactor.time.advance(0.9);
  reactor.signal!();
  await settle();
  assert(!ended && reactor.signal !== null);
  reactor.time.advance(0.2);
  reactor.signal!();
  await run;
  assertEquals([reactor.running, reactor.signal], [false, null]);
});

Deno.test("a signal during start-up stops the reactor once it has started", async () => {
  const reactor = new ToldReactor(new Clock());
  const slow = new Deferred<void>();
  const order: string[] = [];
  reactor.addSystemEventTrigger("before", "startup", () => slow);
  reactor.addSystemEventTrigger("after", "shutdown", () => order.push("shut down"));
  const run = reactor.run();
  reactor.signal!();
  slow.callback();
  reactor.time.advance(0);
  await run;
  assertEquals([order, reactor.running], [["shut down"], false]);
});

Deno.test("a stop that a crash overtook does not stop the next run", async () => {
  const reactor = new ToldReactor(new Clock());
  const first = reactor.run();
  reactor.stop();
  reactor.crash();
  await first;
  let ended = false;
  const second = reactor.run().then(() => ended = true);
  reactor.time.advance(1);
  await settle();
  assertEquals([ended, reactor.running], [false, true]);
  reactor.crash();
  await second;
});

Deno.test("a reactor that runs always waits for something, and tells nobody of it", async () => {
  const reactor = new ToldReactor(new Clock());
  const run = reactor.run();
  for (let day = 0; day < 3; day++) {
    assertEquals([reactor.getDelayedCalls(), reactor.stats().pendingCalls], [[], 0]);
    assertEquals(reactor.time.getDelayedCalls().length, 1); // what keeps the process alive
    reactor.time.advance(86_400);
  }
  reactor.crash();
  await run;
  assertEquals(reactor.time.getDelayedCalls(), []);
});

Deno.test("a delay longer than a host's timer can wait is waited for in parts", () => {
  const reactor = new ToldReactor(new Clock());
  let ran = 0;
  reactor.callLater(100 * 86_400, () => ran++);
  const [timer] = reactor.time.getDelayedCalls();
  assertEquals(timer!.getTime(), (2 ** 31 - 1) / 1000);
  for (let day = 0; day < 99; day++) reactor.time.advance(86_400);
  assertEquals(ran, 0);
  reactor.time.advance(86_400);
  assertEquals([ran, reactor.time.getDelayedCalls().length], [1, 0]);
});
