/**
 * `MemoryFileSystem`: files that are nowhere but in a test.
 * @module
 */
import type { FileStat, FileSystem, OpenFile, OpenMode } from "@ropewalk/reactor/filepath";

/** Links that lead to links, more than this, are taken for a ring. */
const MAX_LINKS = 40;

/** A file, a directory or a link, as it lies in memory. */
interface Entry {
  kind: "file" | "directory" | "link";
  content: Uint8Array;
  children: Map<string, Entry>;
  target: string;
  modified: number;
  mode: number;
}

/** What a `MemoryFileSystem` holds at first: text or bytes by path; `null` is a directory, `{ link }` a symbolic link. */
export type MemoryFiles = Readonly<Record<string, string | Uint8Array | null | { readonly link: string }>>;

/** Options of {@linkcode MemoryFileSystem}. */
export interface MemoryFileSystemOptions {
  /** Tells the time that a file which is written gets, in seconds since 1970. @default () => 0 */
  seconds?: () => number;
  /** The most that one `read` gives, since a disk may give less than was asked for. @default Infinity */
  maxReadBytes?: number;
}

/**
 * A file system in memory, with directories, symbolic links, times and the host's error codes. A `FilePath` on it never
 * touches the disk, and a program that was handed that `FilePath` does not know.
 *
 * @example
 * ```ts
 * import { FilePath } from "@ropewalk/reactor/filepath";
 * import { MemoryFileSystem } from "@ropewalk/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const files = new MemoryFileSystem({ "/srv/www/index.html": "hello", "/srv/secret": "s" });
 * const root = new FilePath("/srv/www", files);
 * await root.child("new.txt").setContent("new");
 * assertEquals(await root.list(), ["index.html", "new.txt"]);
 * assertEquals(files.text("/srv/www/new.txt"), "new");
 * assertEquals(files.openFiles, 0);
 * ```
 */
export class MemoryFileSystem implements FileSystem {
  /** A slash. */
  readonly separator = "/";
  /** How many files are open now: 0 when a program has closed all of its own. */
  openFiles = 0;
  readonly #seconds: () => number;
  readonly #maxReadBytes: number;
  readonly #root: Entry;

  /**
   * Makes one.
   *
   * @param files What it holds; the directories above a path are made.
   * @param options Its clock, and how much one read gives.
   * @throws {RangeError} If `maxReadBytes` is below 1.
   */
  constructor(files: MemoryFiles = {}, options: MemoryFileSystemOptions = {}) {
    this.#seconds = options.seconds ?? (() => 0);
    this.#maxReadBytes = options.maxReadBytes ?? Infinity;
    if (!(this.#maxReadBytes >= 1)) {
      throw new RangeError(`Cannot make a file system: maxReadBytes is ${this.#maxReadBytes}`);
    }
    this.#root = this.#entry("directory");
    for (const [path, content] of Object.entries(files)) {
      const names = namesOf(this.resolve(path));
      if (content === null) this.#makeAll(names);
      else {
        const entry = this.#entry(
          content instanceof Uint8Array || typeof content === "string" ? "file" : "link",
        );
        if (typeof content === "string") entry.content = new TextEncoder().encode(content);
        else if (content instanceof Uint8Array) entry.content = new Uint8Array(content);
        else entry.target = content.link;
        this.#makeAll(names.slice(0, -1)).children.set(names.at(-1) ?? "", entry);
      }
    }
  }

