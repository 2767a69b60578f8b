import { datagramContract } from "../_contract/datagram_contract.ts";
import { endingContract } from "../_contract/ending_contract.ts";
import { flowContract } from "../_contract/flow_contract.ts";
import { lifeContract } from "../_contract/life_contract.ts";
import { udpContract } from "../_contract/udp_contract.ts";
import { peerContract } from "../_contract/peer_contract.ts";
import { tcpContract } from "../_contract/tcp_contract.ts";
import { timeContract } from "../_contract/time_contract.ts";
import { tlsContract } from "../_contract/tls_contract.ts";
import { DenoReactor } from "./mod.ts";

const host = {
  name: "DenoReactor",
  make: () => new DenoReactor(),
  test: (name: string, run: () => void | Promise<void>) => Deno.test(name, run),
  lacks: ["reset", "refusals"] as const,
};

timeContract(host);
lifeContract(host);
tcpContract(host);
endingContract(host);
flowContract(host);
peerContract(host);
tlsContract(host);
udpContract(host);
datagramContract(host);
