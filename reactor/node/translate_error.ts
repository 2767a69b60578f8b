/**
 * Why a connection could not be made, as the reactor's errors.
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
 * Makes an error of this package out of the host's.
 *
 * @param error What the host raised.
 * @param where Where to, for the message.
 */
export function translateConnectError(error: unknown, where: string): ConnectError {
  if (error instanceof ConnectError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const text = `${(error as { code?: unknown })?.code ?? ""} ${(error as Error)?.name ?? ""} ${message}`;
  const options = { cause: error };
  if (/ECONNREFUSED|ConnectionRefused|connection refused/i.test(text)) {
    return new ConnectionRefusedError(`Connection to ${where} was refused`, options);
  }
  if (/ENOTFOUND|EAI_|getaddrinfo|lookup|resolve|no address|invalid host/i.test(text)) {
    return new DNSLookupError(`Cannot resolve ${where}: ${message}`, options);
  }
  if (/EHOSTUNREACH|ENETUNREACH|unreachable|no route/i.test(text)) {
    return new NoRouteError(`No route to ${where}: ${message}`, options);
  }
  if (/ETIMEDOUT|TimedOut|timed out/i.test(text)) {
    return new TimeoutError(`Connecting to ${where} took longer than the system waits`, options);
  }
  return new ConnectError(`Cannot connect to ${where}: ${message}`, options);
}
