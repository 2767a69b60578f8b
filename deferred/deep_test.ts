import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { Deferred, Failure, inlineCallbacks, succeed } from "@ropewalk/deferred";

const MANY = 1_000_000;

Deno.test("a chain of a million callbacks runs in constant stack", () => {
  const d = new Deferred<number>();
  for (let i = 0; i < MANY; i++) d.addCallback((n) => n + 1);
  d.callback(0);
  let seen = 0;
  d.addCallback((n) => void (seen = n));
  assertEquals(seen, MANY);
});

/** `waiting[i]` waits for `waiting[i + 1]`, and the first was given its wait first, or last. */
function row(length: number, backwards: boolean): Deferred<number>[] {
  const waiting = Array.from({ length }, () => new Deferred<number>());
  for (let i = 0; i < length - 1; i++) waiting[i]!.addCallback(() => waiting[i + 1]!);
  if (backwards) { for (let i = length - 2; i >= 0; i--) waiting[i]!.callback(0); }
  else for (let i = 0; i < length - 1; i++) waiting[i]!.callback(0);
  return waiting;
}

Deno.test("a million Deferreds, each waiting for the next, run in constant stack", () => {
  const waiting = row(MANY, false);
  let seen = 0;
  waiting[0]!.addCallback((n) => void (seen = n));
  waiting[MANY - 1]!.callback(7);
  assertEquals(seen, 7);
});

Deno.test("a failure crosses a row that was tied from its end, and cancel finds the innermost of it", () => {
  const length = 300_000;
  const waiting = row(length, true);
  let errors = 0;
  waiting[0]!.addErrback(() => {
    errors++;
    return 0;
  });
  waiting[0]!.cancel();
  assertEquals(errors, 1);
  assert(waiting[length - 1]!.called);
});

Deno.test("a Deferred that returns one more each time runs in constant stack", () => {
  const step = (n: number): number | Deferred<number> =>
    n === 0 ? 0 : succeed(n - 1).addCallback(() => n - 1);
  const d = new Deferred<number>();
  for (let i = 0; i < MANY; i++) d.addCallback(step);
  d.callback(MANY);
  let seen = -1;
  d.addCallback((n) => void (seen = n));
  assertEquals(seen, 0);
});

Deno.test("a row with callbacks of its own at every place runs each once, and in linear time", () => {
  const length = 200_000;
  let ran = 0;
  const waiting = Array.from({ length }, () => new Deferred<void>());
  for (let i = 0; i < length - 1; i++) {
    waiting[i]!.addCallback(() => waiting[i + 1]!).addCallback(() => void ran++);
    waiting[i]!.callback();
  }
  for (const d of waiting) d.addCallback(() => void ran++);
  waiting[length - 1]!.callback();
  assertEquals(ran, 2 * length - 1);
});

/** Checks that a Deferred works on: it has a result now or can be given one, and callbacks added to it run. */
function assertConsistent(d: Deferred<unknown>): void {
  if (!d.called) d.callback("given later");
  let runs = 0;
  d.addBoth((result) => {
    runs++;
    if (Failure.is(result)) assertInstanceOf(result.value, RangeError);
  });
  assertEquals(runs, 1, String(d));
}

Deno.test("a RangeError from recursion through callback() leaves every Deferred consistent", () => {
  for (const padding of [0, 1, 2, 3, 5, 8, 13, 21]) {
    const made: { d: Deferred<unknown>; ran: number; after: number }[] = [];
    const recurse = (): void => {
      const entry = { d: new Deferred<unknown>(), ran: 0, after: 0 };
      made.push(entry);
      entry.d.addCallback(() => {
        entry.ran++;
        recurse();
      });
      entry.d.addBoth((result) => {
        entry.after++;
        return result;
      });
      entry.d.callback(0);
    };
    pad(padding, recurse);
    assert(made.length > 500);
    for (const { d, ran, after } of made) {
      assert(ran <= 1 && after <= 1);
      assertConsistent(d);
    }
    // Whatever had not run has by now, and nothing has run twice.
    for (const { ran, after } of made) assert(ran <= 1 && after <= 1);
  }
});

Deno.test("so does one from recursion through returned Deferreds and generators", () => {
  for (const padding of [0, 1, 2, 3, 5, 8, 13, 21]) {
    const made: Deferred<unknown>[] = [];
    const nested = (): Deferred<unknown> => {
      const outer = succeed().addCallback(() => nested());
      made.push(outer);
      return outer;
    };
    pad(padding, nested);
    const driven = inlineCallbacks(function* (): Generator<unknown, unknown, unknown> {
      const d = driven();
      made.push(d);
      return yield d;
    });
    pad(padding, driven);
    for (const d of made) assertConsistent(d);
  }
});

// Uses up a little stack first, so that it runs out at different places.
function pad(frames: number, f: () => unknown): void {
  if (frames > 0) return pad(frames - 1, f);
  try {
    const d = f();
    if (Deferred.is(d)) d.addErrback(() => {});
  } catch (error) {
    assertInstanceOf(error, RangeError);
  }
}
