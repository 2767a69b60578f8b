/**
 * JSON-RPC's errors.
 * @module
 */

/** The text is not JSON. */
export const PARSE_ERROR: number = -32700;
/** The JSON is no request. */
export const INVALID_REQUEST: number = -32600;
/** There is no such method. */
export const METHOD_NOT_FOUND: number = -32601;
/** The arguments do not fit. */
export const INVALID_PARAMS: number = -32602;
/** The method failed. */
export const INTERNAL_ERROR: number = -32603;

/**
 * An error with a code. Thrown by a method it is what the caller gets, and the caller gets every error as one.
 *
 * @example
 * ```ts
 * import { JSONRPCError } from "@ropewalk/protocols/jsonrpc";
 *
 * function divide(a: number, b: number) {
 *   if (b === 0) throw new JSONRPCError(1, "division by zero", { a });
 *   return a / b;
 * }
 * ```
 */
export class JSONRPCError extends Error {
  /** The name of the class. */
  override readonly name = "JSONRPCError";
  /**
   * Tells all three.
   *
   * @param code A whole number; -32768 to -32000 are the protocol's.
   * @param message What went wrong, in a sentence.
   * @param data Whatever else there is to tell.
   */
  constructor(readonly code: number, message: string, readonly data?: unknown) {
    super(message);
  }
}
