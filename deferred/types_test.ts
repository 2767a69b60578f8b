/**
 * What TypeScript makes of the module. These tests are passed by being compiled; they run too, so that nobody takes the
 * file for an empty one.
 */
import {
  Deferred,
  DeferredList,
  DeferredLock,
  DeferredQueue,
  ensureDeferred,
  execute,
  Failure,
  gatherResults,
  inlineCallbacks,
  maybeDeferred,
  race,
  type Settled,
  succeed,
} from "@ropewalk/deferred";

type Equals<A, B> = (<X>() => X extends A ? 1 : 2) extends (<X>() => X extends B ? 1 : 2) ? true : false;

/** Compiles only if the types are the same. */
function same<_T extends true>(): void {}

const d: Deferred<number> = new Deferred<number>();
const never = (): boolean => false;

Deno.test("callbacks retype the chain: values, Deferreds, promises, mixtures, nothing", () => {
  const value = d.addCallback((n) => `${n}`);
  same<Equals<typeof value, Deferred<string>>>();
  const inner = d.addCallback((n) => succeed([n]));
  same<Equals<typeof inner, Deferred<number[]>>>();
  const promised = d.addCallback(async (n) => await `${n}`);
  same<Equals<typeof promised, Deferred<string>>>();
  const nothing = d.addCallback(() => {});
  same<Equals<typeof nothing, Deferred<void>>>();
  const two = d.addCallback((n) => n > 1 ? n : new Deferred<string>());
  same<Equals<typeof two, Deferred<number | string>>>();
  const mixture = d.addCallback((n): number | Deferred<string> | Promise<boolean> => n);
  same<Equals<typeof mixture, Deferred<number | string | boolean>>>();
  const extra = d.addCallback((_n, text, flag) => flag ? text.length : 0, "abc", true);
  same<Equals<typeof extra, Deferred<number>>>();
  const any = d.addCallback((n) => JSON.parse(`${n}`));
  // deno-lint-ignore no-explicit-any -- what the user's callback returns
  same<Equals<typeof any, Deferred<any>>>();
});

Deno.test("errbacks add what they return; one that only fails adds nothing", () => {
  const recovers = d.addErrback((failure) => failure.getErrorMessage());
  same<Equals<typeof recovers, Deferred<number | string>>>();
  const passesOn = d.addErrback((failure) => failure);
  same<Equals<typeof passesOn, Deferred<number>>>();
  const traps = d.addErrback((failure) => {
    failure.trap(TypeError);
    return failure;
  });
  same<Equals<typeof traps, Deferred<number>>>();
  const throws = d.addErrback((failure) => {
    throw failure.value;
  });
  same<Equals<typeof throws, Deferred<number>>>();
  const either = d.addErrback((failure) => failure.check(TypeError) ? "saved" : failure);
  same<Equals<typeof either, Deferred<number | "saved">>>();
  const swallows = d.addErrback(() => {});
  same<Equals<typeof swallows, Deferred<number | void>>>();
  const waits = d.addErrback(() => succeed(true));
  same<Equals<typeof waits, Deferred<number | boolean>>>();
  const onlyFails = d.addCallback((n) => new Failure(n));
  same<Equals<typeof onlyFails, Deferred<never>>>();
});

Deno.test("pairs and both", () => {
  const both = d.addBoth((result) => result);
  same<Equals<typeof both, Deferred<number>>>();
  const told = d.addBoth((result) => Failure.is(result) ? "failed" : result);
  same<Equals<typeof told, Deferred<number | "failed">>>();
  const pair = d.addCallbacks((n) => n, () => "s");
  same<Equals<typeof pair, Deferred<number | string>>>();
  const lone = d.addCallbacks((n) => `${n}`);
  same<Equals<typeof lone, Deferred<string>>>();
  const through = d.addCallbacks((n) => `${n}`, (failure) => failure);
  same<Equals<typeof through, Deferred<string>>>();
  const throwing = d.addCallbacks((n) => `${n}`, (failure) => {
    throw failure.value;
  });
  same<Equals<typeof throwing, Deferred<string>>>();
});

Deno.test("firing takes the type, and may leave out undefined only", () => {
  new Deferred<void>().callback();
  new Deferred<string | undefined>().callback();
  new Deferred().callback();
  new Deferred().callback(3);
  new Deferred<number>().callback(new Failure(new Error("e")));
  if (never()) {
    // @ts-expect-error -- a value is needed
    d.callback();
    // @ts-expect-error -- of the right type
    d.callback("x");
    // @ts-expect-error -- an error is needed
    d.errback("text");
    // @ts-expect-error -- the second argument is a number
    d.addCallback((_n, a: number) => a, "text");
    // @ts-expect-error -- the callback needs its argument
    d.addCallback((_n, a: number) => a);
  }
});

