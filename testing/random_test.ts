import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { SeededRandom } from "./random.ts";

const draw = (seed: number) => {
  const random = new SeededRandom(seed);
  return Array.from({ length: 50 }, () => random.number());
};

Deno.test("SeededRandom gives the same numbers for a seed, and others for another", () => {
  assertEquals(draw(1), draw(1));
  assertNotEquals(draw(1), draw(2));
  assertNotEquals(draw(1), draw(1 + 2 ** 32));
  assertThrows(() => new SeededRandom(0.5), RangeError, "Cannot seed");
});

Deno.test("SeededRandom is the same in every version: replays depend on it", () => {
  const random = new SeededRandom(42);
  assertEquals([random.integer(0, 999), random.integer(0, 999), random.integer(0, 999)], [456, 564, 574]);
});

Deno.test("SeededRandom spreads its numbers evenly", () => {
  const random = new SeededRandom(5);
  const counts = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < 60_000; i++) counts[random.integer(1, 6) - 1]!++;
  for (const count of counts) assert(Math.abs(count - 10_000) < 400, `${counts}`);
  let heads = 0;
  for (let i = 0; i < 10_000; i++) if (random.chance(0.25)) heads++;
  assert(Math.abs(heads - 2_500) < 200, `${heads}`);
});

Deno.test("SeededRandom picks, refuses to pick from nothing, and forks into independent sequences", () => {
  const random = new SeededRandom(9);
  assert(["a", "b"].includes(random.pick(["a", "b"])));
  assertThrows(() => random.pick([]), RangeError, "nothing to pick from");
  assertNotEquals(random.fork().number(), random.fork().number());
});
