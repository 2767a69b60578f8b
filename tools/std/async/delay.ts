/**
 * Stands in for `jsr:@std/async/delay` where JSR cannot be reached.
 * @module
 */
// @ts-types="./delay.d.ts"
export * from "npm:deno-std@1.4.0/async/delay.js";
