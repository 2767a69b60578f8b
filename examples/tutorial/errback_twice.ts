/**
 * The wrong way: a Deferred that is fired twice.
 *
 *     deno run --allow-net examples/tutorial/errback_twice.ts
 *
 * What is new since errback.ts: a Deferred is fired once. The second time is a mistake at another place than the first,
 * and with debugging on `AlreadyCalledError` tells both: where it was made and where it was fired.
 */
import { type AlreadyCalledError, Deferred, getDebugging, setDebugging } from "@ropewalk/deferred";
import { reactor, type ReactorTime } from "@ropewalk/reactor";
import { work } from "./_command.ts";

/** Answers in a second, or says that it took too long. The mistake: when the answer comes, `late` is not cancelled. */
export function impatient(
  clock: ReactorTime,
  seconds: number,
  mistake: (error: Error) => void,
): Deferred<string> {
  const answer = new Deferred<string>();
  const fire = (f: () => void) => () => {
    try {
      f();
    } catch (error) {
      mistake(error as AlreadyCalledError);
    }
  };
  clock.callLater(seconds, fire(() => answer.callback("here it is")));
  clock.callLater(
    1,
    fire(function late() {
      answer.errback(new RangeError("too late"));
    }),
  );
  return answer;
}

/** Runs it with debugging on; fires with the story that the second error told, or with word that there was none. */
export function story(clock: ReactorTime, seconds: number): Deferred<string> {
  const before = getDebugging();
  setDebugging(true);
  const told = new Deferred<string>();
  impatient(clock, seconds, (error) => {
    if (!told.called) told.callback(error.message);
  }).addErrback((failure) => failure.trap(RangeError));
  return told.addTimeout(seconds + 2, clock).addBoth((result) => {
    setDebugging(before);
    return result;
  });
}

const HELP = `Fires a Deferred twice, and prints what comes of it.

  --seconds SECONDS  when it is fired first, or last (0.5)`;

if (import.meta.main) {
  Deno.exit(
    await work(
      HELP,
      { seconds: 0.5 },
      ({ seconds }) => story(reactor, seconds).addCallback((text) => console.log(text)),
    ),
  );
}
