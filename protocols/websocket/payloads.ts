/**
 * What may stand in a payload.
 * @module
 */
import { decodeUtf8Strictly, isAscii, latin1 } from "../bytes.ts";
import { WebSocketError } from "./errors.ts";

/** The text of a payload; what is no UTF-8 ends the connection. */
export function readText(payload: Uint8Array): string {
  if (isAscii(payload)) return latin1(payload);
  try {
    return decodeUtf8Strictly(payload);
  } catch {
    throw new WebSocketError(1007, "text is not UTF-8");
  }
}

/** Whether a close code may stand in a frame: RFC 6455 §7.4, and those registered since. */
export function isSendable(code: number): boolean {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}
