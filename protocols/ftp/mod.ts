/**
 * FTP: a server of virtual trees, for anonymous users and logins, active and passive, and a client.
 *
 * @example
 * ```ts
 * import { Factory } from "@ropewalk/protocols";
 * import { FTP, type FTPOptions, MemoryFTPShell } from "@ropewalk/protocols/ftp";
 *
 * function serve(reactor: FTPOptions["reactor"]) {
 *   const home = new MemoryFTPShell();
 *   const login = (_user: string, password: string) => password === "sesame" ? home : null;
 *   return reactor.listenTCP(2121, Factory.forProtocol(FTP, { reactor, login }));
 * }
 * ```
 *
 * @module
 */
export { FTPClient, type FTPClientOptions } from "./client.ts";
export { FTPError } from "./conversation.ts";
export { FilePathFTPShell } from "./file_path_shell.ts";
export { listLine } from "./listing.ts";
export { type FTPLoginOptions } from "./login.ts";
export { MemoryFTPShell } from "./memory_shell.ts";
export { FTP, type FTPOptions } from "./server.ts";
export {
  type FTPEntry,
  FTPFileError,
  type FTPReader,
  FTPShell,
  type FTPWriter,
  readOnlyShell,
  type Soon,
} from "./shell.ts";
