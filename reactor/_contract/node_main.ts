/**
 * Runs the contract under plain Node: bundled, without Deno. Prints what failed and ends with 1 if anything did.
 * @module
 */
import process from "node:process";
import { NodeReactor } from "../node/mod.ts";
import { flowContract } from "./flow_contract.ts";
import { lifeContract } from "./life_contract.ts";
import { udpContract, unixContract } from "./local_contract.ts";
import { peerContract } from "./peer_contract.ts";
import { tcpContract } from "./tcp_contract.ts";
import { timeContract } from "./time_contract.ts";
import { tlsContract } from "./tls_contract.ts";

const tests: [string, () => void | Promise<void>][] = [];
const host = {
  name: "NodeReactor on Node",
  make: () => new NodeReactor(),
  test: (name: string, run: () => void | Promise<void>) => void tests.push([name, run]),
};
for (
  const declare of [
    timeContract,
    lifeContract,
    tcpContract,
    flowContract,
    peerContract,
    tlsContract,
    unixContract,
    udpContract,
  ]
) declare(host);

let failed = 0;
for (const [name, run] of tests) {
  try {
    await run();
  } catch (error) {
    failed++;
    console.log(`${name}:`, error);
  }
}
console.log(`${tests.length - failed} of ${tests.length} passed`);
process.exit(failed === 0 ? 0 : 1);
