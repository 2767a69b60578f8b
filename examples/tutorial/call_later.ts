/**
 * Does something later, and something else meanwhile.
 *
 *     deno run --allow-net examples/tutorial/call_later.ts --seconds=0.5
 *
 * What is new since timing.ts: no network at all. `callLater` asks the reactor to call a function in some seconds;
 * arguments can be handed along. `deferLater` does the same and has its end, or its error, in a Deferred.
 */
import type { Deferred } from "@ropewalk/deferred";
import { deferLater, reactor, type ReactorTime } from "@ropewalk/reactor";
import { work } from "./_command.ts";

/** Says four things; fires after the last, or fails if that cannot be said. */
export function countDown(
  clock: ReactorTime,
  seconds: number,
  say: (text: string) => void,
): Deferred<void> {
  clock.callLater(0, say, "in the next turn");
  clock.callLater(seconds, say, "second");
  say("first");
  return deferLater(clock, 2 * seconds, say, "last");
}

const HELP = `Says something now and something later.

  --seconds SECONDS  (0.5)`;

if (import.meta.main) {
  Deno.exit(await work(HELP, { seconds: 0.5 }, ({ seconds }) => countDown(reactor, seconds, console.log)));
}