  /**
   * What is in a file, as text.
   * @throws The host's error, as when it is opened.
   */
  text(path: string): string {
    return new TextDecoder().decode(this.#file(path).content);
  }

  /** The absolute path without `.`, `..` and double slashes; a relative path begins at the root. */
  resolve(path: string): string {
    const names: string[] = [];
    for (const name of path.split("/")) {
      if (name === "..") names.pop();
      else if (name !== "" && name !== ".") names.push(name);
    }
    return `/${names.join("/")}`;
  }

  /** The path with every link followed. */
  async realPath(path: string): Promise<string> {
    return (await this.#find(path, true)).path;
  }

  /** What is known of a file; of a link itself if `link`. */
  async stat(path: string, link: boolean): Promise<FileStat> {
    return statOf((await this.#find(path, !link)).entry);
  }

  /** The names in a directory, in the order in which they were made. */
  async list(path: string): Promise<string[]> {
    const { entry } = await this.#find(path, true);
    if (entry.kind !== "directory") throw systemError("ENOTDIR", path);
    return [...entry.children.keys()];
  }

  /** Opens a file. */
  async open(path: string, mode: OpenMode, permissions = 0o666): Promise<OpenFile> {
    await null;
    const entry = mode === "read" ? this.#file(path) : this.#fileToWrite(path, mode, permissions);
    if (mode === "write") this.#write(entry, new Uint8Array());
    this.openFiles++;
    return new MemoryFile(entry, mode, this.#maxReadBytes, {
      save: (content) => this.#write(entry, content),
      closed: () => void this.openFiles--,
    });
  }

  /** Makes a directory, and those above it if `recursive`. */
  async makeDirectory(path: string, recursive: boolean): Promise<void> {
    await null;
    const names = namesOf(this.resolve(path));
    if (recursive) return void this.#makeAll(names);
    const { parent, name } = this.#place(path);
    if (parent.children.has(name) || name === "") throw systemError("EEXIST", path);
    parent.children.set(name, this.#entry("directory"));
  }

  /** Makes a symbolic link at `path`. */
  async link(target: string, path: string): Promise<void> {
    await null;
    const { parent, name } = this.#place(path);
    if (parent.children.has(name)) throw systemError("EEXIST", path);
    const entry = this.#entry("link");
    entry.target = target;
    parent.children.set(name, entry);
  }

  /** Renames, replacing a file at the new path, or a directory that is empty. */
  async rename(from: string, to: string): Promise<void> {
    await null;
    const old = this.#place(from);
    const entry = old.parent.children.get(old.name);
    if (entry === undefined) throw systemError("ENOENT", from);
    const fresh = this.#place(to);
    const there = fresh.parent.children.get(fresh.name);
    if (there === entry) return;
    if (entry.kind === "directory") {
      if (`${this.resolve(to)}/`.startsWith(`${this.resolve(from)}/`)) throw systemError("EINVAL", to);
      if (there !== undefined && there.kind !== "directory") throw systemError("ENOTDIR", to);
      if (there !== undefined && there.children.size > 0) throw systemError("ENOTEMPTY", to);
    } else if (there?.kind === "directory") throw systemError("EISDIR", to);
    old.parent.children.delete(old.name);
    fresh.parent.children.set(fresh.name, entry);
  }

  /** Removes a file or link, or a directory with all that is in it. */
  async remove(path: string): Promise<void> {
    await null;
    const { parent, name } = this.#place(path);
    if (!parent.children.delete(name)) throw systemError("ENOENT", path);
  }

  /** Removes an empty directory. */
  async removeDirectory(path: string): Promise<void> {
    await null;
    const { parent, name } = this.#place(path);
    const entry = parent.children.get(name);
    if (entry === undefined) throw systemError("ENOENT", path);
    if (entry.kind !== "directory") throw systemError("ENOTDIR", path);
    if (entry.children.size > 0) throw systemError("ENOTEMPTY", path);
    parent.children.delete(name);
  }

  #entry(kind: Entry["kind"]): Entry {
    const mode = { file: 0o644, directory: 0o755, link: 0o777 }[kind];
    const children = new Map<string, Entry>();
    return { kind, content: new Uint8Array(), children, target: "", modified: this.#seconds(), mode };
  }

  #write(entry: Entry, content: Uint8Array): void {
    entry.content = content;
    entry.modified = this.#seconds();
  }

  #makeAll(names: readonly string[]): Entry {
    let path = "";
    let at = this.#root;
    for (const name of names) {
      path += `/${name}`;
      if (!at.children.has(name)) at.children.set(name, this.#entry("directory"));
      at = this.#follow(path, true).entry;
      if (at.kind !== "directory") throw systemError("EEXIST", path);
    }
    return at;
  }

  async #find(path: string, followLast: boolean): Promise<{ path: string; entry: Entry }> {
    await null; // a real one answers in a later turn, and never throws at once
    return this.#follow(path, followLast);
  }

  // Goes down from the root. The names that are still to come stand in `left`, the next one last.
  #follow(path: string, followLast: boolean): { path: string; entry: Entry } {
    const left = namesOf(this.resolve(path)).reverse();
    const trail: { name: string; entry: Entry }[] = [];
    let links = 0;
    while (left.length > 0) {
      const name = left.pop()!;
      if (name === "" || name === ".") continue;
      if (name === "..") {
        trail.pop();
        continue;
      }
      const at = trail.at(-1)?.entry ?? this.#root;
      if (at.kind !== "directory") throw systemError("ENOTDIR", path);
      const entry = at.children.get(name);
      if (entry === undefined) throw systemError("ENOENT", path);
      if (entry.kind !== "link" || (left.length === 0 && !followLast)) {
        trail.push({ name, entry });
        continue;
      }
      if (++links > MAX_LINKS) throw systemError("ELOOP", path);
      if (entry.target.startsWith("/")) trail.length = 0;
      left.push(...entry.target.split("/").reverse());
    }
    return {
      path: `/${trail.map(({ name }) => name).join("/")}`,
      entry: trail.at(-1)?.entry ?? this.#root,
    };
  }

  // The directory that a path is in, its links followed, and the name in there.
  #place(path: string): { parent: Entry; name: string } {
    const names = namesOf(this.resolve(path));
    const name = names.pop() ?? "";
    const parent = this.#follow(`/${names.join("/")}`, true).entry;
    if (parent.kind !== "directory") throw systemError("ENOTDIR", path);
    return { parent, name };
  }

