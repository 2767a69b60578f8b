/**
 * `simulationTest`: a `Deno.test` of a scenario under many seeds.
 * @module
 */
import { simulate, type SimulateOptions } from "../simulation/simulate.ts";
import type { SimulatedNetwork } from "../simulation/simulated_network.ts";

/**
 * Defines a test with `Deno.test` that runs a scenario under many seeds, as `simulate` does. With `ROPEWALK_SEED=n` in
 * the environment (and the permission to read it) only that seed is run: this is how a failure is replayed.
 *
 * @param name A sentence.
 * @param options The seeds, and the conditions of the network.
 * @param scenario Adds hosts, lets time pass, and throws when something is wrong.
 */
export function simulationTest(
  name: string,
  options: SimulateOptions,
  scenario: (network: SimulatedNetwork) => void,
): void {
  Deno.test(name, () => void simulate({ ...options, ...replayed() }, scenario));
}

function replayed(): { seeds?: number[] } {
  const name = "ROPEWALK_SEED";
  if (Deno.permissions.querySync({ name: "env", variable: name }).state !== "granted") return {};
  const seed = Deno.env.get(name);
  if (seed === undefined || seed === "") return {};
  if (!/^\d+$/.test(seed)) throw new RangeError(`Cannot replay: ${name} is "${seed}", not a whole number`);
  return { seeds: [Number(seed)] };
}