Deno.test("Deferreds go where Deferreds of a wider type are wanted, and not the other way", () => {
  const wider: Deferred<number | string> = d;
  const widest: Deferred<unknown> = d;
  const promise: PromiseLike<number> = d;
  // @ts-expect-error -- narrower
  const narrower: Deferred<number> = wider;
  void [widest, promise, narrower];
});

Deno.test("yield* is typed, for several types in one generator, and so is what it returns", () => {
  const f = inlineCallbacks(function* (name: string, n: number) {
    const a = yield* succeed(n);
    same<Equals<typeof a, number>>();
    const b = yield* succeed({ name });
    same<Equals<typeof b, { name: string }>>();
    const c = yield Promise.resolve(1);
    same<Equals<typeof c, unknown>>();
    const [x, y] = yield* gatherResults([succeed(1), succeed("2")]);
    same<Equals<typeof x, number>>();
    same<Equals<typeof y, string>>();
    using held = yield* new DeferredLock().acquire();
    same<Equals<typeof held, DeferredLock>>();
    return never() ? a : b.name;
  });
  same<
    Equals<
      typeof f extends (...args: infer A) => infer R ? [A, R] : 0,
      [[string, number], Deferred<string | number>]
    >
  >();
  const flattened = inlineCallbacks(function* () {
    yield* succeed();
    return Promise.resolve(true);
  })();
  same<Equals<typeof flattened, Deferred<boolean>>>();
});

Deno.test("lists are tuples", () => {
  const gathered = gatherResults([succeed(1), Promise.resolve("two"), d.addCallback(() => true)]);
  same<Equals<typeof gathered, Deferred<[number, string, boolean]>>>();
  const many: Deferred<number>[] = [];
  const all = gatherResults(many);
  same<Equals<typeof all, Deferred<number[]>>>();
  const settled = new DeferredList([succeed(1), succeed("two")]).addCallback((results) => results);
  same<Equals<typeof settled, Deferred<[Settled<number>, Settled<string>]>>>();
  const first = race([succeed(1), succeed("two")]);
  same<Equals<typeof first, Deferred<[index: number, value: string | number]>>>();
  new DeferredList([succeed(1), succeed(2)]).addCallback((results) => {
    for (const [ok, value] of results) {
      if (ok) same<Equals<typeof value, number>>();
      else same<Equals<typeof value, Failure>>();
    }
  });
});

Deno.test("functions that make Deferreds", () => {
  const maybe = maybeDeferred((n: number) => never() ? n : succeed("s"), 1);
  same<Equals<typeof maybe, Deferred<string | number>>>();
  const asynchronous = maybeDeferred(async (n: number) => await n, 1);
  same<Equals<typeof asynchronous, Deferred<number>>>();
  const executed = execute(Math.max, 1, 2);
  same<Equals<typeof executed, Deferred<number>>>();
  const ensured = ensureDeferred(Promise.resolve("p"));
  same<Equals<typeof ensured, Deferred<string>>>();
  const nothing = succeed();
  same<Equals<typeof nothing, Deferred<void>>>();
  const item = new DeferredQueue<string>().get();
  same<Equals<typeof item, Deferred<string>>>();
  const run = new DeferredLock().run((a: number, b: string) => succeed([a, b] as const), 1, "b");
  same<Equals<typeof run, Deferred<readonly [number, string]>>>();
});

Deno.test("generic functions need no casts", () => {
  function map<T>(source: Deferred<T>, f: (value: T) => string): Deferred<string> {
    return source.addCallback(f);
  }
  function chain<T, U>(source: Deferred<T>, f: (value: T) => U | Deferred<U>): Deferred<U> {
    return source.addCallback(f);
  }
  function orElse<T, U>(source: Deferred<T>, fallback: U): Deferred<T | U> {
    return source.addErrback(() => fallback);
  }
  function keep<T>(source: Deferred<T>): Deferred<T> {
    return source.addBoth((result) => result);
  }
  void [map, chain, orElse, keep];
  const pair: Deferred<[number, string]> = succeed(1).addCallback((n): [number, string] => [n, "s"]);
  void pair;
});

Deno.test("await gives the value's type", async () => {
  const n = await succeed(1);
  same<Equals<typeof n, number>>();
  const caught = await succeed(1).catch(() => "s");
  same<Equals<typeof caught, number | string>>();
});
