/**
 * One side of one row of `deferred.bench.ts`, in a process of its own: `deferred_work.ts ROW ropewalk|promise [mixed]`
 * prints the nanoseconds of CPU time that a unit of work costs. With `mixed` the functions have first seen callbacks of
 * all shapes, as they will have in a program of some size.
 * @module
 */
import process from "node:process";
import { Deferred, inlineCallbacks, succeed } from "@ropewalk/deferred";

const increment = (n: number) => n + 1;
const later = (n: number) => succeed(n + 1);
const promised = (n: number) => Promise.resolve(n + 1);

function newPromise(): { promise: Promise<number>; resolve: (n: number) => void } {
  let resolve!: (n: number) => void;
  const promise = new Promise<number>((settle) => resolve = settle);
  return { promise, resolve };
}

// Fired before, and waited for again and again: these rows measure the waiting.
const fired = succeed();
const resolved = Promise.resolve();

const bare = inlineCallbacks(function* (n: number) {
  yield fired;
  yield fired;
  yield fired;
  return n;
});

const typed = inlineCallbacks(function* (n: number) {
  yield* fired;
  yield* fired;
  yield* fired;
  return n;
});

async function awaiting(n: number): Promise<number> {
  await resolved;
  await resolved;
  await resolved;
  return n;
}

// The same with everything made anew that is waited for.
const bareNew = inlineCallbacks(function* (n: number) {
  const a = (yield succeed(n)) as number;
  const b = (yield succeed(a)) as number;
  const c = (yield succeed(b)) as number;
  return a + b + c;
});

const typedNew = inlineCallbacks(function* (n: number) {
  const a = yield* succeed(n);
  const b = yield* succeed(a);
  const c = yield* succeed(b);
  return a + b + c;
});

async function awaitingNew(n: number): Promise<number> {
  const a = await Promise.resolve(n);
  const b = await Promise.resolve(a);
  const c = await Promise.resolve(b);
  return a + b + c;
}

/** Does a unit of work; promises are waited for by the last of a hundred, which is complete when all are. */
type Work = (n: number) => unknown;

const ropewalk: Record<string, Work> = {
  four(n) {
    const d = new Deferred<number>();
    d.addCallback(increment).addCallback(increment).addCallback(increment).addCallback(increment);
    d.callback(n);
  },
  one(n) {
    const d = new Deferred<number>();
    d.addCallback(increment);
    d.callback(n);
  },
  returned(n) {
    const d = new Deferred<number>();
    d.addCallback(later);
    d.callback(n);
  },
  yield: bare,
  delegate: typed,
  yieldNew: bareNew,
  delegateNew: typedNew,
};

const promise: Record<string, Work> = {
  four(n) {
    const { promise, resolve } = newPromise();
    const last = promise.then(increment).then(increment).then(increment).then(increment);
    resolve(n);
    return last;
  },
  one(n) {
    const { promise, resolve } = newPromise();
    const last = promise.then(increment);
    resolve(n);
    return last;
  },
  returned(n) {
    const { promise, resolve } = newPromise();
    const last = promise.then(promised);
    resolve(n);
    return last;
  },
  yield: awaiting,
  delegate: awaiting,
  yieldNew: awaitingNew,
  delegateNew: awaitingNew,
};

/** Callbacks that return, throw and take all sorts of things, on both sides alike. */
async function mix(): Promise<void> {
  for (let i = 0; i < 20_000; i++) {
    const d = new Deferred<number>();
    d.addCallback((n) => ({ n })).addCallback((o) => [o.n]).addErrback(() => 1).addBoth((r) => `s${r}`)
      .addCallbacks((): string => {
        throw i;
      }, () => "other").addErrback(() => 2).addCallback((v, k: number) => [v, k], 3).addCallback(() =>
        later(i)
      );
    d.callback(i);
    inlineCallbacks(function* () {
      yield* succeed("text");
      yield succeed([i]);
      return null;
    })();
    const p = Promise.resolve(i).then((n) => ({ n })).then((o) => [o.n]).catch(() => 1).then((r) => `s${r}`)
      .then(() => {
        throw i;
      }).catch(() => 2).then((v) => [v]).then(() => promised(i));
    if (i % 100 === 0) await p;
  }
}

async function batch(work: Work, units: number): Promise<void> {
  for (let i = 0; i < units; i += 100) {
    let last: unknown;
    for (let j = 0; j < 100; j++) last = work(j);
    if (last instanceof Promise) await last;
  }
}

async function measure(work: Work): Promise<number> {
  await batch(work, 200_000);
  const figures: number[] = [];
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage();
    await batch(work, 200_000);
    const { user, system } = process.cpuUsage(before);
    figures.push((user + system) * 1000 / 200_000);
  }
  return figures.sort((a, b) => a - b)[2]!;
}

/** Bytes that a pending Deferred or promise takes, with all it holds. */
function bytes(side: string, callbacks: number): number {
  const { gc } = globalThis as unknown as { gc: () => void };
  const count = 100_000;
  const kept: unknown[] = new Array(count).fill(null);
  const resolvers: unknown[] = new Array(count).fill(null);
  gc();
  const before = Deno.memoryUsage().heapUsed;
  for (let i = 0; i < count; i++) {
    if (side === "ropewalk") {
      let d = new Deferred<number>();
      for (let k = 0; k < callbacks; k++) d = d.addCallback(increment);
      kept[i] = d;
    } else {
      const { promise, resolve } = newPromise(); // as much is needed to settle it as to fire the other
      let last = promise;
      for (let k = 0; k < callbacks; k++) last = last.then(increment);
      kept[i] = last;
      resolvers[i] = resolve;
    }
  }
  gc();
  const used = Deno.memoryUsage().heapUsed - before;
  if (kept.length + resolvers.length !== 2 * count) throw new Error("they were to be kept");
  return used / count;
}

const [row = "four", side = "ropewalk", mode = "fresh"] = Deno.args;
if (mode === "mixed") await mix();
const figure = row.startsWith("bytes")
  ? bytes(side, Number(row.slice(5)))
  : await measure((side === "ropewalk" ? ropewalk : promise)[row]!);
console.log(JSON.stringify(figure));
