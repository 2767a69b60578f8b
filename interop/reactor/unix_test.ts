/** UNIX sockets and names on both hosts; here because they need a directory to write to, and the system's resolver. */
import { createReactor } from "@ropewalk/reactor";
import { nameContract, unixContract } from "../../reactor/_contract/local_contract.ts";

for (const kind of ["deno", "node"] as const) {
  const host = {
    name: `the reactor on ${kind}`,
    make: () => createReactor(kind),
    test: (name: string, run: () => void | Promise<void>) => Deno.test(name, run),
  };
  unixContract(host);
  nameContract(host);
}
