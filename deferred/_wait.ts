/**
 * The iterator behind `const value = yield* deferred`.
 * @module
 */
import { type Chain, hasFailed, isIdle, take } from "./_chain.ts";
import { followDebugging } from "./_debug.ts";
import { noteWait } from "./_trace.ts";
import type { Failure } from "./failure.ts";

let debugging = false;
followDebugging((on) => debugging = on);

/**
 * Hands a Deferred to whoever drives the generator, unless its result is there already: then the generator gets it
 * without being left. It is its own `IteratorResult`, so that a wait makes one object and not three.
 */
export class Wait implements Iterator<unknown, unknown, unknown> {
  /** True until the first `next`, and when the wait is over. */
  declare done: boolean;
  /** The Deferred, then its result. */
  declare value: unknown;

  constructor(chain: Chain) {
    this.done = true;
    this.value = chain;
  }

  next(input?: unknown): IteratorResult<unknown, unknown> {
    if (!this.done) {
      this.done = true;
      this.value = input;
    } else if (debugging) {
      noteWait(); // the driver does the rest, and knows then where this was
      this.done = false;
    } else {
      const chain = this.value as Chain;
      if (!isIdle(chain)) this.done = false;
      else if (hasFailed(chain)) throw (take(chain) as Failure).value;
      else this.value = take(chain);
    }
    return this;
  }

  throw(error: unknown): never {
    throw error;
  }

  return(value?: unknown): IteratorResult<unknown, unknown> {
    this.done = true;
    this.value = value;
    return this;
  }
}
