/**
 * The sockets that systemd, or another supervisor, has opened for a program.
 * @module
 */

/** One of them. */
export interface InheritedSocket {
  /** Its number. */
  readonly fd: number;
  /** What the supervisor calls it; `"unknown"` if it does not say. */
  readonly name: string;
}

const FIRST = 3;
const MOST = 1024;

/**
 * Reads `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES`.
 *
 * @param get Looks a variable of the environment up.
 * @param pid The number of this process: what is meant for another one is left alone.
 * @returns The sockets in order; none if the variables are missing, not ours, or make no sense (more than 1024 make none).
 */
export function inheritedSockets(get: (name: string) => string | undefined, pid: number): InheritedSocket[] {
  const count = get("LISTEN_FDS") ?? "";
  if (get("LISTEN_PID") !== String(pid) || !/^[0-9]{1,4}$/.test(count) || Number(count) > MOST) return [];
  const names = (get("LISTEN_FDNAMES") ?? "").split(":");
  return Array.from({ length: Number(count) }, (_, i) => ({ fd: FIRST + i, name: names[i] || "unknown" }));
}
