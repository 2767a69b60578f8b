/**
 * `FilePath`: a place in a file system, and what may be reached from there.
 * @module
 */
import type { FileStat, FileSystem, OpenFile, OpenMode } from "./file_system.ts";
import { hostFileSystem } from "./node_file_system.ts";

const CHUNK = 65_536;
const encoder = new TextEncoder();

/** A name would have led out of the directory that it was asked of. */
export class InsecurePath extends Error {
  /** The name of its class. */
  override readonly name = "InsecurePath";
  /** Stable identifier of this kind of error. */
  readonly code = "INSECURE_PATH";
}

/**
 * A path. {@linkcode child} and {@linkcode descendant} never lead out of it, whatever the names are: a program that
 * was handed a `FilePath` can be trusted with names from strangers.
 *
 * @example
 * ```ts
 * import { FilePath, InsecurePath } from "@ropewalk/reactor/filepath";
 * import { assertThrows } from "@std/assert";
 *
 * const root = new FilePath("/srv/www");
 * console.assert(root.child("index.html").path === "/srv/www/index.html");
 * assertThrows(() => root.child("../secret"), InsecurePath);
 * ```
 */
export class FilePath {
  /** The absolute path. */
  readonly path: string;
  /** Where it is. */
  readonly fileSystem: FileSystem;

  /**
   * Makes one.
   *
   * @param path A path; a relative one begins at the working directory.
   * @param fileSystem The host's, or a double.
   */
  constructor(path: string, fileSystem: FileSystem = hostFileSystem) {
    this.fileSystem = fileSystem;
    this.path = fileSystem.resolve(checked(path));
  }

  /**
   * Something in this directory.
   *
   * @param name One name, with no separator in it.
   * @throws {InsecurePath} If it would lead anywhere else.
   */
  child(name: string): FilePath {
    const { separator } = this.fileSystem;
    if (
      name === "" || name === "." || name === ".." ||
      /[/\\]/.test(separator === "/" ? name.replaceAll("\\", "") : name)
    ) {
      throw new InsecurePath(`${JSON.stringify(name)} is no child of ${this.path}`);
    }
    if (separator === "\\" && name.includes(":")) {
      throw new InsecurePath(`${JSON.stringify(name)} names a drive`);
    }
    return this.preauthChild(name);
  }

  /**
   * Something further below.
   *
   * @param names One after the other, each as in {@linkcode child}.
   * @throws {InsecurePath} If one of them would lead anywhere else.
   */
  descendant(names: Iterable<string>): FilePath {
    let path: FilePath = new FilePath(this.path, this.fileSystem);
    for (const name of names) path = path.child(name);
    return path;
  }

  /**
   * Something below, by a path with several parts.
   *
   * @param path Parts with separators between them.
   * @throws {InsecurePath} If it leads out of this directory.
   */
  preauthChild(path: string): FilePath {
    const { separator } = this.fileSystem;
    const base = this.path.endsWith(separator) ? this.path : this.path + separator;
    const below = new FilePath(base + checked(path), this.fileSystem);
    if (below.path !== this.path && !below.path.startsWith(base)) {
      throw new InsecurePath(`${JSON.stringify(path)} is not below ${this.path}`);
    }
    return below;
  }

  /** The directory that it is in; the root is in itself. */
  parent(): FilePath {
    return new FilePath(`${this.path}${this.fileSystem.separator}..`, this.fileSystem);
  }

  /** Another name in the same directory. */
  sibling(name: string): FilePath {
    return this.parent().child(name);
  }

  /** The last part of the path. */
  basename(): string {
    return this.path.slice(this.path.lastIndexOf(this.fileSystem.separator) + 1);
  }

  /** The last part of the path from its last dot on: `".html"`; empty without one. */
  extension(): string {
    const name = this.basename();
    const dot = name.lastIndexOf(".");
    return dot > 0 ? name.slice(dot) : "";
  }

  /** The names that lead here from a directory above. @throws {RangeError} If it is not above. */
  segmentsFrom(ancestor: FilePath): string[] {
    const { separator } = this.fileSystem;
    if (this.path === ancestor.path) return [];
    const base = ancestor.path.endsWith(separator) ? ancestor.path : ancestor.path + separator;
    if (!this.path.startsWith(base)) throw new RangeError(`${ancestor.path} is not above ${this.path}`);
    return this.path.slice(base.length).split(separator);
  }

  /** What is known of it, links followed; `null` if there is nothing. */
  stat(): Promise<FileStat | null> {
    return this.#stat(false);
  }

  /** What is known of a link itself. */
  linkStat(): Promise<FileStat | null> {
    return this.#stat(true);
  }

