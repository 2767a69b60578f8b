/**
 * The files of UNIX sockets.
 * @module
 */
import process from "node:process";
import { chmodSync, lstatSync, readFileSync, unlinkSync } from "node:fs";

/** Where Linux lists the sockets that are open, one a line, the path at its end. */
const OPEN_SOCKETS = "/proc/net/unix";

/**
 * Removes a socket file that nobody listens on any more. Where the host does not tell who listens (it is not Linux, or
 * the list may not be read) the file stays, and listening says that the address is in use.
 *
 * @param path The socket file.
 */
export function removeStaleSocket(path: string): void {
  if (path.startsWith("\0")) return;
  try {
    if (!lstatSync(path).isSocket()) return;
    const open = readFileSync(OPEN_SOCKETS, "utf8").split("\n");
    if (open.some((line) => line.endsWith(` ${path}`))) return;
    unlinkSync(path);
  } catch { /* there is no such file, or the host does not tell */ }
}

/** Sets the permission bits of a socket file. Windows has named pipes in place of files, and no such bits. */
export function setSocketMode(path: string, mode: number): void {
  if (process.platform !== "win32") chmodSync(path, mode);
}

/** Removes a socket file that is not used any more. */
export function removeSocket(path: string): void {
  try {
    unlinkSync(path);
  } catch { /* somebody was quicker */ }
}
