import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { abortable, CancelledError, Deferred, fail, maybeDeferred, succeed } from "@ropewalk/deferred";

Deno.test("await gives the value, and throws the very object in failure.value", async () => {
  assertEquals(await succeed(4), 4);
  for (const thrown of [new RangeError("far"), "text", undefined]) {
    let caught: unknown = "nothing";
    try {
      await succeed().addCallback(() => {
        throw thrown;
      });
    } catch (error) {
      caught = error;
    }
    assertStrictEquals(caught, thrown);
  }
});

Deno.test("await leaves the chain's result as it is, a failure too", async () => {
  const d = new Deferred<number>();
  const waiting = d.toPromise();
  d.callback(1);
  assertEquals(await waiting, 1);
  assertEquals(await d, 1);
  let seen = 0;
  d.addCallback((n) => void (seen = n));
  assertEquals(seen, 1);

  const error = new Error("e");
  const failed = fail(error);
  await assertRejects(async () => await failed, Error, "e");
  let left: unknown;
  failed.addErrback((failure) => void (left = failure.value));
  assertStrictEquals(left, error);
});

Deno.test("a promise sees the result at its place in the chain", async () => {
  const d = new Deferred<number>();
  const early = d.toPromise();
  const late = d.addCallback((n) => n + 1).toPromise();
  d.callback(1);
  assertEquals([await early, await late], [1, 2]);
});

Deno.test("await resumes in a microtask, callbacks before callback() returns", async () => {
  const order: string[] = [];
  const d = new Deferred<void>();
  const awaiting = (async () => {
    await d;
    order.push("await");
  })();
  await Promise.resolve();
  d.addCallback(() => void order.push("callback"));
  d.callback();
  order.push("callback() returned");
  await awaiting;
  assertEquals(order, ["callback", "callback() returned", "await"]);
});

Deno.test("then, catch and finally behave as a promise's", async () => {
  assertEquals(await succeed(2).then((n) => n * 2), 4);
  assertEquals(await succeed(2).then(), 2);
  assertEquals(await fail(new Error("e")).then(() => "no", (error) => (error as Error).message), "e");
  assertEquals(await fail(new Error("e")).catch((error) => (error as Error).message), "e");
  let calls = 0;
  assertEquals(await succeed(5).finally(() => void calls++), 5);
  await assertRejects(() => fail(new Error("e")).finally(() => void calls++), Error, "e");
  assertEquals(calls, 2);
  assertEquals(await Promise.all([succeed(1), succeed("two")]), [1, "two"]);
});

Deno.test("an async callback is waited for, its rejection is the failure", async () => {
  const steps: string[] = [];
  const d = succeed("a").addCallback(async (text) => {
    await null;
    steps.push("inside");
    return text + "b";
  }).addCallback((text) => {
    steps.push(text);
  });
  assertEquals(steps, []);
  await d;
  assertEquals(steps, ["inside", "ab"]);

  const error = new RangeError("e");
  let seen: unknown;
  await succeed().addCallback(async () => {
    await null;
    throw error;
  }).addErrback((failure) => void (seen = failure.value));
  assertStrictEquals(seen, error);
});

Deno.test("maybeDeferred takes plain, throwing, async and Deferred functions", async () => {
  assertEquals(await maybeDeferred((a: number, b: number) => a + b, 1, 2), 3);
  assertEquals(await maybeDeferred(async () => await "async"), "async");
  const d = new Deferred<number>();
  assertStrictEquals(maybeDeferred(() => d), d);
  const error = new Error("e");
  let seen: unknown;
  maybeDeferred(() => {
    throw error;
  }).addErrback((failure) => void (seen = failure.value));
  assertStrictEquals(seen, error);
});

Deno.test("fromPromise fires with what the promise settles to", async () => {
  const error = new Error("e");
  assertEquals(await Deferred.fromPromise(Promise.resolve(3)), 3);
  let seen: unknown;
  await Deferred.fromPromise(Promise.reject(error)).addErrback((failure) => void (seen = failure.value));
  assertStrictEquals(seen, error);
});

Deno.test("cancel aborts the work of a promise; its late result is dropped", async () => {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<string>();
  const d = Deferred.fromPromise(promise, controller);
  let seen: unknown;
  d.addErrback((failure) => void (seen = failure.value));
  d.cancel();
  assertInstanceOf(seen, CancelledError);
  assert(controller.signal.aborted);
  assertInstanceOf(controller.signal.reason, CancelledError);
  resolve("late");
  await promise;
});

Deno.test("abortable hands out a signal and aborts it on cancel, through a waiting chain too", () => {
  const signals: AbortSignal[] = [];
  const start = (signal: AbortSignal) => {
    signals.push(signal);
    return new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  for (const make of [() => abortable(start), () => succeed().addCallback(() => abortable(start))]) {
    const d = make();
    let seen: unknown;
    d.addErrback((failure) => void (seen = failure.value));
    d.cancel();
    assertInstanceOf(seen, CancelledError);
    assert(signals.pop()!.aborted);
  }
});

Deno.test("abortable fails when the start throws", () => {
  const error = new Error("e");
  let seen: unknown;
  abortable(() => {
    throw error;
  }).addErrback((failure) => void (seen = failure.value));
  assertStrictEquals(seen, error);
});

Deno.test("an AbortSignal cancels: when it aborts, or at once if it has", async () => {
  for (const early of [false, true]) {
    const controller = new AbortController();
    let cancelled = 0;
    const d = new Deferred<void>(() => void cancelled++);
    if (early) controller.abort();
    const promise = d.toPromise({ signal: controller.signal });
    if (!early) controller.abort();
    await assertRejects(() => promise, CancelledError);
    assertEquals(cancelled, 1);
    d.addErrback(() => {});
  }
});

Deno.test("the signal is let go once the chain is past it", () => {
  const listeners = new Set<unknown>();
  const controller = new AbortController();
  const signal = controller.signal;
  signal.addEventListener = (_type: string, listener: unknown) => void listeners.add(listener);
  signal.removeEventListener = (_type: string, listener: unknown) => void listeners.delete(listener);
  const d = new Deferred<number>();
  const bound = d.cancelOnAbort(signal);
  assertEquals(listeners.size, 1);
  d.callback(1);
  assertEquals(listeners.size, 0);
  let seen = 0;
  bound.addCallback((n) => void (seen = n));
  assertEquals(seen, 1);
});

Deno.test("a thenable that throws in then, or whose then is a getter that does, fails the chain", () => {
  const error = new Error("e");
  const seen: unknown[] = [];
  const throwing = {
    then() {
      throw error;
    },
  };
  const trapped = {
    get then() {
      throw error;
    },
  };
  succeed().addCallback(() => throwing as PromiseLike<never>).addErrback((failure) =>
    void seen.push(failure.value)
  );
  succeed().addCallback(() => trapped).addErrback((failure) => void seen.push(failure.value));
  assertEquals(seen, [error, error]);
});
