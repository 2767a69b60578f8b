/**
 * The reactor on Deno.
 * @module
 */
export { DenoReactor } from "./deno_reactor.ts";