  #file(path: string): Entry {
    const { entry } = this.#follow(path, true);
    if (entry.kind === "directory") throw systemError("EISDIR", path);
    return entry;
  }

  #fileToWrite(path: string, mode: OpenMode, permissions: number): Entry {
    const { parent, name } = this.#place(path);
    const there = parent.children.get(name);
    if (there !== undefined) {
      if (mode === "new") throw systemError("EEXIST", path);
      return this.#file(path);
    }
    if (name === "") throw systemError("EISDIR", path);
    const entry = this.#entry("file");
    entry.mode = permissions & ~0o022;
    parent.children.set(name, entry);
    return entry;
  }
}

/** A file that is open. */
class MemoryFile implements OpenFile {
  readonly #entry: Entry;
  readonly #mode: OpenMode;
  readonly #maxReadBytes: number;
  readonly #system: { save(content: Uint8Array): void; closed(): void };
  #isOpen = true;
  #position = 0;

  constructor(
    entry: Entry,
    mode: OpenMode,
    maxReadBytes: number,
    system: { save(content: Uint8Array): void; closed(): void },
  ) {
    this.#entry = entry;
    this.#mode = mode;
    this.#maxReadBytes = maxReadBytes;
    this.#system = system;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    await this.#check(this.#mode === "read");
    const length = Math.min(buffer.length, this.#maxReadBytes);
    const piece = this.#entry.content.subarray(this.#position, this.#position + length);
    buffer.set(piece);
    this.#position += piece.length;
    return piece.length === 0 && buffer.length > 0 ? null : piece.length;
  }

  async write(data: Uint8Array): Promise<number> {
    const copy = new Uint8Array(data);
    await this.#check(this.#mode !== "read");
    const { content } = this.#entry;
    const at = this.#mode === "append" ? content.length : this.#position;
    const fresh = new Uint8Array(Math.max(content.length, at + copy.length));
    fresh.set(content);
    fresh.set(copy, at);
    this.#system.save(fresh);
    this.#position = at + copy.length;
    return copy.length;
  }

  seek(position: number): void {
    this.#position = position;
  }

  async stat(): Promise<FileStat> {
    await this.#check(true);
    return statOf(this.#entry);
  }

  async close(): Promise<void> {
    await this.#check(true);
    this.#isOpen = false;
    this.#system.closed();
  }

  async #check(allowed: boolean): Promise<void> {
    await null;
    if (!this.#isOpen || !allowed) throw systemError("EBADF", "the file");
  }
}

function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "");
}

function statOf({ kind, content, target, modified, mode }: Entry): FileStat {
  return { kind, size: kind === "link" ? target.length : content.length, modified, mode };
}

function systemError(code: string, path: string): Error & { code: string } {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
