import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import {
  CancelledError,
  Deferred,
  DeferredList,
  fail,
  Failure,
  FailureGroup,
  FirstError,
  gatherResults,
  race,
  setErrorReporter,
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

/** The results of a list with errors in place of Failures. */
function plain(results: unknown): unknown {
  return (results as [boolean, unknown][]).map(([ok, value]) => [ok, ok ? value : (value as Failure).value]);
}

function cancellable(log: string[], name: string): Deferred<unknown> {
  return new Deferred<unknown>(() => void log.push(name));
}

Deno.test("DeferredList fires with [ok, value] in the order given, when the last has its result", () => {
  const a = new Deferred<number>();
  const b = new Deferred<string>();
  const c = new Deferred<boolean>();
  const error = new Error("no");
  const list = new DeferredList([a, b, c], { consumeErrors: true });
  c.callback(true);
  b.errback(error);
  assert(!list.called);
  assertEquals(list.finishedCount, 2);
  a.callback(1);
  assertEquals(plain(resultOf(list)), [[true, 1], [false, error], [true, true]]);
});

Deno.test("an empty DeferredList fires at once, but waits for ever with fireOnOneCallback", () => {
  assertEquals(resultOf(new DeferredList([])), []);
  assertEquals(resultOf(new DeferredList([], { fireOnOneErrback: true })), []);
  assertEquals(resultOf(new DeferredList([], { fireOnOneCallback: true })), "nothing yet");
});

Deno.test("values stay with the Deferreds, and failures do unless consumeErrors is set", () => {
  const error = new Error("no");
  for (const consumeErrors of [false, true]) {
    const good = succeed("v");
    const bad = fail(error);
    new DeferredList([good, bad], { consumeErrors });
    assertEquals(resultOf(good), "v");
    assertStrictEquals(resultOf(bad), consumeErrors ? undefined : error);
  }
});

Deno.test("fireOnOneCallback fires with [value, index]", () => {
  const a = new Deferred<string>();
  const b = new Deferred<string>();
  const list = new DeferredList([a, b], { fireOnOneCallback: true });
  b.callback("quick");
  assertEquals(resultOf(list), ["quick", 1]);
  a.callback("late"); // changes nothing
  assertEquals(resultOf(a), "late");
});

Deno.test("fireOnOneCallback gives all results when all failed", () => {
  const error = new Error("no");
  const list = new DeferredList([fail(error), fail(error)], { fireOnOneCallback: true, consumeErrors: true });
  assertEquals(plain(resultOf(list)), [[false, error], [false, error]]);
});

Deno.test("fireOnOneErrback fails with FirstError: index, subFailure, and the error as cause", () => {
  const a = new Deferred<string>();
  const b = new Deferred<string>();
  const list = new DeferredList([a, b], { fireOnOneErrback: true, consumeErrors: true });
  const error = new RangeError("far");
  b.errback(error);
  const first = resultOf(list);
  assertInstanceOf(first, FirstError);
  assertEquals([first.index, first.subFailure.value, first.cause], [1, error, error]);
  assertEquals(first.message, "Deferred #1 failed: far");
  a.errback(new Error("late")); // consumed
});

Deno.test("promises and values may stand in a list; a rejected promise is the list's to handle", async () => {
  const error = new Error("no");
  const list = new DeferredList([Promise.resolve(1), succeed(2), 3, Promise.reject(error)]);
  assertEquals(plain(await list), [[true, 1], [true, 2], [true, 3], [false, error]]);
});

Deno.test("cancelling a list cancels every member that has no result, and it fires with what came of them", () => {
  const log: string[] = [];
  const list = new DeferredList([cancellable(log, "a"), succeed("b"), cancellable(log, "c")], {
    consumeErrors: true,
  });
  list.cancel();
  assertEquals(log, ["a", "c"]);
  const results = resultOf(list) as [boolean, unknown][];
  assertEquals(results.map(([ok]) => ok), [false, true, false]);
  assertInstanceOf((results[0]![1] as Failure).value, CancelledError);
});

Deno.test("cancelling a list with fireOnOneErrback fails with FirstError of CancelledError", () => {
  const list = new DeferredList([new Deferred(), new Deferred()], {
    fireOnOneErrback: true,
    consumeErrors: true,
  });
  list.cancel();
  const error = resultOf(list);
  assertInstanceOf(error, FirstError);
  assertInstanceOf(error.subFailure.value, CancelledError);
});

Deno.test("a canceller that throws is reported and does not keep the others from being cancelled", () => {
  const log: string[] = [];
  const reported: string[] = [];
  const before = setErrorReporter((failure, context) => reported.push(`${context}: ${failure.value}`));
  const broken = new Deferred<void>(() => {
    throw new RangeError("broken");
  });
  const list = new DeferredList([broken, cancellable(log, "b")], { consumeErrors: true });
  list.cancel();
  setErrorReporter(before);
  assertEquals(log, ["b"]);
  assertEquals(reported, ["A canceller failed: RangeError: broken"]);
  // The broken one goes on, and so does the list.
  const seen: unknown[] = [];
  list.addCallback((results) => void seen.push((results as unknown[]).length));
  assertEquals(seen, []);
  broken.callback();
  assertEquals(seen, [2]);
});

Deno.test("a list that has fired leaves the rest of its members alone when it is cancelled", () => {
  const log: string[] = [];
  const rest = cancellable(log, "rest");
  const first = new DeferredList([succeed(1), rest], { fireOnOneCallback: true });
  first.cancel();
  const failed = new DeferredList([fail(new Error("e")), rest], {
    fireOnOneErrback: true,
    consumeErrors: true,
  });
  failed.cancel();
  assertEquals(log, []);
  assertInstanceOf(resultOf(failed), FirstError);
});

Deno.test("a list is cancelled through a Deferred that waits for it", () => {
  const log: string[] = [];
  const outer = succeed().addCallback(() =>
    new DeferredList([cancellable(log, "a")], { consumeErrors: true })
  );
  outer.cancel();
  assertEquals(log, ["a"]);
});

Deno.test("gatherResults gives the values, or fails with FirstError", () => {
  const a = new Deferred<number>();
  const gathered = gatherResults([a, succeed("b")]);
  a.callback(1);
  assertEquals(resultOf(gathered), [1, "b"]);

  const error = new Error("no");
  const bad = fail(error);
  const failing = resultOf(gatherResults([succeed(1), bad], { consumeErrors: true }));
  assertInstanceOf(failing, FirstError);
  assertStrictEquals(failing.subFailure.value, error);
  assertEquals(resultOf(bad), undefined);
  assertEquals(resultOf(gatherResults([])), []);
});

Deno.test("cancelling gatherResults cancels all that were given", () => {
  const log: string[] = [];
  const gathered = gatherResults([cancellable(log, "a"), cancellable(log, "b")], { consumeErrors: true });
  gathered.cancel();
  assertEquals(log, ["a", "b"]);
  assertInstanceOf(resultOf(gathered), FirstError);
});

Deno.test("race fires with [index, value] of the first and cancels the others before that", () => {
  const log: string[] = [];
  const quick = new Deferred<string>();
  const winner = race([cancellable(log, "a"), quick, cancellable(log, "c")]);
  winner.addCallback((first) => {
    log.push("fired");
    return first;
  });
  quick.callback("here");
  assertEquals(log, ["a", "c", "fired"]);
  assertEquals(resultOf(winner), [1, "here"]);
});

Deno.test("race passes over failures, and fails with FailureGroup when there are only those", () => {
  const a = new Deferred<string>();
  const b = new Deferred<string>();
  const winner = race([a, b]);
  a.errback(new Error("first"));
  b.callback("second");
  assertEquals(resultOf(winner), [1, "second"]);

  const errors = [new Error("x"), new Error("y")];
  const c = new Deferred<string>();
  const d = new Deferred<string>();
  const none = race([c, d]);
  d.errback(errors[1]!);
  c.errback(errors[0]!);
  const group = resultOf(none);
  assertInstanceOf(group, FailureGroup);
  assertEquals(group.failures.map((failure) => failure.value), errors);
  assertEquals(group.errors, errors);
  assertInstanceOf(resultOf(race([])), FailureGroup);
});

Deno.test("late results of those that lost a race are dropped in silence", () => {
  const slow = new Deferred<string>();
  const stubborn = new Deferred<string>((d) => d.callback("in spite of it"));
  assertEquals(resultOf(race([slow, succeed("won"), stubborn])), [1, "won"]);
  slow.callback("too late"); // its one free late result
});

Deno.test("cancelling a race cancels all, and it fails with all of their errors", () => {
  const log: string[] = [];
  const winner = race([cancellable(log, "a"), cancellable(log, "b")]);
  winner.cancel();
  assertEquals(log, ["a", "b"]);
  const group = resultOf(winner);
  assertInstanceOf(group, FailureGroup);
  for (const failure of group.failures) assertInstanceOf(failure.value, CancelledError);
});
