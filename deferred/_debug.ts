/**
 * What is remembered of a Deferred while debugging is on: where it was made and where it was fired.
 * @module
 */

interface Places {
  readonly created: string;
  fired: string | null;
}

const places = new WeakMap<object, Places>();
const watchers: ((on: boolean) => void)[] = [];
let debugging = false;

/**
 * Turns debugging on or off. While it is on, every Deferred remembers where it was made and where it was fired, and
 * a failure remembers which generators it passed through, at a cost of some microseconds each; while it is off
 * nothing is recorded.
 *
 * @param on Whether to record from now on. What was recorded already is kept.
 *
 * @example
 * ```ts
 * import { Deferred, setDebugging } from "@ropewalk/deferred";
 * import { assertThrows } from "@std/assert";
 *
 * setDebugging(true);
 * const d = new Deferred<string>();
 * d.callback("first");
 * assertThrows(() => d.callback("second"), Error, "It was fired at:");
 * setDebugging(false);
 * ```
 */
export function setDebugging(on: boolean): void {
  debugging = on;
  for (const watch of watchers) watch(on);
}

/**
 * Whether debugging is on.
 *
 * @returns What {@linkcode setDebugging} was last given; `false` at first.
 */
export function getDebugging(): boolean {
  return debugging;
}

/**
 * Keeps a module's own copy of the switch up to date. The hot paths have one each, because a variable of another module
 * is loaded anew for every use.
 */
export function followDebugging(watch: (on: boolean) => void): void {
  watchers.push(watch);
}

/** The present stack without the `skip` innermost frames (this function not counted), one line a frame. */
export function captureStack(skip: number, limit = 20): string {
  const host = Error as { stackTraceLimit?: number };
  const before = host.stackTraceLimit;
  host.stackTraceLimit = limit + skip + 1;
  const lines = (new Error().stack ?? "").split("\n");
  if (before !== undefined) host.stackTraceLimit = before;
  return lines.slice(2 + skip).join("\n");
}

/** Notes where a Deferred is made: in the caller of its constructor. */
export function noteCreated(deferred: object): void {
  places.set(deferred, { created: captureStack(2), fired: null });
}

/** Notes where a Deferred is fired: in the caller of `callback` or `errback`. */
export function noteFired(deferred: object): void {
  const known = places.get(deferred);
  if (known !== undefined) known.fired = captureStack(3);
  else places.set(deferred, { created: "    (before debugging was turned on)", fired: captureStack(3) });
}

/** Where a Deferred was made, one line a frame; empty if that is not known. */
export function creationOf(deferred: object): string {
  return places.get(deferred)?.created ?? "";
}

/** Where a Deferred was made and fired, as lines to follow a message; empty without debugging. */
export function storyOf(deferred: object): string {
  const known = places.get(deferred);
  if (known === undefined) return "";
  const fired = known.fired === null ? "" : `\nIt was fired at:\n${known.fired}`;
  return `\nThe Deferred was made at:\n${known.created}${fired}`;
}
