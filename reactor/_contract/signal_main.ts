/**
 * Runs the contract of signals on both reactors, under Deno.
 * @module
 */
import { createReactor } from "../default_reactor.ts";
import { Runner } from "./runner.ts";
import { signalContract } from "./signal_contract.ts";

const runner = new Runner();
for (const kind of ["deno", "node"] as const) {
  signalContract({ name: `the reactor on ${kind}`, make: () => createReactor(kind), test: runner.test });
}
await runner.run();
