/**
 * `currentCall`: what a method can know of the call that it answers.
 * @module
 */
import type { Broker } from "./broker.ts";

/** One call that came from a peer. */
export interface CurrentCall {
  /** The connection it came over. */
  readonly broker: Broker;
  /** Aborted when the caller cancels, if it can tell us so, and when the connection is lost. */
  readonly signal: AbortSignal;
}

let running: { broker: Broker; id: number } | null = null;

/**
 * The call that is being answered. Ask at the beginning of a method, before its first `await`.
 *
 * @throws {TypeError} Outside of a method that was called by a peer.
 *
 * @example
 * ```ts
 * import { currentCall, Root } from "@ropewalk/spread";
 *
 * class Fetcher extends Root {
 *   async remote_fetch(url: string): Promise<string> {
 *     const { signal } = currentCall(); // the far side's `cancel()` stops the download
 *     const response = await fetch(url, { signal });
 *     return await response.text();
 *   }
 * }
 * ```
 */
export function currentCall(): CurrentCall {
  if (running === null) {
    throw new TypeError("Cannot tell the current call: no method is being called by a peer");
  }
  const { broker, id } = running;
  return { broker, signal: broker.signalOf(id) };
}

/** For the broker: the call that is being answered from now on; what was before is to be put back. */
export function enterCall(call: { broker: Broker; id: number } | null): typeof running {
  const before = running;
  running = call;
  return before;
}
