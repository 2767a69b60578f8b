// Run by node_test.ts: a little of everything, bundled for a host that is not Deno.
import {
  CancelledError,
  Deferred,
  DeferredLock,
  DeferredQueue,
  fail,
  gatherResults,
  inlineCallbacks,
  race,
  succeed,
} from "../mod.ts";

const lines: string[] = [];
const d = new Deferred<number>();
d.addCallback((n) => n + 1).addCallback((n) => Promise.resolve(n * 2)).addCallback((n) =>
  void lines.push(`${n}`)
);
d.callback(20);
await d;

const lock = new DeferredLock();
const queue = new DeferredQueue<string>();
const worker = inlineCallbacks(function* () {
  const held = yield* lock.acquire(); // `using` is more than node 20 can parse; what it calls is there all the same
  lines.push(`locked: ${lock.locked}`, yield* queue.get());
  try {
    yield* fail(new RangeError("far"));
  } catch (error) {
    lines.push(String(error));
  }
  const both = yield* gatherResults([succeed(1), succeed("two")]);
  held[Symbol.dispose]();
  return both;
});
const working = worker();
queue.put("item");
lines.push(String(await working), `locked: ${lock.locked}`);
lines.push(String(await race([new Deferred<string>(), succeed("won")])));
const cancelled = new Deferred<void>();
cancelled.addErrback((failure) => void lines.push(String(failure.check(CancelledError) === CancelledError)));
cancelled.cancel();
console.log(JSON.stringify(lines));
