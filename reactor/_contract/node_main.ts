/**
 * Runs the contract under plain Node: bundled, without Deno.
 * @module
 */
import { NodeReactor } from "../node/mod.ts";
import { datagramContract } from "./datagram_contract.ts";
import { endingContract } from "./ending_contract.ts";
import { flowContract } from "./flow_contract.ts";
import { lifeContract } from "./life_contract.ts";
import { unixContract } from "./local_contract.ts";
import { udpContract } from "./udp_contract.ts";
import { peerContract } from "./peer_contract.ts";
import { Runner } from "./runner.ts";
import { signalContract } from "./signal_contract.ts";
import { tcpContract } from "./tcp_contract.ts";
import { timeContract } from "./time_contract.ts";
import { tlsContract } from "./tls_contract.ts";

const runner = new Runner();
const host = { name: "NodeReactor on Node", make: () => new NodeReactor(), test: runner.test };
for (
  const declare of [
    timeContract,
    lifeContract,
    tcpContract,
    endingContract,
    flowContract,
    peerContract,
    tlsContract,
    unixContract,
    udpContract,
    datagramContract,
    signalContract,
  ]
) declare(host);
await runner.run();
