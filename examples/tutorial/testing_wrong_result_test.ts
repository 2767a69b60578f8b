/**
 * How tests that are wrong fail.
 *
 *     deno test examples/tutorial/testing_wrong_result_test.ts
 *
 * What is new since testing_timeout_test.ts: the classic mistake, an assertion in a callback that never runs. What looks
 * into a Deferred from outside cannot be passed over: each of these says what is there instead of what was expected.
 */
import { Deferred, fail, succeed } from "@ropewalk/deferred";
import { assertNoResult, Clock, failureResultOf, successResultOf } from "@ropewalk/testing";
import { assertEquals, assertThrows } from "@std/assert";

const wrong = (test: () => unknown, message: string) => assertThrows(test, Error, message);

Deno.test("an assertion in a callback that never runs proves nothing; successResultOf does not let it pass", () => {
  const never = new Deferred<string>();
  never.addCallback((text) => assertEquals(text, "anything at all")); // no complaint
  wrong(() => successResultOf(never), "has no result yet");
});

Deno.test("a result that is another, a failure where a value should be, and the reverse", () => {
  wrong(() => assertEquals(successResultOf(succeed("lower")), "LOWER"), "not equal");
  wrong(() => successResultOf(fail<string>(new RangeError("too far"))), "too far");
  wrong(() => failureResultOf(succeed("fine"), RangeError), "was expected");
  const typo = fail<string>(new TypeError("not that"));
  wrong(() => failureResultOf(typo, RangeError), "RangeError was expected");
});

Deno.test("an answer too early, and a time-out that never came", () => {
  wrong(() => assertNoResult(succeed("already")), "already");
  const clock = new Clock();
  const answer = new Deferred<string>().addTimeout(3, clock);
  clock.advance(2.9);
  wrong(() => failureResultOf(answer, "TimeoutError"), "has no result yet");
  clock.advance(0.1);
  failureResultOf(answer, "TimeoutError");
});
