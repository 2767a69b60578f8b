import { AlreadyCalled } from "@ropewalk/reactor/core";
import { Clock, failureResultOf, successResultOf } from "@ropewalk/testing";
import { assertEquals, assertThrows } from "@std/assert";
import { lightFuse } from "./cancel.ts";

Deno.test("who changes their mind in time hears nothing", () => {
  const clock = new Clock();
  const word = lightFuse(clock, 1, 0.5);
  clock.advance(0.5);
  assertEquals([successResultOf(word), clock.getDelayedCalls()], ["phew", []]);
});

Deno.test("too late is too late", () => {
  const clock = new Clock();
  const word = lightFuse(clock, 1, 2);
  clock.advance(1);
  assertEquals([successResultOf(word), clock.getDelayedCalls()], ["boom", []]);
});

Deno.test("a call that has run cannot be cancelled: active() tells", () => {
  const clock = new Clock();
  const call = clock.callLater(1, () => {});
  clock.advance(1);
  assertEquals(call.active(), false);
  assertThrows(() => call.cancel(), AlreadyCalled);
});

Deno.test("when nobody waits any longer, no call is left behind", () => {
  const clock = new Clock();
  const word = lightFuse(clock, 1, 2).addTimeout(0.1, clock);
  clock.advance(0.1);
  failureResultOf(word, "TimeoutError");
  assertEquals(clock.getDelayedCalls(), []);
});
