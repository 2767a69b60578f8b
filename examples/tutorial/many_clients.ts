/**
 * Many clients at once, and how they get on while they do.
 *
 *     deno run --allow-net examples/tutorial/many_clients.ts --clients=200
 *
 * What is new since client_4.ts: a semaphore bounds how many connections are open at a time, and a `LoopingCall` shows
 * progress meanwhile: one process does both, without a thread.
 */
import { type Deferred, DeferredList, DeferredSemaphore } from "@ropewalk/deferred";
import { clientFromString, LoopingCall, reactor, type ReactorTime } from "@ropewalk/reactor";
import { work } from "./_command.ts";
import { ask } from "./client_2.ts";

/** Counts of a run; `seconds` from its begin to its end. */
export interface Tally {
  answered: number;
  failed: number;
  seconds: number;
}

/**
 * Asks `clients` times, `atOnce` at a time.
 *
 * @param progress Told four times a second how far it is.
 */
export function askMany(
  clock: ReactorTime,
  clients: number,
  atOnce: number,
  askOne: (text: string) => Deferred<string>,
  progress: (text: string) => void,
): Deferred<Tally> {
  const began = clock.seconds();
  const tally: Tally = { answered: 0, failed: 0, seconds: 0 };
  const slots = new DeferredSemaphore(atOnce);
  const looping = new LoopingCall(() => progress(`${tally.answered + tally.failed} of ${clients}`));
  looping.clock = clock;
  looping.start(0.25, false);
  const asked = Array.from(
    { length: clients },
    (_, i) =>
      slots.run(() => askOne(`client ${i}`)).addCallbacks(
        () => void tally.answered++,
        () => void tally.failed++,
      ),
  );
  return new DeferredList(asked).addCallback(() => {
    looping.stop();
    tally.seconds = clock.seconds() - began;
    return tally;
  });
}

const HELP = `Asks with many clients at once.

  --server ENDPOINT  (tcp:127.0.0.1:8007)
  --clients NUMBER   (200)
  --at-once NUMBER   how many connections may be open at a time (50)`;

if (import.meta.main) {
  const defaults = { server: "tcp:127.0.0.1:8007", clients: 200, "at-once": 50 };
  Deno.exit(
    await work(HELP, defaults, (options) => {
      const endpoint = clientFromString(reactor, options.server);
      const { clients } = options;
      return askMany(reactor, clients, options["at-once"], (text) => ask(endpoint, text), console.log)
        .addCallback(({ answered, failed, seconds }) =>
          console.log(`${answered} answered, ${failed} failed, in ${seconds.toFixed(2)} s`)
        );
    }),
  );
}
