import { assertNoResult, Clock, failureResultOf, successResultOf } from "@ropewalk/testing";
import { assertEquals, assertThrows } from "@std/assert";
import { countDown } from "./call_later.ts";

Deno.test("everything is said in its time", () => {
  const clock = new Clock();
  const said: string[] = [];
  const done = countDown(clock, 0.5, (text) => said.push(text));
  assertEquals(said, ["first"]);
  clock.advance(0);
  assertEquals(said, ["first", "in the next turn"]);
  clock.advance(0.5);
  assertEquals(said.at(-1), "second");
  clock.advance(0.49);
  assertNoResult(done);
  clock.advance(0.01);
  assertEquals(said.at(-1), "last");
  successResultOf(done);
});

Deno.test("an error in what is called later comes out of the Deferred", () => {
  const clock = new Clock();
  const done = countDown(clock, 1, (text) => {
    if (text === "last") throw new RangeError("lost for words");
  });
  clock.pump([0, 1, 1]);
  failureResultOf(done, RangeError);
});

Deno.test("a time in the past is refused", () => {
  assertThrows(() => countDown(new Clock(), -1, () => {}), RangeError);
});
