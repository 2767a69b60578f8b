/**
 * Signals. The tests send them to their own process, which has to be theirs alone.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import type { Host } from "./contract.ts";
import { later } from "./recorder.ts";

/** Declares the tests. */
export function signalContract({ name, make, test }: Host): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`${name}: ${signal} stops the reactor, with its shutdown triggers, as often as it runs`, async () => {
      const reactor = make();
      for (let turn = 0; turn < 2; turn++) {
        const order: string[] = [];
        reactor.addSystemEventTrigger("before", "shutdown", () => {
          order.push("before");
          return later(reactor, 0.01).addCallback(() => void order.push("later"));
        });
        reactor.addSystemEventTrigger("after", "shutdown", () => order.push("after"));
        reactor.callWhenRunning(() => {
          process.kill(process.pid, signal);
          process.kill(process.pid, signal); // as when it comes from the terminal and from whoever passes it on
        });
        await reactor.run();
        assertEquals([order, reactor.running], [["before", "later", "after"], false]);
      }
    });

    test(`${name}: with installSignalHandlers false, and after the run, ${signal} is the program's`, async () => {
      const reactor = make();
      let heard = 0;
      let tell = (): void => {};
      const listener = (): void => {
        heard++;
        tell();
      };
      const send = (): Promise<void> =>
        new Promise((resolve) => {
          tell = resolve;
          process.kill(process.pid, signal);
        });
      process.on(signal, listener);
      try {
        const ended = reactor.run({ installSignalHandlers: false });
        await send();
        await later(reactor, 0.01);
        assert(reactor.running);
        reactor.stop();
        await ended;
        reactor.callWhenRunning(() => reactor.stop());
        await reactor.run(); // with handlers, which it takes away again
        await send();
        assertEquals([heard, reactor.running], [2, false]);
      } finally {
        process.off(signal, listener);
      }
    });
  }
}
