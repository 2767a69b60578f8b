/**
 * Stands in for `jsr:@std/assert` where JSR cannot be reached: the same functions from npm, typed here.
 * @module
 */
// @ts-types="./assert.d.ts"
export * from "npm:deno-std@1.4.0/assert/mod.js";
