/**
 * The event reactor: time, sockets, signals.
 * @module
 */
import { DenoReactor } from "./deno/mod.ts";
import type { Reactor } from "./core/interfaces.ts";

export * from "./core/mod.ts";
export { DenoReactor };
/** The default reactor. It opens nothing until it is used. */
export const reactor: Reactor = new DenoReactor();
