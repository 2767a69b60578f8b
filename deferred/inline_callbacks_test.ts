import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import {
  CancelledError,
  Deferred,
  ensureDeferred,
  fail,
  Failure,
  inlineCallbacks,
  NotACoroutineError,
  succeed,
} from "@ropewalk/deferred";

/** What a Deferred has come to: its value, or the error in it, which is taken in hand. */
function resultOf(d: Deferred<unknown>): unknown {
  let seen: unknown = "nothing yet";
  d.addBoth((result) => {
    seen = Failure.is(result) ? result.value : result;
  });
  return seen;
}

Deno.test("a generator waits with yield* and its return is the result", () => {
  const first = new Deferred<number>();
  const second = new Deferred<string>();
  const d = inlineCallbacks(function* (factor: number) {
    const n = yield* first;
    const text = yield* second;
    return text.repeat(n * factor);
  })(2);
  assertEquals(String(d), "[Deferred not fired]");
  first.callback(1);
  assert(!d.called);
  second.callback("ab");
  assertEquals(resultOf(d), "abab");
});

Deno.test("a bare yield waits for Deferreds and promises", async () => {
  const seen: unknown[] = [];
  await inlineCallbacks(function* () {
    seen.push(yield succeed(1));
    seen.push(yield Promise.resolve(2));
    seen.push(yield { then: (ok: (value: number) => void) => ok(3) });
  })();
  assertEquals(seen, [1, 2, 3]);
});

Deno.test("a plain value that is yielded comes back at once", () => {
  const object = { a: 1 };
  const d = inlineCallbacks(function* () {
    return [yield 5, yield "text", yield null, yield undefined, yield object];
  })();
  assertEquals(resultOf(d), [5, "text", null, undefined, object]);
});

Deno.test("a Failure that is yielded is thrown", () => {
  const error = new Error("e");
  const d = inlineCallbacks(function* () {
    yield new Failure(error);
  })();
  assertStrictEquals(resultOf(d), error);
});

Deno.test("this and the arguments reach the generator", () => {
  class Account {
    balance = 3;
    readonly add = inlineCallbacks(function* (this: Account, amount: number) {
      this.balance += yield* succeed(amount);
      return this.balance;
    });
  }
  assertEquals(resultOf(new Account().add(4)), 7);
});

Deno.test("try, catch and finally see the original error object, with yield* and with yield", () => {
  const error = new RangeError("far");
  for (const late of [false, true]) {
    for (const delegate of [false, true]) {
      const source = late ? new Deferred<number>() : fail<number>(error);
      const seen: unknown[] = [];
      const d = inlineCallbacks(function* () {
        try {
          return delegate ? yield* source : yield source;
        } catch (caught) {
          seen.push(caught);
          return "caught";
        } finally {
          seen.push("finally");
        }
      })();
      if (late) source.errback(error);
      assertEquals(resultOf(d), "caught");
      assertStrictEquals(seen[0], error);
      assertEquals(seen[1], "finally");
    }
  }
});

Deno.test("an error the generator does not catch is the failure, the very object", () => {
  for (const thrown of [new Error("e"), "text", undefined]) {
    const direct = inlineCallbacks(function* () {
      yield* succeed();
      throw thrown;
    })();
    assertStrictEquals(resultOf(direct), thrown);
    const through = inlineCallbacks(function* () {
      return yield* succeed().addCallback(() => {
        throw thrown;
      });
    })();
    assertStrictEquals(resultOf(through), thrown);
  }
});

Deno.test("yielding takes the result of the chain, which becomes undefined", () => {
  for (const late of [false, true]) {
    for (const failing of [false, true]) {
      for (const delegate of [false, true]) {
        const d = new Deferred<string>();
        const fire = () => failing ? d.errback(new Error("e")) : d.callback("v");
        if (!late) fire();
        const waiting = inlineCallbacks(function* () {
          try {
            if (delegate) yield* d;
            else yield d;
          } catch {
            // only the result left behind is looked at
          }
        })();
        if (late) fire();
        assertEquals(resultOf(waiting), undefined);
        assertEquals(resultOf(d), undefined);
      }
    }
  }
});

Deno.test("callbacks added before the yield run first, those added after come last", () => {
  const seen: unknown[] = [];
  const d = new Deferred<number>();
  d.addCallback((n) => n + 1);
  inlineCallbacks(function* () {
    seen.push(yield* d);
  })();
  d.addCallback((v) => void seen.push(v));
  d.callback(1);
  assertEquals(seen, [2, undefined]);
});

Deno.test("a Deferred, promise or Failure that the generator returns is waited for", async () => {
  const inner = new Deferred<number>();
  const d = inlineCallbacks(function* () {
    yield* succeed();
    return inner;
  })();
  inner.callback(6);
  assertEquals(resultOf(d), 6);

  const error = new Error("e");
  const failing = inlineCallbacks(function* () {
    yield* succeed();
    return new Failure(error);
  })();
  assertStrictEquals(resultOf(failing), error);

  const promised: Deferred<string> = inlineCallbacks(function* () {
    yield* succeed();
    return Promise.resolve("p");
  })();
  assertEquals(await promised, "p");
});

Deno.test("a function that is no generator function raises TypeError when it is called", () => {
  const wrong = inlineCallbacks((() => 5) as never);
  assertThrows(() => wrong(), TypeError, "inlineCallbacks needs a generator function");
});

