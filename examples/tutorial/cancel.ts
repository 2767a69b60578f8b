/**
 * Asks for a call, and takes it back in time.
 *
 *     deno run --allow-net examples/tutorial/cancel.ts --seconds=1 --change-mind=0.5
 *
 * What is new since call_later.ts: `callLater` returns a `DelayedCall`, which can be cancelled, reset and delayed, until
 * it has run. `active()` tells whether it still can.
 */
import { Deferred } from "@ropewalk/deferred";
import { reactor, type ReactorTime } from "@ropewalk/reactor";
import { work } from "./_command.ts";

/** Means to say "boom" after `fuseSeconds`, and thinks better of it after `changeMindSeconds`. */
export function lightFuse(
  clock: ReactorTime,
  fuseSeconds: number,
  changeMindSeconds: number,
): Deferred<string> {
  const done = new Deferred<string>(() => {
    for (const call of [fuse, mind]) if (call.active()) call.cancel();
  });
  const fuse = clock.callLater(fuseSeconds, () => {
    mind.cancel();
    done.callback("boom");
  });
  const mind = clock.callLater(changeMindSeconds, () => {
    fuse.cancel();
    done.callback("phew");
  });
  return done;
}

const HELP = `Takes a call back, if in time.

  --seconds SECONDS      when it would be made (1)
  --change-mind SECONDS  when it is taken back (0.5)`;

if (import.meta.main) {
  Deno.exit(
    await work(
      HELP,
      { seconds: 1, "change-mind": 0.5 },
      (options) =>
        lightFuse(reactor, options.seconds, options["change-mind"]).addCallback((word) => console.log(word)),
    ),
  );
}
