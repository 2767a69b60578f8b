import { AlreadyCalledError, getDebugging } from "@ropewalk/deferred";
import { assertNoResult, Clock, failureResultOf, successResultOf } from "@ropewalk/testing";
import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { impatient, story } from "./errback_twice.ts";

Deno.test("the second firing tells where the first was, and where the Deferred was made", () => {
  const clock = new Clock();
  const text = story(clock, 0.5);
  clock.advance(0.5);
  assertNoResult(text);
  clock.advance(0.5);
  assertMatch(successResultOf(text), /^Cannot fire a Deferred: it was fired already\n[^]*errback_twice\.ts/);
  assertEquals(getDebugging(), false);
});

Deno.test("the first stands, whichever it was", () => {
  for (const [seconds, first] of [[0.5, "here it is"], [1.5, "RangeError"]] as const) {
    const clock = new Clock();
    const mistakes: Error[] = [];
    const answer = impatient(clock, seconds, (error) => mistakes.push(error))
      .addErrback((failure) => failure.type);
    clock.pump([0.5, 0.5, 0.5]);
    assertEquals(successResultOf(answer), first);
    assertInstanceOf(mistakes[0], AlreadyCalledError);
  }
});

Deno.test("who is not told in time gives up waiting for the story", () => {
  const clock = new Clock();
  const text = story(clock, 0.5);
  text.cancel();
  failureResultOf(text, "CancelledError");
  clock.pump([0.5, 0.5]);
  assertEquals(clock.getDelayedCalls(), []);
});
