/**
 * What the system says when it cannot connect, as an error of this package.
 * @module
 */
import {
  ConnectError,
  ConnectionRefusedError,
  DNSLookupError,
  NoRouteError,
  TimeoutError,
} from "../core/errors.ts";

/**
 * Translates an error of Deno's or Node's.
 *
 * @param error The error.
 * @param where For the message.
 */
export function translateConnectError(error: unknown, where: string): ConnectError {
  if (error instanceof ConnectError) return error;
  const options = { cause: error };
  const { code = "", message } = error as { code?: string; message: string };
  const text = `${code} ${message}`;
  if (/ECONNREFUSED|refused/i.test(text)) {
    return new ConnectionRefusedError(`${where} refused the connection`, options);
  }
  if (/ENOTFOUND|EAI_|lookup|resolve/i.test(text)) {
    return new DNSLookupError(`Cannot find the address of ${where}: ${message}`, options);
  }
  if (/EHOSTUNREACH|ENETUNREACH|unreachable/i.test(text)) {
    return new NoRouteError(`No route leads to ${where}: ${message}`, options);
  }
  if (/ETIMEDOUT|timed out/i.test(text)) {
    return new TimeoutError(`Connecting to ${where} took too long`, options);
  }
  return new ConnectError(`Cannot connect to ${where}: ${message}`, options);
}
