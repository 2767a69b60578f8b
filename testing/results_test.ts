import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Deferred, fail, type Failure, succeed } from "@ropewalk/deferred";
import { assertFailure, assertNoResult, failureResultOf, successResultOf } from "./results.ts";

Deno.test("successResultOf gives the value, and leaves it in place", () => {
  const d = succeed(5);
  const five: number = successResultOf(d);
  assertEquals([five, successResultOf(d)], [5, 5]);
  assertEquals(successResultOf(succeed(undefined)), undefined);
});

Deno.test("successResultOf fails on a Deferred without a result, showing its state, and harms nothing", () => {
  const d = new Deferred<number>();
  assertThrows(() => successResultOf(d), Error, "[Deferred not fired], but it has no result yet");
  d.callback(3);
  assertEquals(successResultOf(d), 3);
});

Deno.test("successResultOf shows the failure that came in place of a value, as the cause too", () => {
  const error = new RangeError("too far");
  const thrown = assertThrows(() => successResultOf(fail(error)), Error, "too far");
  assertStrictEquals(thrown.cause, error);
  assertEquals(thrown.name, "AssertionError");
});

Deno.test("failureResultOf gives the failure, of the kind that is asked for", () => {
  const error = new RangeError("too far");
  assertStrictEquals(failureResultOf(fail(error)).value, error);
  assertStrictEquals(failureResultOf(fail(error), TypeError, "RangeError").value, error);
  assertThrows(() => failureResultOf(fail(error), TypeError), Error, "with TypeError was expected");
  assertThrows(() => failureResultOf(succeed(5), TypeError), Error, "[Deferred fired: 5]");
  assertThrows(() => failureResultOf(new Deferred()), Error, "no result yet");
});

Deno.test("assertNoResult lets a later result through, a failure too", () => {
  const value = new Deferred<number>();
  assertNoResult(value);
  value.callback(1);
  assertEquals(successResultOf(value), 1);
  const failing = new Deferred<number>();
  assertNoResult(failing);
  failing.errback(new RangeError("late"));
  failureResultOf(failing, RangeError);
  assertThrows(() => assertNoResult(succeed("x")), Error, 'No result was expected of [Deferred fired: "x"]');
});

Deno.test("assertNoResult takes an immediate failure in hand", () => {
  const d = fail(new RangeError("early"));
  assertThrows(() => assertNoResult(d), Error, "RangeError");
  assertEquals(successResultOf(d), undefined);
});

Deno.test("assertFailure turns the expected error into the result", () => {
  const d = new Deferred<string>();
  const expected = assertFailure(d, RangeError, TypeError);
  const error = new TypeError("wrong");
  d.errback(error);
  const caught: TypeError | RangeError = successResultOf(expected);
  assertStrictEquals(caught, error);
});

Deno.test("assertFailure fails on a value and on another error", () => {
  failureResultOf(assertFailure(succeed(1), RangeError), "AssertionError");
  const other = new TypeError("other");
  const failure: Failure = failureResultOf(assertFailure(fail(other), RangeError), Error);
  assertStrictEquals((failure.value as Error).cause, other);
});
