/**
 * How an FTP server describes files: to people (LIST) and to programs (MLSD, RFC 3659).
 * @module
 */
import type { FTPEntry } from "./shell.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** One line of LIST, as `ls -l` has it. */
export function listLine({ name, isFolder, size, modified }: FTPEntry): string {
  const day = String(modified.getUTCDate()).padStart(2, "0");
  const time = `${MONTHS[modified.getUTCMonth()]} ${day}  ${modified.getUTCFullYear()}`;
  const kind = isFolder ? "drwxr-xr-x" : "-rw-r--r--";
  return `${kind}   1 ftp      ftp      ${String(size).padStart(12)} ${time} ${name}`;
}

/** A moment as MDTM and MLSD have it: `20240229123000`, in UTC. */
export function timeVal(moment: Date): string {
  return moment.toISOString().slice(0, 19).replace(/[-T:]/g, "");
}

/** One line of MLSD: facts, a space, and the name. */
export function factsLine({ name, isFolder, size, modified }: FTPEntry): string {
  const kind = isFolder ? "type=dir;" : `type=file;size=${size};`;
  return `${kind}modify=${timeVal(modified)}; ${name}`;
}
