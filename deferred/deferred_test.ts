import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { AlreadyCalledError, Deferred, fail, Failure, succeed } from "@ropewalk/deferred";

/** Adds a callback that shows what the chain holds at this point, and takes a failure in hand. */
function resultOf(d: Deferred<unknown>): unknown {
  let seen: unknown = "nothing yet";
  d.addBoth((result) => {
    seen = Failure.is(result) ? result.value : result;
  });
  return seen;
}

Deno.test("callbacks run in order, inside callback(), each with what the one before returned", () => {
  const seen: unknown[] = [];
  const d = new Deferred<number>();
  d.addCallback((n) => {
    seen.push(n);
    return n + 1;
  }).addCallback((n) => {
    seen.push(n);
    return String(n);
  }).addCallback((text) => void seen.push(text));
  assertEquals(seen, []);
  d.callback(1);
  assertEquals(seen, [1, 2, "2"]);
});

Deno.test("a callback added to a fired Deferred runs at once", () => {
  assertEquals(resultOf(succeed(3).addCallback((n) => n * 2)), 6);
});

Deno.test("extra arguments reach callbacks, errbacks and both", () => {
  assertEquals(resultOf(succeed(1).addCallback((n, a: number, b: number) => n + a + b, 20, 300)), 321);
  assertEquals(resultOf(fail(new Error("x")).addErrback((_f, a: string) => a, "rescued")), "rescued");
  assertEquals(resultOf(succeed(1).addBoth((n, a: number) => [n, a], 2)), [1, 2]);
  assertEquals(resultOf(succeed(1).addCallback((n, a?: number) => [n, a], undefined)), [1, undefined]);
});

Deno.test("a failure passes callbacks by, an errback's value crosses back", () => {
  const seen: string[] = [];
  const error = new Error("no");
  const d = new Deferred<number>();
  d.addCallback(() => seen.push("not me")).addErrback((failure) => {
    assertStrictEquals(failure.value, error);
    seen.push("errback");
    return 5;
  }).addErrback(() => seen.push("nor me")).addCallback((n) => seen.push(`back with ${n}`));
  d.errback(error);
  assertEquals(seen, ["errback", "back with 5"]);
});

Deno.test("what a callback throws is in failure.value as it is, Error or not", () => {
  const error = new RangeError("far");
  for (const thrown of [error, "text", 7, null, undefined, { odd: true }]) {
    const d = succeed().addCallback(() => {
      throw thrown;
    });
    assertStrictEquals(resultOf(d), thrown);
  }
});

Deno.test("a callback that returns a Failure crosses lanes; callback(failure) starts in the second", () => {
  const error = new Error("e");
  assertStrictEquals(resultOf(succeed().addCallback(() => new Failure(error))), error);
  const d = new Deferred<number>();
  d.callback(new Failure(error));
  assertStrictEquals(resultOf(d), error);
});

Deno.test("addCallbacks without an errback lets failures pass", () => {
  const error = new Error("e");
  assertStrictEquals(resultOf(fail(error).addCallbacks(() => 1)), error);
  assertStrictEquals(resultOf(fail(error).addCallbacks(() => 1, null)), error);
});

Deno.test("of a pair only one side runs: an error in the callback is not seen by its own errback", () => {
  const seen: string[] = [];
  const d = succeed().addCallbacks(() => {
    throw new Error("e");
  }, () => seen.push("own"));
  d.addErrback(() => seen.push("next"));
  assertEquals(seen, ["next"]);
});

Deno.test("an errback that returns its failure keeps the lane", () => {
  const error = new Error("e");
  const seen: unknown[] = [];
  fail(error).addErrback((failure) => {
    seen.push("first");
    return failure;
  }).addErrback((failure) => void seen.push(failure.value));
  assertEquals(seen, ["first", error]);
});

