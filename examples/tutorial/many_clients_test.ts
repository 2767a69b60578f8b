import { Deferred, fail } from "@ropewalk/deferred";
import { ConnectionLost, deferLater } from "@ropewalk/reactor/core";
import { assertNoResult, Clock, successResultOf } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { askMany } from "./many_clients.ts";

Deno.test("no more than so many ask at a time, and progress is told meanwhile", () => {
  const clock = new Clock();
  const progress: string[] = [];
  let open = 0;
  let most = 0;
  const tally = askMany(clock, 6, 2, (text) => {
    most = Math.max(most, ++open);
    return deferLater(clock, 0.5, () => {
      open--;
      return text;
    });
  }, (text) => progress.push(text));
  clock.pump(Array(5).fill(0.25));
  assertNoResult(tally);
  clock.advance(0.25);
  assertEquals(successResultOf(tally).answered, 6);
  assertEquals([most, progress], [2, ["0 of 6", "2 of 6", "2 of 6", "4 of 6", "4 of 6"]]);
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("connections that are refused, lost or too slow are counted, and give their slot back", () => {
  const clock = new Clock();
  const answers = [
    () => fail(new ConnectionLost()),
    () => new Deferred<string>().addTimeout(1, clock),
    () => deferLater(clock, 0, () => "fine"),
  ];
  const tally = askMany(clock, 3, 1, () => answers.shift()!(), () => {});
  clock.pump([1, 0.5]);
  assertEquals(successResultOf(tally), { answered: 1, failed: 2, seconds: 1 });
});
