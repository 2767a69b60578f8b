/** The part of the reactors' contract that a `MemoryReactor` offers: time and life. Its connections are the test's. */
import type { Host } from "../../reactor/_contract/contract.ts";
import { lifeContract } from "../../reactor/_contract/life_contract.ts";
import { timeContract } from "../../reactor/_contract/time_contract.ts";
import { settle } from "../_settle.ts";
import { MemoryReactor } from "./memory_reactor.ts";

/** More rounds than any of the tests needs. */
const MAX_ROUNDS = 10_000;

let reactors: MemoryReactor[] = [];

// What a call throws comes out of `advance`, to the test that moves the clock: a real reactor has nobody to throw to.
const OTHERWISE = ["MemoryReactor: a call that throws is reported, and the next one runs"];

const host: Host = {
  name: "MemoryReactor",
  make() {
    const reactor = new MemoryReactor();
    reactors.push(reactor);
    return reactor;
  },
  test(name, run) {
    if (OTHERWISE.includes(name)) return;
    Deno.test(name, async () => {
      reactors = [];
      let over = false;
      const done = Promise.resolve(run()).finally(() => over = true);
      done.catch(() => {});
      for (let rounds = 0; !over && rounds < MAX_ROUNDS; rounds++) {
        await settle();
        for (const reactor of reactors) {
          const next = reactor.getDelayedCalls()[0];
          if (next !== undefined) reactor.advance(Math.max(0, next.getTime() - reactor.seconds()));
        }
        await settle();
      }
      if (!over) throw new Error("the test waits for something that never comes");
      await done;
    });
  },
};

timeContract(host);
lifeContract(host);
