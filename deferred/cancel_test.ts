import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { AlreadyCalledError, CancelledError, Deferred, Failure, succeed } from "@ropewalk/deferred";

function errorsOf(d: Deferred<unknown>): unknown[] {
  const errors: unknown[] = [];
  d.addErrback((failure) => void errors.push(failure.value));
  return errors;
}

Deno.test("cancel without a canceller fails with CancelledError", () => {
  const d = new Deferred();
  const errors = errorsOf(d);
  d.cancel();
  assertEquals(errors.length, 1);
  assertInstanceOf(errors[0], CancelledError);
});

Deno.test("after a cancel without a canceller exactly one late result is let pass in silence", () => {
  for (const late of ["callback", "errback"] as const) {
    const d = new Deferred();
    const errors = errorsOf(d);
    d.cancel();
    d[late](new Error("late"));
    assertEquals(errors.length, 1);
    assertThrows(() => d.callback(1), AlreadyCalledError);
    assertThrows(() => d.errback(new Error("later")), AlreadyCalledError);
  }
});

Deno.test("a canceller that does not fire: CancelledError follows, and a late result is an error at once", () => {
  let cancelled: unknown;
  const d = new Deferred((self) => void (cancelled = self));
  const errors = errorsOf(d);
  d.cancel();
  assert(cancelled === d);
  assertInstanceOf(errors[0], CancelledError);
  assertThrows(() => d.callback(1), AlreadyCalledError);
});

Deno.test("a canceller may fire a value or an error of its own", () => {
  const seen: unknown[] = [];
  const good = new Deferred<string>((d) => d.callback("instead"));
  good.addCallback((v) => void seen.push(v));
  good.cancel();
  assertEquals(seen, ["instead"]);

  const own = new RangeError("own");
  const bad = new Deferred((d) => d.errback(own));
  const errors = errorsOf(bad);
  bad.cancel();
  assertEquals(errors, [own]);
});

Deno.test("cancelling twice calls the canceller once", () => {
  let calls = 0;
  const d = new Deferred(() => void calls++);
  errorsOf(d);
  d.cancel();
  d.cancel();
  assertEquals(calls, 1);
});

Deno.test("cancel after the result is there does nothing", () => {
  let calls = 0;
  const d = new Deferred<number>(() => void calls++);
  d.callback(1);
  d.cancel();
  let seen = 0;
  d.addCallback((n) => void (seen = n));
  assertEquals([calls, seen], [0, 1]);
});

Deno.test("cancelling a Deferred that waits cancels the innermost, not its own canceller", () => {
  const called: string[] = [];
  const innermost = new Deferred(() => void called.push("innermost"));
  const middle = new Deferred(() => void called.push("middle"));
  const outer = new Deferred(() => void called.push("outer"));
  middle.addCallback(() => innermost);
  outer.addCallback(() => middle);
  middle.callback(0);
  outer.callback(0);
  const errors = errorsOf(outer);
  outer.cancel();
  assertEquals(called, ["innermost"]);
  assertInstanceOf(errors[0], CancelledError);
});

Deno.test("what the inner one makes of the cancellation is what the outer one gets", () => {
  const inner = new Deferred<string>();
  inner.addErrback((failure) => {
    failure.trap(CancelledError);
    return "saved";
  });
  const outer = succeed().addCallback(() => inner);
  const seen: unknown[] = [];
  outer.addCallback((v) => void seen.push(v));
  outer.cancel();
  assertEquals(seen, ["saved"]);
});

Deno.test("a canceller that throws does so to the caller of cancel, and the Deferred stays as it was", () => {
  const d = new Deferred<number>(() => {
    throw new RangeError("broken canceller");
  });
  assertThrows(() => d.cancel(), RangeError, "broken canceller");
  assert(!d.called);
  d.callback(1);
});

Deno.test("cancelling two Deferreds that wait for each other ends", () => {
  const a = new Deferred<unknown>();
  const b = new Deferred<unknown>();
  b.addCallback((): Deferred<unknown> => a);
  a.addCallback((): Deferred<unknown> => b);
  a.callback(1);
  b.callback(2);
  a.cancel();
  assertEquals(String(a), "[Deferred waiting on another Deferred]");
});

Deno.test("cancel while a callback of the chain runs leaves the chain to its course", () => {
  const d = new Deferred<number>();
  const seen: unknown[] = [];
  d.addCallback((n) => {
    d.cancel();
    return n + 1;
  }).addBoth((r) => void seen.push(Failure.is(r) ? "failed" : r));
  d.callback(1);
  assertEquals(seen, [2]);
});
