// Run by unhandled_test.ts as a program of its own, also bundled, under node: leaves failures behind and ends.
import { Deferred, fail, setDebugging, succeed } from "../mod.ts";

const kept: Deferred<void>[] = [
  fail(new RangeError("left at the end")),
  fail(new Error("handled")),
  new Deferred(),
];
kept[1]!.addErrback(() => {});
setDebugging(true);
const story = (function makeIt() {
  return new Deferred<number>();
})();
(function breakIt() {
  story.errback(new Error("with a story"));
})();
setDebugging(false);
const handedOn = succeed().addCallback(() => fail(new Error("handed on, then handled")));
handedOn.addErrback(() => {});
console.log(`leaving ${kept.length}`);
