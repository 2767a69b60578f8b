import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { reportError } from "@ropewalk/deferred";
import { flushLoggedErrors } from "../logged_errors.ts";
import { simulate, simulateAsync, SimulationError } from "./simulate.ts";

Deno.test("simulate runs a scenario under each seed and reports what it came to", () => {
  const seeds: number[] = [];
  const report = simulate({ seeds: 5, firstSeed: 3 }, (network) => {
    seeds.push(network.seed);
    network.addHost("host");
    network.run(2);
  });
  assertEquals(seeds, [3, 4, 5, 6, 7]);
  assertEquals([report.runs, report.events, report.virtualSeconds], [5, 5, 10]);
});

Deno.test("simulate names the seed that failed, how to run it again, and what happened last", () => {
  const scenario = () =>
    simulate({ seeds: 1000 }, (network) => {
      network.addHost("dice").crash();
      const roll = network.random.integer(1, 100);
      if (roll === 100) throw new RangeError("rolled 100");
    });
  const error = assertThrows(scenario, SimulationError);
  assert(error.message.includes(`ROPEWALK_SEED=${error.seed}`));
  assert(error.message.includes("dice  crash"));
  assertEquals((error.cause as Error).message, "rolled 100");
  assertEquals(assertThrows(scenario, SimulationError).seed, error.seed);
});

Deno.test("simulate fails on errors that were logged, unless the scenario took them", () => {
  const scenario = (flush: boolean) => () =>
    simulate({ seeds: 1 }, () => {
      reportError(new RangeError("unnoticed"));
      if (flush) flushLoggedErrors(RangeError);
    });
  const error = assertThrows(scenario(false), SimulationError, "were logged and not flushed");
  assert(error.message.includes("unnoticed"));
  scenario(true)();
});

Deno.test("simulate makes the platform's chance depend on the seed, and puts it back", () => {
  const before = [Math.random, crypto.getRandomValues, crypto.randomUUID];
  const draw = (seed: number) => {
    let drawn: unknown[] = [];
    simulate({ seeds: [seed] }, () => {
      drawn = [Math.random(), crypto.randomUUID(), [...crypto.getRandomValues(new Uint16Array(4))]];
    });
    return drawn;
  };
  assertEquals(draw(1), draw(1));
  assertNotEquals(draw(1), draw(2));
  assert(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(draw(1)[1] as string));
  assertThrows(() => simulate({ seeds: 1 }, () => assert(false)), SimulationError);
  assertEquals([Math.random, crypto.getRandomValues, crypto.randomUUID], before);
});

Deno.test("simulateAsync runs scenarios that await", async () => {
  const report = await simulateAsync({ seeds: 3 }, async (network) => {
    const done = new Promise<void>((resolve) => void network.callLater(1, resolve));
    await network.playUntil(done);
  });
  assertEquals([report.runs, report.virtualSeconds], [3, 3]);
  const cause = new RangeError("after a while");
  const error = await assertRejects(
    () =>
      simulateAsync({ seeds: [9] }, async (network) => {
        await network.play(1);
        throw cause;
      }),
    SimulationError,
  );
  assertStrictEquals(error.cause, cause);
  assertEquals(error.seed, 9);
  assertThrows(
    () => simulate({ seeds: 1 }, () => Promise.resolve() as never),
    SimulationError,
    "simulateAsync",
  );
});

Deno.test("simulate without a seed to run proves nothing, and says so", async () => {
  for (const seeds of [0, NaN, 1.5, []]) {
    assertThrows(() => simulate({ seeds }, () => {}), RangeError, "would prove nothing");
  }
  await assertRejects(() => simulateAsync({ seeds: 0 }, () => Promise.resolve()), RangeError);
});
