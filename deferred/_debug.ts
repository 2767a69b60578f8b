/**
 * What is remembered of a Deferred while debugging is on: where it was made and where it was fired.
 * @module
 */

let debugging = false;

/**
 * Turns debugging on or off. While it is on every Deferred remembers where it was made and where it was
 * fired, at a cost of a few microseconds each; while it is off nothing is recorded.
 */
export function setDebugging(on: boolean): void {
  debugging = on;
}

/** Whether debugging is on. */
export function getDebugging(): boolean {
  return debugging;
}

/** The stacks of one Deferred. */
export interface DebugInfo {
  created: string;
  fired: string | null;
}

/** The present stack without the `skip` innermost frames (this function not counted). */
export function captureStack(skip: number): string {
  const lines = (new Error().stack ?? "").split("\n");
  return lines.slice(2 + skip).join("\n");
}

/** Where a Deferred was made and fired, as lines to follow a message; empty without debugging. */
export function story(info: DebugInfo | null): string {
  if (info === null) return "";
  const fired = info.fired === null ? "" : `\nIt was fired at:\n${info.fired}`;
  return `\nThe Deferred was made at:\n${info.created}${fired}`;
}
