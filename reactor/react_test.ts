import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { CancelledError, Deferred } from "@ropewalk/deferred";
import { flushLoggedErrors, MemoryReactor } from "@ropewalk/testing";
import { react, SystemExit } from "./react.ts";
import type { Reactor } from "./core/interfaces.ts";

/** Runs a main function on a reactor in memory, and notes what the process would end with. */
function start<A extends unknown[]>(main: (reactor: Reactor, ...args: A) => unknown, ...args: A) {
  const reactor = new MemoryReactor();
  const codes: number[] = [];
  const ended = react(main, args, { reactor, exit: (code) => void codes.push(code) });
  /** Lets `seconds` pass, until nothing is due. */
  const pass = async (seconds = 0) => {
    reactor.advance(seconds);
    await reactor.settle();
    return codes;
  };
  return { reactor, codes, ended, pass };
}

Deno.test("react calls the main function with the reactor and its arguments, once that runs", async () => {
  const seen: unknown[] = [];
  const { reactor, ended, pass } = start(
    (given, ...args: [string, number]) => {
      seen.push(given, given.running, ...args);
    },
    "a",
    1,
  );
  await pass();
  await ended;
  assertStrictEquals(seen.shift(), reactor);
  assertEquals(seen, [true, "a", 1]);
});

Deno.test("react needs no arguments for a main function that takes none", async () => {
  const reactor = new MemoryReactor();
  const codes: number[] = [];
  const seen: unknown[] = [];
  const main = (...given: unknown[]) => void seen.push(...given);
  const ended = react(main, undefined, { reactor, exit: (code) => void codes.push(code) });
  reactor.advance(0);
  await reactor.settle();
  await ended;
  assertEquals([seen.length, codes], [1, [0]]);
  // @ts-expect-error: this one takes a number
  const wrong = () => react((_reactor: Reactor, n: number) => n.toFixed());
  assert(wrong);
});

Deno.test("react ends the process with 0 when the main Deferred fires, and no sooner", async () => {
  const main = new Deferred<string>();
  const { reactor, ended, pass } = start(() => main);
  assertEquals(await pass(100), []);
  assert(reactor.running);
  main.callback("whatever");
  assertEquals(await pass(), [0]);
  await ended;
  assertEquals([reactor.running, reactor.hasStopped, reactor.hasCrashed], [false, true, false]);
});

Deno.test("react ends with 0 when the main function is async, or returns at once", async () => {
  for (const main of [async () => void await Promise.resolve(), () => {}, () => 7]) {
    const { pass } = start(main);
    assertEquals(await pass(), [0]);
  }
});

Deno.test("react reports what the main function fails with, and ends with 1", async () => {
  const failed = new RangeError("on purpose");
  const mains = [
    () => {
      throw failed;
    },
    () => Promise.reject(failed),
    () => {
      const d = new Deferred<void>();
      d.errback(failed);
      return d;
    },
  ];
  for (const main of mains) {
    const { pass } = start(main);
    assertEquals(await pass(), [1]);
    assertEquals(flushLoggedErrors(RangeError).map((failure) => failure.value), [failed]);
  }
});

Deno.test("react ends with the code of a SystemExit, and reports nothing", async () => {
  for (const code of [0, 3, 255]) {
    const thrown = start(() => {
      throw new SystemExit(code);
    });
    assertEquals(await thrown.pass(), [code]);
    const main = new Deferred<void>();
    const failed = start(() => main);
    await failed.pass(1);
    main.errback(new SystemExit(code));
    assertEquals(await failed.pass(), [code]);
  }
  assertEquals(new SystemExit().exitCode, 0);
  assertEquals(flushLoggedErrors(), []);
});

Deno.test("a reactor that is stopped by hand ends the process with 0, whether main is through or not", async () => {
  const main = new Deferred<void>();
  const { reactor, ended, pass } = start(() => main);
  await pass();
  reactor.stop();
  assertEquals(await pass(), [0]);
  await ended;
  main.callback();
  assertEquals(await pass(), [0], "and once");
});

Deno.test("a main function that ends because the reactor stops does not stop it again, and is no error", async () => {
  const main = new Deferred<void>();
  const { reactor, pass } = start((reactor) => {
    reactor.addSystemEventTrigger("before", "shutdown", () => main.cancel());
    return main;
  });
  await pass();
  reactor.stop();
  assertEquals(await pass(), [0]);
  assertEquals(flushLoggedErrors(CancelledError), []);
});

Deno.test("a main function may stop the reactor itself", async () => {
  const { pass } = start((reactor) => reactor.stop());
  assertEquals(await pass(), [0]);
  assertEquals(flushLoggedErrors(), []);
});

Deno.test("what waits for the shutdown is waited for before the process ends", async () => {
  const saved = new Deferred<void>();
  const { pass } = start((reactor) => {
    reactor.addSystemEventTrigger("before", "shutdown", () => saved);
  });
  assertEquals(await pass(10), []);
  saved.callback();
  assertEquals(await pass(), [0]);
});

Deno.test("react on a reactor that runs already fails, and ends nothing", async () => {
  const reactor = new MemoryReactor();
  const running = reactor.run();
  const codes: number[] = [];
  await assertRejects(() =>
    react(() => new Deferred(), [], { reactor, exit: (code) => void codes.push(code) })
  );
  assertEquals(codes, []);
  reactor.crash();
  await running;
});
