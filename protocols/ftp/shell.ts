/**
 * What an FTP server serves: a tree of files behind a few methods.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import type { Readable } from "../file_sender.ts";

/** A value, a Deferred or a promise of it. */
export type Soon<T> = T | Deferred<T> | PromiseLike<T>;

/** A file or folder. */
export interface FTPEntry {
  /** Its name. */
  readonly name: string;
  /** Whether it is a folder. */
  readonly isFolder: boolean;
  /** Its size in bytes. */
  readonly size: number;
  /** When it was changed. */
  readonly modified: Date;
}

/** Gives the bytes of a file. */
export interface FTPReader extends Readable {
  /** Nothing more is read. */
  close?(): Soon<unknown>;
}

/** Takes the bytes of a file. */
export interface FTPWriter {
  /** Takes some bytes, which are the writer's. A result that is still to come holds the client back meanwhile. */
  write(bytes: Uint8Array): Soon<unknown>;
  /**
   * That was all.
   *
   * @param complete Whether it was, or the connection broke.
   */
  close(complete: boolean): Soon<unknown>;
}

/** Something cannot be done with a file; the client is told the message. */
export class FTPFileError extends Error {
  /** Stable identifier of this kind of error. */
  readonly code = "FTP_FILE_ERROR";
  /** The name of the class. */
  override readonly name = "FTPFileError";
}

/**
 * A tree of files, as one user sees it. A path is the names from the root, never `.` or `..`: nobody gets out of it.
 * What cannot be done is refused with {@linkcode FTPFileError}. It is a class so that a realm can be asked for one.
 */
export abstract class FTPShell {
  /** What is known of a file or folder. */
  abstract stat(path: readonly string[]): Soon<FTPEntry>;
  /** What is in a folder. */
  abstract list(path: readonly string[]): Soon<readonly FTPEntry[]>;
  /** Opens a file, from some byte on. */
  abstract read(path: readonly string[], offset: number): Soon<FTPReader>;
  /** Opens a file for writing: from some byte on, which cuts off what follows; -1 for its end. */
  abstract write(path: readonly string[], offset: number): Soon<FTPWriter>;
  /** Makes a folder. */
  abstract makeFolder(path: readonly string[]): Soon<unknown>;
  /** Removes an empty folder. */
  abstract removeFolder(path: readonly string[]): Soon<unknown>;
  /** Removes a file. */
  abstract removeFile(path: readonly string[]): Soon<unknown>;
  /** Gives a file or folder another name or place. */
  abstract rename(from: readonly string[], to: readonly string[]): Soon<unknown>;
}

/** The same tree, in which nothing can be changed: for anonymous users. */
export function readOnlyShell(shell: FTPShell): FTPShell {
  const refuse = () => {
    throw new FTPFileError("Anonymous users are forbidden to change the filesystem");
  };
  return {
    stat: (path) => shell.stat(path),
    list: (path) => shell.list(path),
    read: (path, offset) => shell.read(path, offset),
    write: refuse,
    makeFolder: refuse,
    removeFolder: refuse,
    removeFile: refuse,
    rename: refuse,
  };
}
