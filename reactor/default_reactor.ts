/**
 * The default reactor, and reactors by the name of their host.
 * @module
 */
import { NotSupportedError } from "./core/errors.ts";
import type { Reactor, ReactorUNIXDatagram } from "./core/interfaces.ts";
import { setDefaultClock } from "./core/task/default_clock.ts";
import { DenoReactor } from "./deno/mod.ts";
import { logErrors } from "./log_errors.ts";
import { NodeReactor, registerHostEndpoints } from "./node/mod.ts";

/**
 * A new reactor.
 *
 * @param host What it runs on. Deno can run both.
 * @throws {NotSupportedError} For `"deno"` on another host.
 */
export function createReactor(host: "deno" | "node"): Reactor & ReactorUNIXDatagram {
  if (host === "deno") {
    if (!DenoReactor.isHere) {
      throw new NotSupportedError('Cannot make a reactor on Deno: this host has "node" alone');
    }
    return new DenoReactor();
  }
  if (host === "node") return new NodeReactor();
  throw new RangeError(`Cannot make a reactor: "${host}" is neither "deno" nor "node"`);
}

/** The default reactor. It opens nothing until it is used. */
export const reactor: Reactor & ReactorUNIXDatagram = createReactor(DenoReactor.isHere ? "deno" : "node");

setDefaultClock(reactor);
registerHostEndpoints();
logErrors();
