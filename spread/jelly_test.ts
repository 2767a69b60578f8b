import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CalendarDate, DateTime, Decimal, TimeDelta, TimeOfDay } from "./dates.ts";
import { InsecureJelly, JellyError } from "./errors.ts";
import { jelly, unjelly } from "./jelly_functions.ts";
import { RemoteCopy } from "./copyable.ts";
import { Copyable } from "./copyable.ts";
import { SecurityOptions, setUnjellyableFactoryForClass, setUnjellyableForClass } from "./security.ts";
import { dictGet, Float, FrozenSet, type Tuple, tuple, Unpersistable } from "./values.ts";

const decoder = new TextDecoder();
/** Jelly with its byte strings as text. */
const shown = (value: unknown): unknown =>
  value instanceof Uint8Array ? decoder.decode(value) : Array.isArray(value) ? value.map(shown) : value;
const round = (value: unknown) => unjelly(jelly(value));

Deno.test("values have Twisted's jelly", () => {
  const cases: [unknown, unknown][] = [
    [null, ["None"]],
    [undefined, ["None"]],
    [true, ["boolean", "true"]],
    ["é", ["unicode", "é"]],
    [[1, 2], ["list", 1, 2]],
    [tuple(1), ["tuple", 1]],
    [new Set([1]), ["set", 1]],
    [new FrozenSet([1]), ["frozenset", 1]],
    [{ k: 1 }, ["dictionary", [["unicode", "k"], 1]]],
    [new Map([[1, 2]]), ["dictionary", [1, 2]]],
    [new DateTime(2012, 7, 5, 1, 2, 3, 4), ["datetime", "2012 7 5 1 2 3 4"]],
    [new CalendarDate(2012, 7, 5), ["date", "2012 7 5"]],
    [new TimeOfDay(1, 2, 3, 4), ["time", "1 2 3 4"]],
    [new TimeDelta(1, 2, 3), ["timedelta", "1 2 3"]],
    [Decimal.parse("-1.50"), ["decimal", -150, -2]],
    [() => {}, ["unpersistable", "function deemed insecure"]],
    [Symbol("s"), ["unpersistable", "symbol deemed insecure"]],
    [new URL("http://x"), ["unpersistable", "instance of class URL deemed insecure"]],
  ];
  for (const [value, expected] of cases) assertEquals(shown(jelly(value)), expected);
});

Deno.test("sharing and cycles are numbered in the order in which they come up again, as Twisted's are", () => {
  const inner = [1];
  assertEquals(shown(jelly([inner, inner])), ["list", ["reference", 1, ["list", 1]], ["dereference", 1]]);
  const ring: unknown[] = [1];
  ring.push(ring);
  assertEquals(shown(jelly(ring)), ["reference", 1, ["list", 1, ["dereference", 1]]]);
  const a = ["a"];
  const b = ["b"];
  assertEquals(shown(jelly([a, b, b, a, b])), [
    "list",
    ["reference", 2, ["list", ["unicode", "a"]]],
    ["reference", 1, ["list", ["unicode", "b"]]],
    ["dereference", 1],
    ["dereference", 2],
    ["dereference", 1],
  ]);
  assertEquals(shown(jelly([[1], [1]])), ["list", ["list", 1], ["list", 1]]);
});

Deno.test("sharing and cycles through every container keep their identity", () => {
  const list: unknown[] = [];
  const map = new Map<unknown, unknown>([[1, list]]);
  const set = new Set<unknown>([map]);
  const dict: Record<string, unknown> = { set };
  const pair = tuple<[unknown]>(dict);
  list.push(list, map, set, dict, pair);
  const back = round(list) as [unknown[], Map<number, unknown>, Set<unknown>, { set: unknown }, Tuple];
  assert(back[0] === (back as unknown));
  assert(
    back[1].get(1) === back && back[2].has(back[1]) && back[3].set === back[2] && back[4][0] === back[3],
  );
});

Deno.test("ten thousand shared lists take no more than linear time", () => {
  const shared = Array.from({ length: 10_000 }, (_, i) => [i]);
  const back = round([shared, [...shared].reverse()]) as [number[][], number[][]];
  assert(back[0].every((one, i) => one === back[1][9999 - i]));
});

Deno.test("a dictionary is an object while its keys are text, else a Map", () => {
  assertEquals(round({}), {});
  assertEquals(round(new Map([["a", 1]])), { a: 1 });
  assertEquals(
    round(new Map<unknown, number>([["a", 1], [2, 3]])),
    new Map<unknown, number>([["a", 1], [2, 3]]),
  );
  const named = round(JSON.parse('{"__proto__": {"x": 1}}')) as object;
  assertEquals(Object.keys(named), ["__proto__"]);
  assertEquals((named as { x?: number }).x, undefined);
  const keys = new Map<unknown, number>([[tuple(1, new Uint8Array([2])), 1], [new FrozenSet([1]), 2]]);
  const back = round(keys) as Map<unknown, number>;
  assertEquals(dictGet(back, tuple(1, new Uint8Array([2]))), 1);
  assertEquals(dictGet(back, new FrozenSet([1])), 2);
  assertEquals(dictGet(back, tuple(1)), undefined);
  assertEquals(dictGet({ a: 1 }, "toString"), undefined);
});