Deno.test("what a generator function throws before its first yield is the failure, not an exception", () => {
  const error = new Error("early");
  // deno-lint-ignore require-yield
  const d = inlineCallbacks(function* () {
    throw error;
  })();
  assertStrictEquals(resultOf(d), error);
});

Deno.test("an object that only behaves like a generator is driven too", () => {
  const steps = [{ done: false, value: 4 }, { done: true, value: "end" }];
  const fed: unknown[] = [];
  const lookalike = {
    next: (value: unknown) => {
      fed.push(value);
      return steps.shift();
    },
    throw: (error: unknown) => {
      throw error;
    },
  };
  assertEquals(resultOf(inlineCallbacks(() => lookalike as never)()), "end");
  assertEquals(fed, [undefined, 4]);
});

Deno.test("cancel reaches the Deferred that is being waited for; the generator sees CancelledError", () => {
  let cancelled = 0;
  const inner = new Deferred<void>(() => void cancelled++);
  let caught: unknown;
  const d = inlineCallbacks(function* () {
    try {
      yield* inner;
    } catch (error) {
      caught = error;
      throw error;
    }
  })();
  d.cancel();
  assertEquals(cancelled, 1);
  assertInstanceOf(caught, CancelledError);
  assertStrictEquals(resultOf(d), caught);
});

Deno.test("a generator may catch the cancellation and still return a value", () => {
  const d = inlineCallbacks(function* () {
    try {
      return yield* new Deferred<string>();
    } catch {
      return "saved";
    }
  })();
  d.cancel();
  assertEquals(resultOf(d), "saved");
});

Deno.test("after a cancellation it caught the generator may wait again, and be cancelled again", () => {
  const cancelled: string[] = [];
  const first = new Deferred<void>(() => void cancelled.push("first"));
  const second = new Deferred<void>(() => void cancelled.push("second"));
  const d = inlineCallbacks(function* () {
    try {
      yield* first;
    } catch {
      yield* second;
    }
    return "not reached";
  })();
  const seen: unknown[] = [];
  d.addBoth((result) => void seen.push(result));
  d.cancel();
  assertEquals([cancelled, seen], [["first"], []]);
  d.cancel();
  assertEquals(cancelled, ["first", "second"]);
  assertInstanceOf((seen[0] as Failure).value, CancelledError);
});

Deno.test("a cancelled wait whose errback makes another Deferred of it is waited for", () => {
  const later = new Deferred<string>();
  const inner = new Deferred<string>();
  const waited = inner.addErrback(() => later);
  const d = inlineCallbacks(function* () {
    return yield* waited;
  })();
  const seen: unknown[] = [];
  d.addBoth((result) => void seen.push(result));
  d.cancel();
  assertEquals(seen, []);
  later.callback("late");
  assertEquals(seen, ["late"]);
});

Deno.test("cancelling through nested generators reaches the innermost wait", () => {
  let cancelled = 0;
  const inner = new Deferred<void>(() => void cancelled++);
  const call = inlineCallbacks(function* (depth: number): Generator<unknown, void, unknown> {
    if (depth === 0) yield* inner;
    else yield call(depth - 1);
  });
  const d = call(5);
  d.cancel();
  assertEquals(cancelled, 1);
  assertInstanceOf(resultOf(d), CancelledError);
});

Deno.test("a generator that cancels its own Deferred while it runs is cancelled in its next wait", () => {
  const gate = new Deferred<void>();
  const seen: string[] = [];
  const d: Deferred<void> = inlineCallbacks(function* () {
    yield* gate;
    d.cancel();
    seen.push("still running");
    yield* new Deferred<void>();
    seen.push("not reached");
  })();
  gate.callback();
  assertEquals(seen, ["still running"]);
  assertInstanceOf(resultOf(d), CancelledError);
});

Deno.test("a generator that cancels its own Deferred and needs no more waits comes to its result", () => {
  const gate = new Deferred<void>();
  const d: Deferred<string> = inlineCallbacks(function* () {
    yield* gate;
    d.cancel();
    return "done";
  })();
  gate.callback();
  assertEquals(resultOf(d), "done");
});

Deno.test("a canceller that throws does so to the caller, and the generator goes on waiting", () => {
  const inner = new Deferred<number>(() => {
    throw new RangeError("broken");
  });
  const d = inlineCallbacks(function* () {
    return yield* inner;
  })();
  assertThrows(() => d.cancel(), RangeError, "broken");
  inner.callback(3);
  assertEquals(resultOf(d), 3);
});

Deno.test("a million yields of fired Deferreds use constant stack", () => {
  const d = inlineCallbacks(function* () {
    let sum = 0;
    for (let i = 0; i < 500_000; i++) sum += yield* succeed(1);
    for (let i = 0; i < 500_000; i++) sum += (yield succeed(1)) as number;
    return sum;
  })();
  assertEquals(resultOf(d), 1_000_000);
});

Deno.test("ensureDeferred takes promises, generators and Deferreds, and nothing else", async () => {
  const d = new Deferred<number>();
  assertStrictEquals(ensureDeferred(d), d);
  function* generator() {
    return (yield* succeed(20)) + 1;
  }
  assertEquals(resultOf(ensureDeferred(generator())), 21);
  const answer = async () => await Promise.resolve(42);
  assertEquals(await ensureDeferred(answer()), 42);
  for (const wrong of [5, "text", null, undefined, {}, () => {}]) {
    const error = assertThrows(() => ensureDeferred(wrong as never), NotACoroutineError);
    assertInstanceOf(error, TypeError);
  }
});