  async #stat(link: boolean): Promise<FileStat | null> {
    try {
      return await this.fileSystem.stat(this.path, link);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** Whether there is something. */
  async exists(): Promise<boolean> {
    return await this.stat() !== null;
  }

  /** Whether it is a file. */
  async isFile(): Promise<boolean> {
    return (await this.stat())?.kind === "file";
  }

  /** Whether it is a directory. */
  async isDirectory(): Promise<boolean> {
    return (await this.stat())?.kind === "directory";
  }

  /** The path with every link followed. */
  async realPath(): Promise<FilePath> {
    return new FilePath(await this.fileSystem.realPath(this.path), this.fileSystem);
  }

  /** The names in this directory, sorted. */
  async list(): Promise<string[]> {
    return (await this.fileSystem.list(this.path)).sort();
  }

  /** What is in this directory. */
  async children(): Promise<FilePath[]> {
    return (await this.list()).map((name) => this.preauthChild(name));
  }

  /** This, and all that is below. Links are not followed. */
  async *walk(): AsyncGenerator<FilePath> {
    yield this;
    if ((await this.linkStat())?.kind !== "directory") return;
    for (const child of await this.children()) yield* child.walk();
  }

  /** Opens the file. */
  open(mode: OpenMode = "read"): Promise<OpenFile> {
    return this.fileSystem.open(this.path, mode);
  }

  /** All that is in the file. */
  async getContent(): Promise<Uint8Array> {
    const file = await this.open();
    try {
      let all = new Uint8Array((await file.stat()).size || CHUNK);
      let length = 0;
      for (;;) {
        if (length === all.length) {
          const larger = new Uint8Array(all.length * 2 + 1);
          larger.set(all);
          all = larger;
        }
        const count = await file.read(all.subarray(length));
        if (count === null) return all.subarray(0, length);
        length += count;
      }
    } finally {
      await file.close();
    }
  }

  /** Replaces the file as a whole: whoever reads it sees what was there before, or all that is new. */
  async setContent(content: Uint8Array | string): Promise<void> {
    const bytes = typeof content === "string" ? encoder.encode(content) : content;
    await this.#replace(async (fresh) => {
      const file = await fresh.open("new");
      try {
        await writeAll(file, bytes);
      } finally {
        await file.close();
      }
    });
  }

  // What is made beside it takes its place.
  async #replace(make: (fresh: FilePath) => Promise<void>): Promise<void> {
    const fresh = this.sibling(`${this.basename()}.${crypto.randomUUID()}.new`);
    try {
      await make(fresh);
      await this.fileSystem.rename(fresh.path, this.path);
    } catch (error) {
      await fresh.remove().catch(() => {});
      throw error;
    }
  }

  /** Makes the directory; those above it have to be there. */
  createDirectory(): Promise<void> {
    return this.fileSystem.makeDirectory(this.path, false);
  }

  /** Makes the directory, and those above it. */
  makeDirectories(): Promise<void> {
    return this.fileSystem.makeDirectory(this.path, true);
  }

  /** Makes a symbolic link at another path, which leads here. */
  linkTo(link: FilePath): Promise<void> {
    return this.fileSystem.link(this.path, link.path);
  }

  /** Renames it, replacing what is there. To another device or file system it is copied, and then removed. */
  async moveTo(destination: FilePath): Promise<void> {
    if (destination.fileSystem === this.fileSystem) {
      try {
        await this.fileSystem.rename(this.path, destination.path);
        return;
      } catch (error) {
        if ((error as { code?: unknown }).code !== "EXDEV" || this.#holds(destination)) throw error;
      }
    }
    await destination.#replace((fresh) => this.copyTo(fresh));
    await this.remove();
  }

  /**
   * Copies the file, or the directory with all that is in it.
   *
   * @throws {RangeError} If the destination is below the directory: there would be no end of it.
   */
  async copyTo(destination: FilePath): Promise<void> {
    if (!await this.isDirectory()) {
      await destination.#replace((fresh) => this.#copyFile(fresh));
      return;
    }
    if (this.#holds(destination)) {
      throw new RangeError(`Cannot copy ${this.path} to ${destination.path}: that is in it`);
    }
    await destination.makeDirectories();
    for (const child of await this.children()) await child.copyTo(destination.child(child.basename()));
  }

  #holds(other: FilePath): boolean {
    return other.fileSystem === this.fileSystem &&
      other.path.startsWith(this.path + this.fileSystem.separator);
  }

  // A piece at a time: a file may be larger than memory.
  async #copyFile(fresh: FilePath): Promise<void> {
    const from = await this.open();
    try {
      const to = await fresh.open("new");
      try {
        const piece = new Uint8Array(CHUNK);
        for (let count; (count = await from.read(piece)) !== null;) {
          await writeAll(to, piece.subarray(0, count));
        }
      } finally {
        await to.close();
      }
    } finally {
      await from.close();
    }
  }

  /** Removes it, with all that is in it. */
  remove(): Promise<void> {
    return this.fileSystem.remove(this.path);
  }

  /** Removes a directory if nothing is in it, and fails otherwise: whatever comes into it meanwhile is safe. */
  removeDirectory(): Promise<void> {
    return this.fileSystem.removeDirectory(this.path);
  }

  /** The path. */
  toString(): string {
    return this.path;
  }
}

/** Whether an error says that there is no such file. */
export function isMissing(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "ENOENT" || code === "ENOTDIR";
}

function checked(path: string): string {
  if (path.includes("\0")) throw new InsecurePath("A path holds a NUL");
  return path;
}

async function writeAll(file: OpenFile, data: Uint8Array): Promise<void> {
  for (let at = 0; at < data.length;) at += await file.write(data.subarray(at));
}
