/**
 * The host's file system, by `node:fs`.
 * @module
 */
import { constants, type Stats } from "node:fs";
import * as fs from "node:fs/promises";
import * as paths from "node:path";
import type { FileStat, FileSystem, OpenFile, OpenMode } from "./file_system.ts";

const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: constants.O_RDONLY,
  write: constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC,
  append: constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND,
  new: constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
};

function statOf(stats: Stats): FileStat {
  const kind = stats.isFile()
    ? "file"
    : stats.isDirectory()
    ? "directory"
    : stats.isSymbolicLink()
    ? "link"
    : "other";
  return { kind, size: stats.size, modified: stats.mtimeMs / 1000, mode: stats.mode & 0o7777 };
}

class NodeFile implements OpenFile {
  #position = 0;

  constructor(readonly handle: fs.FileHandle, readonly append: boolean) {}

  async read(buffer: Uint8Array): Promise<number | null> {
    const { bytesRead } = await this.handle.read(buffer, 0, buffer.length, this.#position);
    this.#position += bytesRead;
    return bytesRead === 0 && buffer.length > 0 ? null : bytesRead;
  }

  async write(data: Uint8Array): Promise<number> {
    const at = this.append ? null : this.#position;
    const { bytesWritten } = await this.handle.write(data, 0, data.length, at);
    this.#position += bytesWritten;
    return bytesWritten;
  }

  seek(position: number): void {
    this.#position = position;
  }

  async stat(): Promise<FileStat> {
    return statOf(await this.handle.stat());
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** The file system of this host. */
export const hostFileSystem: FileSystem = {
  separator: paths.sep,
  resolve: (path) => paths.resolve(path),
  realPath: (path) => fs.realpath(path),
  stat: async (path, link) => statOf(await (link ? fs.lstat(path) : fs.stat(path))),
  list: (path) => fs.readdir(path),
  open: async (path, mode, permissions) =>
    new NodeFile(await fs.open(path, FLAGS[mode], permissions), mode === "append"),
  makeDirectory: async (path, recursive) => void await fs.mkdir(path, { recursive }),
  link: (target, path) => fs.symlink(target, path),
  rename: (from, to) => fs.rename(from, to),
  remove: (path) => fs.rm(path, { recursive: true }),
  removeDirectory: (path) => fs.rmdir(path),
};
