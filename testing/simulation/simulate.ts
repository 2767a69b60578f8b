/**
 * Runs one scenario under many seeds, and tells how to run the one that failed again.
 * @module
 */
import { collectErrors, flushLogged } from "../logged_errors.ts";
import { withSeededGlobals } from "./_seeded_globals.ts";
import { SimulatedNetwork, type SimulatedNetworkOptions } from "./simulated_network.ts";

/** Options of {@linkcode simulate}. */
export interface SimulateOptions extends Omit<SimulatedNetworkOptions, "seed"> {
  /** How many seeds to run, or which ones. @default 100 */
  seeds?: number | readonly number[];
  /** The first seed, where `seeds` is a number. @default 1 */
  firstSeed?: number;
}

/** What a run of many seeds came to. */
export interface SimulationReport {
  /** How many seeds were run. */
  readonly runs: number;
  /** How many things happened in all networks together. */
  readonly events: number;
  /** How much virtual time passed in all of them together. */
  readonly virtualSeconds: number;
  /** A checksum over everything that happened: equal for equal programs and seeds. */
  readonly checksum: number;
}

/** A scenario failed under some seed. The error itself is the `cause`. */
export class SimulationError extends Error {
  /** As of every error: its kind. */
  override readonly name = "SimulationError";
  /** Stable identifier of this kind of error. */
  readonly code = "SIMULATION_FAILED";

  /** Says which seed it was and how to run it again.
   *
   * @param seed The seed.
   * @param trace What happened last.
   * @param cause What the scenario threw.
   */
  constructor(readonly seed: number, readonly trace: string, cause: unknown) {
    super(
      `Seed ${seed} failed: ${cause instanceof Error ? cause.message : cause}\n` +
        `Run it again with { seeds: [${seed}] }, or ROPEWALK_SEED=${seed} for a simulationTest.\n` +
        `What happened last:\n${trace}`,
      { cause },
    );
  }
}

/**
 * Runs a scenario once for each seed, each time in a network of its own. While it runs, `Math.random` and the random
 * numbers of `crypto` come from the seed too, so that library code which uses them is replayed as well. An error that
 * nobody handled (see `flushLoggedErrors`) fails the seed.
 *
 * @param options The seeds, and the conditions of the network.
 * @param scenario Adds hosts, lets time pass, and throws when something is wrong. It is synchronous; programs that use
 * promises need {@linkcode simulateAsync}.
 * @returns What happened.
 * @throws {RangeError} If there is no seed to run.
 * @throws {SimulationError} For the first seed that fails.
 *
 * @example
 * ```ts
 * import { DatagramProtocol } from "@ropewalk/protocols";
 * import { simulate } from "@ropewalk/testing";
 * import { assert } from "@std/assert";
 *
 * const report = simulate({ seeds: 20, loss: 0.5 }, (network) => {
 *   let heard = 0;
 *   class Ear extends DatagramProtocol {
 *     override datagramReceived() {
 *       heard++;
 *     }
 *   }
 *   const ear = network.addHost("ear");
 *   ear.reactor.listenUDP(9, new Ear());
 *   const mouth = network.addHost("mouth").reactor.listenUDP(0, new DatagramProtocol());
 *   for (let i = 0; i < 10; i++) mouth.write("psst", { host: ear.address, port: 9 });
 *   network.run(1);
 *   assert(heard < 10 || network.seed > 0);
 * });
 * assert(report.runs === 20);
 * ```
 */
export function simulate(
  options: SimulateOptions,
  scenario: (network: SimulatedNetwork) => void,
): SimulationReport {
  const tally = new Tally();
  for (const seed of seedsOf(options)) {
    const network = new SimulatedNetwork({ ...options, seed });
    const done = collectErrors();
    try {
      const result: unknown = withSeededGlobals(network.random.fork(), () => scenario(network));
      if (result instanceof Promise) {
        throw new TypeError("Cannot simulate an async scenario: use simulateAsync");
      }
      failOnLogged();
    } catch (error) {
      throw new SimulationError(seed, `${network.trace}`, error);
    } finally {
      done();
    }
    tally.add(network);
  }
  return tally;
}

/**
 * As {@linkcode simulate}, for scenarios that await: `network.play`, `network.playUntil`.
 *
 * @param options The seeds, and the conditions of the network.
 * @param scenario May await what the network brings about, but nothing from outside: no real timer, socket or file.
 */
export async function simulateAsync(
  options: SimulateOptions,
  scenario: (network: SimulatedNetwork) => Promise<void>,
): Promise<SimulationReport> {
  const tally = new Tally();
  for (const seed of seedsOf(options)) {
    const network = new SimulatedNetwork({ ...options, seed });
    const done = collectErrors();
    try {
      await withSeededGlobals(network.random.fork(), () => scenario(network));
      failOnLogged();
    } catch (error) {
      throw new SimulationError(seed, `${network.trace}`, error);
    } finally {
      done();
    }
    tally.add(network);
  }
  return tally;
}

class Tally implements SimulationReport {
  runs = 0;
  events = 0;
  virtualSeconds = 0;
  checksum = 0;

  add(network: SimulatedNetwork): void {
    this.runs++;
    this.events += network.trace.count;
    this.virtualSeconds += network.seconds();
    this.checksum = Math.imul(this.checksum, 31) + network.trace.checksum >>> 0;
  }
}

function seedsOf({ seeds = 100, firstSeed = 1 }: SimulateOptions): readonly number[] {
  const count = typeof seeds === "number" ? seeds : seeds.length;
  if (!(Number.isSafeInteger(count) && count > 0)) {
    throw new RangeError(`Cannot simulate: ${count} seeds would prove nothing`);
  }
  return typeof seeds === "number" ? Array.from({ length: seeds }, (_, i) => firstSeed + i) : seeds;
}

/** Throws if errors were reported that nobody took. */
export function failOnLogged(): void {
  const errors = flushLogged();
  if (errors.length === 0) return;
  const texts = errors.map(({ failure, context }) => `${context}: ${failure.getTraceback()}`);
  const causes = errors.map(({ failure }) => failure.value);
  throw new AggregateError(
    causes,
    `${errors.length} errors were logged and not flushed:\n${texts.join("\n")}`,
  );
}