Deno.test("firing twice raises AlreadyCalledError, in every combination", () => {
  for (const first of ["callback", "errback"] as const) {
    for (const second of ["callback", "errback"] as const) {
      const d = new Deferred<unknown>();
      d.addErrback(() => {});
      d[first](new Error("first") as never);
      const error = assertThrows(() => d[second](new Error("second") as never), AlreadyCalledError);
      assertEquals(error.code, "ALREADY_CALLED");
      assertEquals(error.message, "Cannot fire a Deferred: it was fired already");
    }
  }
});

Deno.test("callback refuses a Deferred and errback refuses what is no error", () => {
  const d = new Deferred<unknown>();
  assertThrows(() => d.callback(new Deferred()), TypeError, "Cannot fire a Deferred with another Deferred");
  for (const reason of ["text", 1, null, undefined, {}]) {
    assertThrows(() => d.errback(reason as never), TypeError, "Cannot fail a Deferred");
  }
  assert(!d.called);
  d.callback(1);
  assert(d.called);
});

Deno.test("callback() without a value fires with undefined", () => {
  const d = new Deferred<void>();
  d.callback();
  assertEquals(resultOf(d), undefined);
});

Deno.test("a fired Deferred returned from a callback gives its result, and keeps none", () => {
  const inner = succeed("inner");
  assertEquals(resultOf(succeed().addCallback(() => inner)), "inner");
  assertEquals(resultOf(inner), undefined);
});

Deno.test("the chain waits for a pending Deferred that a callback returned", () => {
  const seen: unknown[] = [];
  const inner = new Deferred<string>();
  const outer = succeed().addCallback(() => inner);
  outer.addCallback((v) => seen.push(v));
  assertEquals(seen, []);
  assert(outer.called);
  inner.callback("late");
  assertEquals(seen, ["late"]);
});

Deno.test("a failure inside reaches the outside once, and is gone inside", () => {
  const error = new Error("inside");
  const inner = new Deferred<string>();
  const outer = succeed().addCallback(() => inner);
  inner.errback(error);
  assertStrictEquals(resultOf(outer), error);
  assertEquals(resultOf(inner), undefined);
});

Deno.test("callbacks of the inner Deferred added before run first, those added after get undefined", () => {
  const seen: unknown[] = [];
  const inner = new Deferred<string>();
  inner.addCallback((v) => {
    seen.push(["before", v]);
    return "changed";
  });
  const outer = succeed().addCallback(() => inner);
  inner.addCallback((v) => void seen.push(["after", v]));
  outer.addCallback((v) => void seen.push(["outer", v]));
  inner.callback("first");
  assertEquals(seen, [["before", "first"], ["outer", "changed"], ["after", undefined]]);
});

Deno.test("an inner Deferred that waits itself hands its result through all of them", () => {
  const seen: unknown[] = [];
  const innermost = new Deferred<number>();
  const middle = succeed().addCallback(() => innermost);
  middle.addCallback((n) => n + 1);
  const outer = succeed().addCallback(() => middle);
  outer.addCallback((n) => void seen.push(n));
  innermost.callback(1);
  assertEquals(seen, [2]);
});

Deno.test("two Deferreds that wait for one: the first gets the result, the second undefined", () => {
  const shared = new Deferred<number>();
  const first = succeed().addCallback(() => shared);
  const second = succeed().addCallback(() => shared);
  shared.callback(9);
  assertEquals([resultOf(first), resultOf(second)], [9, undefined]);
});

Deno.test("a callback that returns its own Deferred fails instead of waiting for ever", () => {
  const d = new Deferred<unknown>();
  const chain = d.addCallback((): unknown => d);
  d.callback(1);
  assertInstanceOf(resultOf(chain), TypeError);
});

Deno.test("a callback added by a callback runs last, and not before the present one returns", () => {
  const seen: string[] = [];
  const d = new Deferred<void>();
  d.addCallback(() => {
    seen.push("first starts");
    d.addCallback(() => void seen.push("added inside"));
    seen.push("first ends");
  });
  d.addCallback(() => void seen.push("second"));
  d.callback();
  assertEquals(seen, ["first starts", "first ends", "second", "added inside"]);
});

