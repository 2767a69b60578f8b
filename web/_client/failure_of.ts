/**
 * What a request that was lost fails with.
 * @module
 */
import { Failure } from "@ropewalk/deferred";
import {
  BadResponse,
  HTTPTimeoutError,
  RequestGenerationFailed,
  RequestTransmissionFailed,
  ResponseFailed,
  ResponseNeverReceived,
} from "./errors.ts";

/**
 * The failure of a request whose response has no whole head.
 *
 * @param reason Why the connection was lost.
 * @param begun Whether some of the response came.
 * @param sending Whether the request's body was still going out.
 */
export function failureOf(reason: Failure, begun: boolean, sending: boolean): Failure {
  const { value } = reason;
  if (value instanceof HTTPTimeoutError) return reason;
  if (value instanceof RequestGenerationFailed) return new Failure(value);
  if (value instanceof BadResponse || begun) return new Failure(new ResponseFailed([reason]));
  return new Failure(sending ? new RequestTransmissionFailed([reason]) : new ResponseNeverReceived([reason]));
}
