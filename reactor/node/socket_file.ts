/**
 * The files of UNIX sockets.
 * @module
 */
import process from "node:process";
import { chmodSync, lstatSync, readFileSync, realpathSync, unlinkSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { ConnectError } from "../core/errors.ts";

/** Where Linux lists the sockets that are open, one a line, the path at its end. */
const OPEN_SOCKETS = "/proc/net/unix";
const LINE = /^(?:\S+ +){4}(\S+) +(\S+) +\S+ +(.+)$/;
const STREAM = "0001";
const CONNECTED = "03";

/** How much room a system has for the path of a socket, in bytes; it ends in a NUL, and an abstract name begins with one. */
const ROOM: Readonly<Record<string, number>> = { linux: 108, android: 108, darwin: 104, freebsd: 104 };

const encoder = new TextEncoder();

/**
 * Refuses the path of a socket that is no use. Hosts say so in riddles, and Node cuts what is too long and uses the rest.
 *
 * @param path A path, or an abstract name.
 * @throws {ConnectError} If it is empty, or longer than the system takes.
 */
export function checkSocketPath(path: string): void {
  if (path === "" || path === "\0") throw new ConnectError("The path of the socket is empty");
  const room = ROOM[process.platform];
  const { length } = encoder.encode(path);
  if (room === undefined || length < room || (length === room && path.startsWith("\0"))) return;
  throw new ConnectError(`The path of the socket has ${length} bytes, and the system takes ${room - 1}`);
}

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
    if (!isOpen(path)) unlinkSync(path);
  } catch { /* there is no such file, or the host does not tell */ }
}

// A socket is listed by the path that it was bound with: one through a link, say, or a relative one, to whatever
// directory its process was in. The latter counts as open if its name is the same.
function isOpen(path: string): boolean {
  const name = basename(path);
  const directory = realpathSync(dirname(resolve(path)));
  return readFileSync(OPEN_SOCKETS, "utf8").split("\n").some((line) => {
    const [, type, state, bound] = LINE.exec(line) ?? [];
    if (bound === undefined || basename(bound) !== name) return false;
    if (type === STREAM && state === CONNECTED) return false; // a connection goes by the name of its port
    if (!bound.startsWith("/")) return !bound.startsWith("@");
    try {
      return realpathSync(dirname(bound)) === directory;
    } catch {
      return false;
    }
  });
}

/** Sets the permission bits of a socket file. Windows has named pipes in place of files, and no such bits. */
export function setSocketMode(path: string, mode: number): void {
  if (process.platform !== "win32") chmodSync(path, mode);
}
