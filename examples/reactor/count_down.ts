/**
 * Counts seconds down, and keeps the time however late it is called.
 *
 *     deno run examples/reactor/count_down.ts 5
 *
 * A `LoopingCall` does not drift, and `withCount` tells how many intervals have passed: stop the process for three
 * seconds with Ctrl-Z and go on with `fg`, and it is three seconds further. `react` ends the process with the Deferred.
 */
import type { Deferred } from "@ropewalk/deferred";
import { LoopingCall } from "@ropewalk/reactor/core";
import type { ReactorTime } from "@ropewalk/reactor/core";

/**
 * Says how many seconds are left, once a second.
 *
 * @param clock Whose seconds.
 * @param from How many.
 * @param say Told each time; what it throws ends the counting.
 * @returns Fires when none is left.
 */
export function countDown(clock: ReactorTime, from: number, say: (left: number) => void): Deferred<unknown> {
  let left = from + 1; // the first call counts too
  const loop = LoopingCall.withCount((passed) => {
    left = Math.max(0, left - passed);
    say(left);
    if (left === 0) loop.stop();
  });
  loop.clock = clock;
  return loop.start(1);
}

if (import.meta.main) {
  const { react, SystemExit } = await import("@ropewalk/reactor");
  await react((reactor, text) => {
    const from = Number(text ?? 5);
    if (Number.isInteger(from) && from > 0) return countDown(reactor, from, (left) => console.log(left));
    console.error("usage: count_down.ts [SECONDS]");
    throw new SystemExit(2);
  }, [Deno.args[0]]);
}
