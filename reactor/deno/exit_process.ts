/**
 * Ends the process.
 * @module
 */
import process from "node:process";

/** Ends the process, on Deno and on Node alike. */
export function exitProcess(code: number): void {
  process.exit(code);
}
