/**
 * Waits until somebody answers at an endpoint, and ends with 0; with 1 if nobody did in time, with 2 for a place that is none.
 *
 *     deno run --allow-net examples/reactor/wait_for.ts tcp:127.0.0.1:8000 10 && echo it is there
 *
 * `react` makes a program of a Deferred: it runs the reactor until that fires, and the process ends with a code.
 * `addTimeout` puts an end to whatever is under way at that time.
 */
import { type Deferred, inlineCallbacks, maybeDeferred, TimeoutError } from "@ropewalk/deferred";
import { Protocol } from "@ropewalk/protocols";
import {
  clientFromString,
  ConnectError,
  connectProtocol,
  deferLater,
  react,
  type Reactor,
  SystemExit,
} from "@ropewalk/reactor";

/** How long to wait between two attempts, in seconds. */
export const PAUSE_SECONDS = 0.25;

const attempts = inlineCallbacks(function* (reactor: Reactor, description: string) {
  const endpoint = clientFromString(reactor, description);
  for (let attempt = 1;; attempt++) {
    try {
      const { transport } = yield* connectProtocol(endpoint, new Protocol());
      transport.loseConnection();
      return attempt;
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error; // a cancel, or a mistake of ours
    }
    yield* deferLater(reactor, PAUSE_SECONDS);
  }
});

/**
 * Tries until a connection is there.
 *
 * @param reactor Does the trying.
 * @param description Where.
 * @param seconds How long at the most.
 * @returns Fires with the number of attempts, or fails with a `TimeoutError`.
 */
export function waitFor(reactor: Reactor, description: string, seconds: number): Deferred<number> {
  return attempts(reactor, description).addTimeout(seconds, reactor, () => {
    throw new TimeoutError(seconds);
  });
}

/** The whole program, for `react`. */
export function main(reactor: Reactor, description = "", seconds = "30"): Deferred<void> {
  return maybeDeferred(waitFor, reactor, description, Number(seconds)).addCallbacks((attempts) => {
    console.log(`${description} answers (attempt ${attempts})`);
  }, (failure) => {
    console.error(failure.getErrorMessage());
    throw new SystemExit(failure.check(TimeoutError) ? 1 : 2);
  });
}

if (import.meta.main) await react(main, Deno.args as [string?, string?]);
