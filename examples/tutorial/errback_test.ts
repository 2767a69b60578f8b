import { Deferred, fail, succeed } from "@ropewalk/deferred";
import { ConnectionLost } from "@ropewalk/reactor/core";
import { Clock, failureResultOf, successResultOf } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { divide } from "./errback.ts";

const steps: string[] = [];
const tell = (step: string) => steps.push(step);
const taken = () => steps.splice(0);

Deno.test("a result stays on the lane of callbacks", () => {
  assertEquals(successResultOf(divide(succeed(3), tell)), "the result is 33");
  assertEquals(taken(), ["callback: divide", "callback: round"]);
});

Deno.test("an error changes lanes, and the errback that traps it changes back", () => {
  assertEquals(successResultOf(divide(succeed(0), tell)), "the result is Infinity");
  assertEquals(taken(), ["callback: divide", "errback: DivisionByZero"]);
});

Deno.test("a failure that is not trapped stays a failure: a lost connection, a time-out", () => {
  failureResultOf(divide(fail(new ConnectionLost()), tell), ConnectionLost);
  assertEquals(taken(), ["errback: ConnectionLost", "errback: not ours"]);
  const clock = new Clock();
  const late = divide(new Deferred<number>().addTimeout(1, clock), tell);
  clock.advance(1);
  failureResultOf(late, "TimeoutError");
  assertEquals(taken(), ["errback: TimeoutError", "errback: not ours"]);
});
