import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { CancelledError, Deferred, Failure, TimeoutError, type TimeProvider } from "@ropewalk/deferred";

/** A clock that stands still until it is told to go on; as little of one as these tests need. */
class SmallClock implements TimeProvider {
  #now = 0;
  #calls: { at: number; run: () => void }[] = [];

  seconds(): number {
    return this.#now;
  }

  get pending(): number {
    return this.#calls.length;
  }

  callLater<A extends unknown[]>(seconds: number, f: (...args: A) => unknown, ...args: A) {
    const call = { at: this.#now + seconds, run: () => void f(...args) };
    this.#calls.push(call);
    return {
      cancel: () => void (this.#calls = this.#calls.filter((other) => other !== call)),
      active: () => this.#calls.includes(call),
    };
  }

  advance(seconds: number): void {
    this.#now += seconds;
    const due = this.#calls.filter((call) => call.at <= this.#now);
    this.#calls = this.#calls.filter((call) => call.at > this.#now);
    for (const call of due) call.run();
  }
}

function outcome(d: Deferred<unknown>): unknown[] {
  const seen: unknown[] = [];
  d.addBoth((result) => void seen.push(Failure.is(result) ? result.value : result));
  return seen;
}

Deno.test("a result in time takes the timer back", () => {
  for (const failing of [false, true]) {
    const clock = new SmallClock();
    const d = new Deferred<string>();
    const seen = outcome(d.addTimeout(5, clock));
    const error = new Error("e");
    if (failing) d.errback(error);
    else d.callback("in time");
    assertEquals([seen, clock.pending], [[failing ? error : "in time"], 0]);
  }
});

Deno.test("after the time the Deferred is cancelled and fails with TimeoutError", () => {
  const clock = new SmallClock();
  let cancelled = 0;
  const seen = outcome(new Deferred<void>(() => void cancelled++).addTimeout(5, clock));
  clock.advance(4.9);
  assertEquals([seen, cancelled], [[], 0]);
  clock.advance(0.1);
  assertEquals(cancelled, 1);
  assertInstanceOf(seen[0], TimeoutError);
  assertEquals([seen[0].seconds, seen[0].message, seen[0].code], [5, "Timed out after 5 s", "TIMEOUT"]);
});

Deno.test("a Deferred that a chain waits for is what is cancelled", () => {
  const clock = new SmallClock();
  let cancelled = 0;
  const outer = new Deferred<void>();
  const chain = outer.addCallback(() => new Deferred<void>(() => void cancelled++));
  outer.callback();
  const seen = outcome(chain.addTimeout(1, clock));
  clock.advance(1);
  assertEquals(cancelled, 1);
  assertInstanceOf(seen[0], TimeoutError);
});

Deno.test("a canceller that fires something else: that stands, without a TimeoutError", () => {
  const error = new RangeError("own");
  const clock = new SmallClock();
  const failing = outcome(new Deferred<string>((d) => d.errback(error)).addTimeout(1, clock));
  const saving = outcome(new Deferred<string>((d) => d.callback("cached")).addTimeout(1, clock));
  clock.advance(1);
  assertStrictEquals(failing[0], error);
  assertEquals(saving, ["cached"]);
});

Deno.test("an errback added before may deal with the CancelledError; one added after gets TimeoutError", () => {
  const clock = new SmallClock();
  const suppressed = outcome(
    new Deferred<string>().addErrback((failure) => {
      failure.trap(CancelledError);
      return "suppressed";
    }).addTimeout(1, clock),
  );
  const kinds: unknown[] = [];
  new Deferred<string>().addTimeout(1, clock).addErrback((failure) => {
    kinds.push(failure.check(CancelledError, TimeoutError));
  });
  clock.advance(1);
  assertEquals(suppressed, ["suppressed"]);
  assertEquals(kinds, [TimeoutError]);
});

Deno.test("cancelled by hand first, it fails with CancelledError and the timer is taken back", () => {
  const clock = new SmallClock();
  const d = new Deferred<string>();
  const seen = outcome(d.addTimeout(1, clock));
  d.cancel();
  assertInstanceOf(seen[0], CancelledError);
  assertEquals(clock.pending, 0);
});

Deno.test("onTimeoutCancel is asked in place of the conversion, and what it returns stands", () => {
  const clock = new SmallClock();
  const asked: unknown[] = [];
  const seen = outcome(
    new Deferred<string>().addTimeout(3, clock, (result, seconds) => {
      assert(Failure.is(result));
      asked.push(result.check(CancelledError), seconds);
      return "instead";
    }),
  );
  clock.advance(3);
  assertEquals([asked, seen], [[CancelledError, 3], ["instead"]]);
});

Deno.test("onTimeoutCancel is not asked where there was no timeout", () => {
  const clock = new SmallClock();
  const d = new Deferred<string>();
  const seen = outcome(d.addTimeout(3, clock, () => "instead"));
  d.callback("in time");
  assertEquals(seen, ["in time"]);
});

Deno.test("two timeouts on one chain: the shorter one wins and both timers go", () => {
  const clock = new SmallClock();
  const seen = outcome(new Deferred<string>().addTimeout(5, clock).addTimeout(2, clock));
  clock.advance(2);
  assertInstanceOf(seen[0], TimeoutError);
  assertEquals([seen[0].seconds, clock.pending], [2, 0]);
});