Deno.test("numbers travel as what they are", () => {
  assert(Object.is(round(-0), -0));
  assert(Number.isNaN(round(NaN)));
  assertEquals([round(2 ** 53), round(new Float(7)), round(10n ** 30n), round(5n)], [
    2 ** 53,
    7,
    10n ** 30n,
    5,
  ]);
});

Deno.test("Unpersistable tells why", () => {
  const back = round(() => {}) as Unpersistable;
  assert(back instanceof Unpersistable);
  assertEquals(String(back), "Unpersistable(function deemed insecure)");
});

class Pond extends Copyable {
  static readonly wireName = "test.Pond";
  frogs = 1;
  next: Pond | null = null;
  #secret = 1;
  get secret(): number {
    return this.#secret;
  }
}
class RemotePond extends RemoteCopy {
  frogs = 0;
  next: RemotePond | null = null;
}

Deno.test("copies take their fields along, without private ones, and may lead back to themselves", () => {
  setUnjellyableForClass(Pond, RemotePond);
  const pond = new Pond();
  pond.next = pond;
  const back = round(pond) as RemotePond;
  assert(back instanceof RemotePond && back.next === back);
  assertEquals(Object.keys(back).sort(), ["frogs", "next"]);
});

Deno.test("a factory may make the copy", () => {
  setUnjellyableFactoryForClass("test.Upper", (state) => String(state).toUpperCase());
  assertEquals(unjelly(["test.Upper", ["unicode", "abc"]]), "ABC");
});

Deno.test("security options refuse what they do not let in", () => {
  const strict = new SecurityOptions().allowBasicTypes().disallowTypes("decimal", "set", "test.Pond");
  for (const value of [Decimal.parse("1"), new Set(), new Pond()]) {
    assertThrows(() => unjelly(jelly(value) as never, strict), InsecureJelly);
  }
  assertThrows(() => unjelly(["list"], new SecurityOptions()), InsecureJelly);
  for (const kind of ["class", "module", "function", "method", "instance", "persistent", "os.system"]) {
    assertThrows(() => unjelly([kind, "os.system"]), InsecureJelly);
  }
  class Local {
    static readonly wireName = "local.Local";
    x = 1;
  }
  const open = new SecurityOptions().allowBasicTypes().allowInstancesOf(Local);
  const back = unjelly(jelly(new Local(), open) as never, open) as Local;
  assert(back instanceof Local);
  assertThrows(() => unjelly(jelly(new Local(), open) as never), InsecureJelly);
});

Deno.test("jelly that makes no sense is refused", () => {
  const nonsense = [
    [],
    [1],
    [["list"]],
    ["unicode"],
    ["unicode", 1],
    ["dictionary", 1],
    ["dictionary", ["a"]],
    ["dereference", 1],
    ["reference", 0, ["list"]],
    ["reference", 1],
    ["datetime", "1 2 3"],
    ["date", "1 2 x"],
    ["decimal", "x", 1],
    ["decimal", 1.5, 1],
    ["boolean"],
  ];
  for (const sexp of nonsense) {
    assertThrows(() => unjelly(sexp as never), JellyError, "", JSON.stringify(sexp));
  }
  for (const kind of ["remote", "local", "lcache", "cached"]) {
    assertThrows(() => unjelly([kind, 1]), InsecureJelly);
  }
});

Deno.test("references that are nested to cost quadratic time are refused", () => {
  let sexp: unknown = ["None"];
  for (let i = 1; i < 300; i++) {
    sexp = ["reference", i, ["dictionary", [["unicode", "k".repeat(10_000)], sexp]]];
  }
  assertThrows(() => unjelly(sexp as never), JellyError, "entangled");
});

Deno.test("dates and decimals read and write themselves", () => {
  const when = new DateTime(2012, 7, 5, 1, 2, 3, 4000);
  assertEquals(when.toDate().toISOString(), "2012-07-05T01:02:03.004Z");
  assertEquals(DateTime.fromDate(when.toDate()), when);
  assertEquals(String(when), "2012-07-05T01:02:03.004000");
  assertEquals(new TimeDelta(-1, 86399, 500000).totalSeconds(), -0.5);
  for (const text of ["0", "1.50", "-0.001", "12E+5", "1E-20", "123456789012345678901234567890.5"]) {
    assertEquals(String(Decimal.parse(text)), text);
  }
  for (const text of ["", ".", "x", "1.2.3", "NaN", "1e"]) {
    assertThrows(() => Decimal.parse(text), SyntaxError);
  }
});

const anything = fc.anything({
  withBigInt: true,
  withMap: true,
  withSet: true,
  maxDepth: 4,
  withNullPrototype: true,
  withTypedArray: false,
});

Deno.test("anything is sent or refused, and what was sent comes back the same when sent again", () => {
  fc.assert(
    fc.property(anything, (value) => {
      const once = round(value);
      assertEquals(round(once), once);
    }),
    { numRuns: 300, seed: 3 },
  );
});
