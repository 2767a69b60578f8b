/**
 * The two lanes of a Deferred: callbacks for results, errbacks for failures, and how to change from one to the other.
 *
 *     deno run --allow-net examples/tutorial/errback.ts --divisor=0
 *
 * What is new since cancel.ts: a callback that throws sends what comes after it down the lane of failures. An errback that
 * returns brings it back. `trap` lets only some errors be dealt with; the others stay on their lane.
 */
import { type Deferred, succeed } from "@ropewalk/deferred";
import { work } from "./_command.ts";

export class DivisionByZero extends Error {}

/** 100 divided by a number, `Infinity` when that is 0; each step that is taken is told. */
export function divide(divisor: Deferred<number>, tell: (step: string) => void): Deferred<string> {
  return divisor
    .addCallback((n) => {
      tell("callback: divide");
      if (n === 0) throw new DivisionByZero("cannot divide by 0");
      return 100 / n;
    })
    .addCallback((quotient) => {
      tell("callback: round"); // left out if the one before threw
      return Math.round(quotient);
    })
    .addErrback((failure) => {
      tell(`errback: ${failure.type}`);
      failure.trap(DivisionByZero); // anything else goes on as a failure
      return Infinity;
    })
    .addCallbacks(
      (result) => `the result is ${result}`,
      (failure) => {
        tell("errback: not ours");
        return failure;
      },
    );
}

const HELP = `Divides 100, and tells which functions were called on the way.

  --divisor NUMBER   (0)`;

if (import.meta.main) {
  Deno.exit(
    await work(
      HELP,
      { divisor: 0 },
      ({ divisor }) => divide(succeed(divisor), console.log).addCallback((text) => console.log(text)),
    ),
  );
}
