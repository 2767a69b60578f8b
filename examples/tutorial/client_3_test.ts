import { Deferred } from "@ropewalk/deferred";
import { ConnectionLost } from "@ropewalk/reactor/core";
import { assertNoResult, Clock, successResultOf } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { askAll } from "./client_3.ts";

function start() {
  const asked = new Map<string, Deferred<string>>();
  const lines = askAll(["one", "two"], (text) => {
    const d = new Deferred<string>();
    asked.set(text, d);
    return d;
  });
  return { one: asked.get("one")!, two: asked.get("two")!, lines };
}

Deno.test("answers are told in the order of the questions, once all are there", () => {
  const { one, two, lines } = start();
  two.callback("TWO");
  assertNoResult(lines);
  one.callback("ONE");
  assertEquals(successResultOf(lines), ["one: ONE", "two: TWO"]);
});

Deno.test("one that hangs up does not take the others along", () => {
  const { one, two, lines } = start();
  one.errback(new ConnectionLost());
  two.callback("TWO");
  assertEquals(successResultOf(lines), ["one: no answer (ConnectionLost)", "two: TWO"]);
});

Deno.test("neither does one that takes too long", () => {
  const clock = new Clock();
  const lines = askAll(["one"], () => new Deferred<string>().addTimeout(3, clock));
  clock.advance(3);
  assertEquals(successResultOf(lines), ["one: no answer (TimeoutError)"]);
});
