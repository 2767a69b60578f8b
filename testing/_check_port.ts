/**
 * What a port number may be.
 * @module
 */

/** Checks a port number. */
export function checkPort(port: number, what: "connect" | "listen" = "connect"): number {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new RangeError(`Cannot ${what}: ${port} is no port`);
}
