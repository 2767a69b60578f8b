/**
 * The errors that framing protocols raise at the caller.
 * @module
 */

/** A string is too long for the prefix that is to carry its length. */
export class StringTooLongError extends Error {
  /** Stable identifier of this kind of error. */
  readonly code = "STRING_TOO_LONG";
  /** The name of this class. */
  override readonly name = "StringTooLongError";
  /**
   * Tells both lengths.
   *
   * @param length How long it is, in bytes.
   * @param limit How long it may be.
   */
  constructor(readonly length: number, readonly limit: number) {
    super(`Cannot send a string of ${length} bytes: the limit is ${limit}`);
  }
}
