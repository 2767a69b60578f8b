import { assert, assertEquals, assertRejects } from "@std/assert";
import { CancelledError, TimeoutError } from "@ropewalk/deferred";
import { assertNoResult, Clock, failureResultOf, MemoryFileSystem, successResultOf } from "@ropewalk/testing";
import { FilePath, type OpenMode } from "./filepath/mod.ts";
import { DeferredFilesystemLock } from "./filesystem_lock.ts";

/** The number of a process that is gone. */
const GONE = 4711;
const isAlive = (pid: number) => pid !== GONE;

/** Two who want one lock, on a clock and files in memory. */
function bench(content?: string) {
  const files = new MemoryFileSystem({
    "/run": null,
    ...content === undefined ? {} : { "/run/lock": content },
  });
  const file = new FilePath("/run/lock", files);
  const clock = new Clock();
  const lock = () => new DeferredFilesystemLock(file, { reactor: clock, intervalSeconds: 2, isAlive });
  const done = async () => {
    for (let i = 0; i < 5; i++) await clock.settle();
  };
  return { files, file, clock, done, one: lock(), two: lock() };
}

Deno.test("a lock is had by one, and by the next when it was given back", async () => {
  const { files, file, one, two } = bench();
  assert(await one.lock());
  assertEquals([one.locked, files.text("/run/lock")], [true, String(Deno.pid)]);
  assertEquals([await two.lock(), two.locked], [false, false]);
  await one.unlock();
  assertEquals([one.locked, await file.exists()], [false, false]);
  assert(await two.lock());
  await two.unlock();
  assertEquals([await file.parent().list(), files.openFiles], [[], 0]);
});

Deno.test("a lock is not locked twice, nor given back by who has it not", async () => {
  const { one, two } = bench();
  await one.lock();
  await assertRejects(() => one.lock(), TypeError, "Cannot lock");
  await assertRejects(() => two.unlock(), TypeError, "Cannot unlock");
  assert(one.locked);
});

Deno.test("the lock of a process that is gone is taken over, and nothing is left of it", async () => {
  const { files, file, one, two } = bench(String(GONE));
  const [a, b] = await Promise.all([one.lock(), two.lock()]);
  assertEquals([a, b].filter(Boolean).length, 1, "by one alone");
  assertEquals(files.text("/run/lock"), String(Deno.pid));
  assertEquals(await file.parent().list(), ["lock"]);
});

Deno.test("who found a lock abandoned before another one took it over does not take it from that one", async () => {
  const { files, file, clock, one } = bench(String(GONE));
  let asked = 0;
  let go = () => {};
  const gate = new Promise<void>((resolve) => go = resolve);
  // It reads the number of the process that is gone, and is slow to go on from there.
  class Slow extends FilePath {
    override async getContent(): Promise<Uint8Array> {
      const content = await super.getContent();
      if (asked++ === 0) await gate;
      return content;
    }
  }
  const slow = new DeferredFilesystemLock(new Slow(file.path, files), { reactor: clock, isAlive });
  const late = slow.lock();
  await clock.settle();
  assert(await one.lock());
  go();
  assertEquals([await late, slow.locked, one.locked], [false, false, true]);
  assertEquals(files.text("/run/lock"), String(Deno.pid));
  assertEquals(await file.parent().list(), ["lock"]);
});

Deno.test("a process that we may not ask about counts as alive, and so does our own", async () => {
  const { file, clock, one } = bench();
  await one.lock();
  assertEquals(await new DeferredFilesystemLock(file, { reactor: clock }).lock(), false);
});

Deno.test("a lock file without a number, or with the number of a living process, is respected", async () => {
  for (const content of ["", "half", `${Deno.pid}`]) {
    const { files, one } = bench(content);
    assertEquals(await one.lock(), false);
    assertEquals(files.text("/run/lock"), content);
  }
});

Deno.test("who waits for a lock tries again at every interval", async () => {
  const { clock, done, one, two } = bench();
  await one.lock();
  const waiting = two.deferUntilLocked();
  await done();
  assertNoResult(waiting);
  assertEquals(clock.getDelayedCalls().map((call) => call.getTime()), [2]);
  await one.unlock();
  clock.advance(1);
  await done();
  assertNoResult(waiting);
  clock.advance(1);
  await done();
  successResultOf(waiting);
  assertEquals([two.locked, clock.getDelayedCalls()], [true, []]);
});

Deno.test("who waits for a lock that is free has it at once", async () => {
  const { clock, done, one } = bench();
  const waiting = one.deferUntilLocked(0);
  await done();
  successResultOf(waiting);
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("who waits too long for a lock fails with TimeoutError, and may wait again", async () => {
  const { clock, done, one, two } = bench();
  await one.lock();
  const waiting = two.deferUntilLocked(3);
  await done();
  for (const seconds of [2, 1]) {
    assertNoResult(waiting);
    clock.advance(seconds);
    await done();
  }
  failureResultOf(waiting, TimeoutError);
  assertEquals([two.locked, clock.getDelayedCalls()], [false, []]);
  await one.unlock();
  const again = two.deferUntilLocked(3);
  await done();
  successResultOf(again);
});

Deno.test("who gives up waiting leaves nothing behind, and may wait again", async () => {
  const { clock, done, one, two } = bench();
  await one.lock();
  const waiting = two.deferUntilLocked();
  await done();
  waiting.cancel();
  failureResultOf(waiting, CancelledError);
  assertEquals(clock.getDelayedCalls(), []);
  await one.unlock();
  clock.advance(10);
  await done();
  assertEquals(two.locked, false);
  const again = two.deferUntilLocked();
  await done();
  successResultOf(again);
});

Deno.test("a lock that comes when the waiting was given up is given back", async () => {
  const { done, file, one } = bench();
  const waiting = one.deferUntilLocked();
  waiting.cancel();
  failureResultOf(waiting, CancelledError);
  await done();
  assertEquals([one.locked, await file.exists()], [false, false]);
});

Deno.test("a lock is waited for once at a time", async () => {
  const { done, one, two } = bench();
  await one.lock();
  const waiting = two.deferUntilLocked();
  failureResultOf(two.deferUntilLocked(), TypeError);
  await done();
  waiting.cancel();
  failureResultOf(waiting, CancelledError);
});

Deno.test("an error of the file system is the failure of who waits", async () => {
  class Full extends MemoryFileSystem {
    override async open(path: string, mode: OpenMode): ReturnType<MemoryFileSystem["open"]> {
      if (mode === "new") throw Object.assign(new Error("no space"), { code: "ENOSPC" });
      return await super.open(path, mode);
    }
  }
  const clock = new Clock();
  const lock = new DeferredFilesystemLock(new FilePath("/lock", new Full()), { reactor: clock });
  const waiting = lock.deferUntilLocked();
  await clock.settle();
  assertEquals(failureResultOf(waiting).getErrorMessage(), "no space");
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("a lock works on the disk as in memory", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const file = new FilePath(directory).child("lock");
    const options = { reactor: new Clock(), isAlive };
    const [one, two] = [new DeferredFilesystemLock(file, options), new DeferredFilesystemLock(file, options)];
    await file.setContent(String(GONE));
    assert(await one.lock());
    assertEquals(await two.lock(), false);
    await one.unlock();
    assert(await two.lock());
    await two.unlock();
    assertEquals(await file.parent().list(), []);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
