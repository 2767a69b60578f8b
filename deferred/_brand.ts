/**
 * Two copies of this package can meet in one program (JSR pins each dependant's copy separately), so
 * its classes are recognised by a brand in the global symbol registry, never by `instanceof` alone.
 * @module
 */

// Stands on the prototypes of every copy's `Deferred` and `Failure`, and says which of them it is. (Not exported: what
// a module exports is loaded anew for every use, which is felt in `isDeferred`.)
const KIND = Symbol.for("ropewalk.kind");

interface Branded {
  readonly [KIND]?: unknown;
}

/** What a branded class is. */
export type Kind = "Deferred" | "Failure";

/** Makes every instance of a class recognisable as one of ours. */
export function brand(prototype: object, kind: Kind): void {
  Object.defineProperty(prototype, KIND, { value: kind });
}

/** What `value` is branded as; `undefined` for all that is not ours. */
export function kindOf(value: object): unknown {
  return (value as Branded)[KIND];
}

/** True for a Deferred of this or of another copy of this package. */
export function isDeferred(value: unknown): boolean {
  return typeof value === "object" && value !== null && (value as Branded)[KIND] === "Deferred";
}

/** True for a Failure of this or of another copy of this package. */
export function isFailure(value: unknown): boolean {
  return typeof value === "object" && value !== null && (value as Branded)[KIND] === "Failure";
}
