/**
 * Two copies of this package can meet in one program (JSR pins each dependant's copy separately), so
 * its classes are recognised by a brand in the global symbol registry, never by `instanceof` alone.
 * @module
 */

/** Stands on the prototype of every copy's `Deferred`. */
export const DEFERRED: unique symbol = Symbol.for("ropewalk.Deferred");

/** Stands on the prototype of every copy's `Failure`. */
export const FAILURE: unique symbol = Symbol.for("ropewalk.Failure");

/** True if `value` is an object that carries `brand`. */
export function hasBrand(value: unknown, brand: symbol): boolean {
  return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}
