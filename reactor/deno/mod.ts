/**
 * The reactor on Deno.
 * @example
 * ```ts
 * import { DenoReactor } from "@ropewalk/reactor/deno";
 *
 * const reactor = new DenoReactor(); // opens nothing until it is used
 * await new Promise<void>((resolve) => reactor.callLater(0, () => resolve())); // in a later turn
 * ```
 *
 * @module
 */
export { DenoReactor } from "./deno_reactor.ts";
