/**
 * The classic mistake: one Deferred, fired with a value and then with an error. With debugging on the error tells where
 * it was fired first. Run: `deno run examples/deferred/fired_twice.ts`
 * @module
 */
import { AlreadyCalledError, Deferred, setDebugging } from "@ropewalk/deferred";

/** Fires with a value and, without an `else` in between, with an error too. */
export function divide(a: number, b: number): Deferred<number> {
  const d = new Deferred<number>();
  d.callback(a / b);
  if (b === 0) d.errback(new RangeError("division by zero"));
  return d;
}

/** What comes of it, in words. */
export function tryIt(): string {
  setDebugging(true);
  try {
    divide(1, 0);
    return "nothing happened";
  } catch (error) {
    if (error instanceof AlreadyCalledError) return error.message;
    throw error;
  } finally {
    setDebugging(false);
  }
}

if (import.meta.main) console.log(tryIt());
