/**
 * Where the generators of `inlineCallbacks` were waiting when a failure came through them. Used only while debugging
 * is on.
 *
 * A generator that waits is not on the stack, so its place has to be noted before: `yield*` runs code of ours with the
 * generator just below it. A bare `yield` does not; there the place where the generator made the Deferred has to do.
 * @module
 */
import { captureStack, creationOf } from "./_debug.ts";

let depth = 0; // frames below the generator that is being driven
let noted = "";

// How V8 shows the built-in that runs a generator: `at fetchPage.next (<anonymous>)`.
const GENERATOR_STEP = /^ *at (\S+\.)?(next|throw|return) \(<anonymous>\)$/;

/** Lets a generator run one step; whatever is on the stack before that does not belong to it. */
export function traced<R>(step: () => R): R {
  const before = depth;
  depth = countFrames(captureStack(0, Infinity)) + 1; // `step` itself
  try {
    return step();
  } finally {
    depth = before;
  }
}

/** Called from within `yield*`: notes the lines of the generators that wait from now on, innermost first. */
export function noteWait(): void {
  const lines = captureStack(2, Infinity).split("\n");
  const own = lines.slice(0, Math.max(0, lines.length - depth));
  noted = own.filter((line) => !GENERATOR_STEP.test(line)).map(waiting).join("\n");
}

/** The lines of the generator that just waited for `deferred`; `name` is what to say where they are not known. */
export function placeOfWait(deferred: object, name: string): string {
  const place = noted;
  noted = "";
  if (place !== "") return place;
  const lines = creationOf(deferred).split("\n");
  const step = lines.findIndex((line) => GENERATOR_STEP.test(line));
  return waiting(step > 0 ? lines[step - 1]! : `    at ${name || "<anonymous>"} (a bare yield)`);
}

function waiting(line: string): string {
  return line.replace(/^ *at /, "    at waiting ");
}

function countFrames(stack: string): number {
  return stack === "" ? 0 : stack.split("\n").length;
}
