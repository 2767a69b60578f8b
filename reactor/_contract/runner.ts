/**
 * Runs contracts in a process of their own, without a test runner.
 * @module
 */
import process from "node:process";
import type { Declare } from "./contract.ts";

/** Tests that were declared, to be run one after another. */
export class Runner {
  readonly #tests: [string, () => void | Promise<void>][] = [];

  /** Declares a test. */
  readonly test: Declare = (name, run) => void this.#tests.push([name, run]);

  /** Runs them, prints what failed, and ends the process: with 1 if anything did. */
  async run(): Promise<never> {
    let failed = 0;
    for (const [name, run] of this.#tests) {
      try {
        await run();
      } catch (error) {
        failed++;
        console.log(`${name}:`, error);
      }
    }
    console.log(`${this.#tests.length - failed} of ${this.#tests.length} passed`);
    process.exit(failed === 0 ? 0 : 1);
  }
}