Deno.test("callbacks added while the chain waits run after what it waits for", () => {
  const seen: string[] = [];
  const inner = new Deferred<void>();
  const outer = new Deferred<void>();
  const chain = outer.addCallback(() => inner);
  outer.callback();
  chain.addCallback(() => void seen.push("outer"));
  inner.addCallback(() => void seen.push("inner"));
  assertEquals(seen, []);
  inner.callback();
  assertEquals(seen, ["outer", "inner"]);
});

Deno.test("pause holds the chain until as many unpauses", () => {
  const seen: number[] = [];
  const d = new Deferred<number>();
  d.addCallback((n) => void seen.push(n));
  d.pause();
  d.pause();
  d.callback(1);
  d.unpause();
  assertEquals(seen, []);
  d.unpause();
  assertEquals(seen, [1]);
});

Deno.test("a callback that pauses its own chain stops it there", () => {
  const seen: string[] = [];
  const d = new Deferred<void>();
  d.addCallback(() => {
    seen.push("one");
    d.pause();
  }).addCallback(() => void seen.push("two"));
  d.callback();
  assertEquals(seen, ["one"]);
  d.unpause();
  assertEquals(seen, ["one", "two"]);
});

Deno.test("unpause without a pause is refused", () => {
  assertThrows(() => new Deferred().unpause(), RangeError, "Cannot unpause a Deferred: it is not paused");
});

Deno.test("a paused, fired Deferred returned from a callback is waited for until it is unpaused", () => {
  const inner = succeed("held");
  inner.pause();
  const outer = succeed().addCallback(() => inner);
  const seen: unknown[] = [];
  outer.addCallback((v) => void seen.push(v));
  assertEquals(seen, []);
  inner.unpause();
  assertEquals(seen, ["held"]);
});

Deno.test("a paused Deferred that waits gets its result and runs on when it is unpaused", () => {
  const seen: unknown[] = [];
  const inner = new Deferred<number>();
  const outer = succeed().addCallback(() => inner);
  outer.addCallback((n) => void seen.push(n));
  outer.pause();
  inner.callback(4);
  assertEquals(seen, []);
  outer.unpause();
  assertEquals(seen, [4]);
});

Deno.test("chainDeferred hands both lanes over and leaves undefined", () => {
  const a = new Deferred<number>();
  const b = new Deferred<number>();
  const rest = a.chainDeferred(b);
  a.callback(3);
  assertEquals([resultOf(b), resultOf(rest)], [3, undefined]);

  const error = new Error("e");
  const c = fail<number>(error);
  const d = new Deferred<number>();
  const left = c.chainDeferred(d);
  assertStrictEquals(resultOf(d), error);
  assertEquals(resultOf(left), undefined);
});

Deno.test("chainDeferred to a Deferred that was fired fails with AlreadyCalledError", () => {
  assertInstanceOf(resultOf(succeed(1).chainDeferred(succeed(2))), AlreadyCalledError);
});

Deno.test("toString tells the state", () => {
  const inner = new Deferred<number>();
  const outer = succeed().addCallback(() => inner);
  const paused = new Deferred();
  paused.pause();
  assertEquals(String(inner), "[Deferred not fired]");
  assertEquals(String(outer), "[Deferred waiting on another Deferred]");
  assertEquals(String(paused), "[Deferred not fired, paused]");
  assertEquals(String(succeed(4)), "[Deferred fired: 4]");
  assertEquals(String(succeed("four")), '[Deferred fired: "four"]');
  assertEquals(String(succeed(Object.create(null))), "[Deferred fired: object]");
  const failed = fail(new RangeError("far"));
  assertEquals(String(failed), "[Deferred failed: RangeError: far]");
  failed.addErrback(() => {});
});

Deno.test("Deferred.is tells Deferreds from all else", () => {
  assert(Deferred.is(new Deferred()));
  for (const other of [null, undefined, 1, {}, Promise.resolve(), new Failure(1)]) {
    assert(!Deferred.is(other));
  }
});
