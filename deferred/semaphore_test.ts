import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import {
  CancelledError,
  Deferred,
  DeferredLock,
  DeferredSemaphore,
  Failure,
  inlineCallbacks,
} from "@ropewalk/deferred";

function resultOf(d: Deferred<unknown>): unknown {
  let seen: unknown = "nothing yet";
  d.addBoth((result) => {
    seen = Failure.is(result) ? result.value : result;
  });
  return seen;
}

Deno.test("a lock is held by one at a time, and goes to the others in the order they came", () => {
  const lock = new DeferredLock();
  const order: number[] = [];
  for (const n of [1, 2, 3]) lock.acquire().addCallback(() => void order.push(n));
  assertEquals([order, lock.locked, lock.waiting.length], [[1], true, 2]);
  lock.release();
  assertEquals([order, lock.locked], [[1, 2], true]);
  lock.release();
  lock.release();
  assertEquals([order, lock.locked], [[1, 2, 3], false]);
});

Deno.test("acquire fires with the lock itself", () => {
  const lock = new DeferredLock();
  assertStrictEquals(resultOf(lock.acquire()), lock);
});

Deno.test("releasing what nobody holds is refused", () => {
  const lock = new DeferredLock();
  assertThrows(() => lock.release(), RangeError, "Cannot release a DeferredLock: nobody holds it");
  const semaphore = new DeferredSemaphore(2);
  semaphore.acquire();
  semaphore.release();
  assertThrows(() => semaphore.release(), RangeError, "Cannot release a DeferredSemaphore: nobody holds it");
});

Deno.test("a semaphore lets as many in as it has tokens", () => {
  const semaphore = new DeferredSemaphore(2);
  const order: number[] = [];
  for (const n of [1, 2, 3, 4]) semaphore.acquire().addCallback(() => void order.push(n));
  assertEquals([order, semaphore.tokens, semaphore.limit, semaphore.waiting.length], [[1, 2], 0, 2, 2]);
  semaphore.release();
  semaphore.release();
  assertEquals(order, [1, 2, 3, 4]);
  semaphore.release();
  assertEquals(semaphore.tokens, 1);
});

Deno.test("a semaphore needs a whole number of tokens from 1", () => {
  for (const tokens of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => new DeferredSemaphore(tokens), RangeError, "Cannot make a DeferredSemaphore");
  }
});

Deno.test("run holds the lock until the result is there, and passes arguments and result through", () => {
  const lock = new DeferredLock();
  const slow = new Deferred<string>();
  const first = lock.run((text: string) => slow.addCallback((more) => text + more), "a");
  const second = lock.run((n: number) => n + 1, 41);
  assertEquals(lock.locked, true);
  assertEquals(lock.waiting.length, 1);
  slow.callback("b");
  assertEquals([resultOf(first), resultOf(second), lock.locked], ["ab", 42, false]);
});

Deno.test("run releases after an exception, a failure and a rejected promise", async () => {
  const lock = new DeferredLock();
  const error = new Error("e");
  const thrown = lock.run(() => {
    throw error;
  });
  assertStrictEquals(resultOf(thrown), error);
  assert(!lock.locked);
  let caught: unknown;
  await lock.run(() => Promise.reject(error)).catch((reason) => caught = reason);
  assertStrictEquals(caught, error);
  assert(!lock.locked);
});

Deno.test("an async function may be run under a lock", async () => {
  const lock = new DeferredLock();
  const steps: string[] = [];
  const work = async (name: string) => {
    steps.push(`${name} in`);
    await null;
    steps.push(`${name} out`);
  };
  const first = lock.run(work, "a");
  await lock.run(work, "b");
  await first;
  assertEquals(steps, ["a in", "a out", "b in", "b out"]);
});

Deno.test("a waiter that is cancelled leaves the line", () => {
  for (const make of [() => new DeferredLock(), () => new DeferredSemaphore(1)]) {
    const lock = make();
    lock.acquire();
    const second = lock.acquire();
    const third = lock.acquire();
    second.cancel();
    assertInstanceOf(resultOf(second), CancelledError);
    assertEquals(lock.waiting, [third]);
    lock.release();
    assertStrictEquals(resultOf(third), lock);
  }
});

Deno.test("cancelling after the lock was acquired changes nothing", () => {
  const lock = new DeferredLock();
  const held = lock.acquire();
  held.cancel();
  assertStrictEquals(resultOf(held), lock);
  assert(lock.locked);
});

Deno.test("cancelling run gives up the place in line, or cancels the work and then releases", () => {
  const lock = new DeferredLock();
  let cancelled = 0;
  const working = lock.run(() => new Deferred<void>(() => void cancelled++));
  const waiting = lock.run(() => 1);
  waiting.cancel();
  assertInstanceOf(resultOf(waiting), CancelledError);
  assertEquals(lock.waiting.length, 0);
  working.cancel();
  assertEquals(cancelled, 1);
  assertInstanceOf(resultOf(working), CancelledError);
  assert(!lock.locked);
});

Deno.test("using in a generator releases at the end of the block, after an error too", () => {
  const lock = new DeferredLock();
  const gate = new Deferred<void>();
  const work = inlineCallbacks(function* (broken: boolean) {
    {
      using held = yield* lock.acquire();
      assertStrictEquals(held, lock);
      if (broken) throw new RangeError("broken");
      yield* gate;
      assert(lock.locked);
    }
    assert(!lock.locked);
    return "done";
  });
  const first = work(false);
  assert(lock.locked);
  gate.callback();
  assertEquals(resultOf(first), "done");
  assertInstanceOf(resultOf(work(true)), RangeError);
  assert(!lock.locked);
});
