/** The contract that the real reactors keep, kept by the reactor of a simulated host: all but what needs a file system. */
import type { Host } from "../../reactor/_contract/contract.ts";
import { endingContract } from "../../reactor/_contract/ending_contract.ts";
import { flowContract } from "../../reactor/_contract/flow_contract.ts";
import { lifeContract } from "../../reactor/_contract/life_contract.ts";
import { udpContract } from "../../reactor/_contract/udp_contract.ts";
import { tcpContract } from "../../reactor/_contract/tcp_contract.ts";
import { timeContract } from "../../reactor/_contract/time_contract.ts";
import { SimulatedNetwork } from "./simulated_network.ts";

let network = new SimulatedNetwork();

const host: Host = {
  name: "a simulated host",
  broadcastAddress: "255.255.255.255",
  make: () => network.addHost(`host-${network.hosts.length}`).reactor,
  test: (name, run) =>
    Deno.test(name, async () => {
      network = new SimulatedNetwork();
      await network.playUntil(Promise.resolve(run()));
    }),
};

timeContract(host);
lifeContract(host);
tcpContract(host);
endingContract(host);
flowContract(host);
udpContract(host);
