/**
 * Taking back what was handed out.
 * @module
 */
import { PBError } from "./errors.ts";

/** The object was taken back by its owner. */
export class Revoked extends PBError {
  /** Its name on the wire. */
  static override readonly wireName: string = "ropewalk.Revoked";
}

const revoked = new WeakSet<object>();

/**
 * Takes an object back from everybody it was sent to: from now on their calls fail with {@linkcode Revoked}, over every
 * connection. To take it back from one holder only, hand out `new AsReferenceable(object)` and revoke that.
 *
 * @param object A `Referenceable`, `Viewable` or avatar of ours.
 */
export function revoke(object: object): void {
  revoked.add(object);
}

/** Whether an object was taken back. */
export function isRevoked(object: object): boolean {
  return revoked.has(object);
}
