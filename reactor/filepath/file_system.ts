/**
 * What a file system has to offer, so that a `FilePath` works on the host's and on a double in memory.
 * @module
 */

/** What is known of a file. */
export interface FileStat {
  /** What it is. */
  readonly kind: "file" | "directory" | "link" | "other";
  /** Its size in bytes. */
  readonly size: number;
  /** When it was last written to, in seconds since 1970. */
  readonly modified: number;
  /** Its permission bits. */
  readonly mode: number;
}

/** How a file is opened: to read, to write from the start, to write at the end, or to write only if it is new. */
export type OpenMode = "read" | "write" | "append" | "new";

/** An open file. */
export interface OpenFile {
  /** Reads some bytes into `buffer`; `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes some bytes, perhaps not all; the result is how many. */
  write(data: Uint8Array): Promise<number>;
  /** Goes to a position, in bytes from the start. */
  seek(position: number): void;
  /** What is known of it. */
  stat(): Promise<FileStat>;
  /** Closes it. */
  close(): Promise<void>;
}

/** A file system. Paths are absolute; what is missing is an error with the `code` `"ENOENT"`. */
export interface FileSystem {
  /** What stands between the parts of a path. */
  readonly separator: string;
  /** The absolute, normal form of a path. */
  resolve(path: string): string;
  /** The path with every link followed. */
  realPath(path: string): Promise<string>;
  /** What is known of a file; of a link itself if `link`. */
  stat(path: string, link: boolean): Promise<FileStat>;
  /** The names in a directory, in no particular order. */
  list(path: string): Promise<string[]>;
  /** Opens a file. */
  open(path: string, mode: OpenMode, permissions?: number): Promise<OpenFile>;
  /** Makes a directory, and those above it if `recursive`. */
  makeDirectory(path: string, recursive: boolean): Promise<void>;
  /** Makes a symbolic link at `path`. */
  link(target: string, path: string): Promise<void>;
  /** Renames, replacing what is at the new path. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a directory with all that is in it. */
  remove(path: string): Promise<void>;
  /** Removes a directory; fails with `ENOTEMPTY` if anything is in it, `ENOTDIR` if it is none. */
  removeDirectory(path: string): Promise<void>;
}
