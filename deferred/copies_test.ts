/** Two copies of the package in one program, as when two dependants pin different versions of it. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotStrictEquals,
  assertStrictEquals,
} from "@std/assert";
import * as here from "@ropewalk/deferred";

async function otherCopy(): Promise<typeof here> {
  const folder = await Deno.makeTempDir();
  try {
    const bundled = await new Deno.Command("deno", {
      args: ["bundle", "--quiet", new URL("mod.ts", import.meta.url).pathname, "-o", `${folder}/copy.js`],
    }).output();
    assertEquals(bundled.code, 0, new TextDecoder().decode(bundled.stderr));
    return await import(`file://${folder}/copy.js`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const there = await otherCopy();

function resultOf(d: here.Deferred<unknown>): unknown {
  let seen: unknown = "nothing yet";
  d.addBoth((result) => {
    seen = here.Failure.is(result) ? result.value : result;
  });
  return seen;
}

Deno.test("two copies recognise each other's Deferreds and Failures", () => {
  assertNotStrictEquals(here.Deferred, there.Deferred);
  assert(here.Deferred.is(new there.Deferred()));
  assert(there.Deferred.is(new here.Deferred()));
  assert(here.Failure.is(new there.Failure(1)));
  assert(there.Failure.is(new here.Failure(1)));
  assert(!here.Failure.is(new there.Deferred()));
});

Deno.test("a foreign Deferred returned from a callback is waited for, in both lanes", () => {
  const theirs = new there.Deferred<number>();
  const ours = here.succeed().addCallback(() => theirs as here.Deferred<number>);
  theirs.callback(5);
  assertEquals(resultOf(ours), 5);
  const error = new Error("e");
  assertStrictEquals(resultOf(here.succeed().addCallback(() => there.fail(error) as here.Deferred)), error);
});

Deno.test("cancel goes through to the other copy", () => {
  let cancelled = 0;
  const theirs = new there.Deferred<void>(() => void cancelled++);
  const ours = here.succeed().addCallback(() => theirs as here.Deferred<void>);
  ours.cancel();
  assertEquals(cancelled, 1);
  assertEquals((resultOf(ours) as { code: string }).code, "CANCELLED");
});

Deno.test("foreign Failures: returned, fired, thrown at the end of a chain", () => {
  const error = new Error("e");
  const failure = new there.Failure(error) as here.Failure;
  assertStrictEquals(resultOf(here.succeed().addCallback(() => failure)), error);
  const fired = new here.Deferred<void>();
  fired.errback(failure);
  assertStrictEquals(resultOf(fired), error);
  const handed = new here.Deferred<void>();
  handed.callback(failure);
  assertStrictEquals(resultOf(handed), error);
});

Deno.test("firing with a foreign Deferred is refused", () => {
  let caught: unknown;
  try {
    new here.Deferred<unknown>().callback(new there.Deferred());
  } catch (error) {
    caught = error;
  }
  assertInstanceOf(caught, TypeError);
});

Deno.test("generators, lists and chains take foreign Deferreds", async () => {
  const theirs = <T>(value: T) => there.succeed(value) as here.Deferred<T>;
  const d = here.inlineCallbacks(function* () {
    const bare = yield theirs(1);
    const typed = yield* theirs(2);
    return [bare, typed];
  })();
  assertEquals(resultOf(d), [1, 2]);
  assertEquals(resultOf(here.gatherResults([theirs("a"), here.succeed("b")])), ["a", "b"]);
  const target = new there.Deferred<number>();
  here.succeed(3).chainDeferred(target as here.Deferred<number>);
  assertEquals(resultOf(target as here.Deferred<number>), 3);
  assertEquals(resultOf(here.maybeDeferred(() => theirs(4))), 4);
  assertEquals(await theirs(5), 5);
});
