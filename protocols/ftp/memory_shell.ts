/**
 * `MemoryFTPShell`: a tree of files in memory.
 * @module
 */
import { concatBytes } from "../bytes.ts";
import { type FTPEntry, FTPFileError, type FTPReader, type FTPShell, type FTPWriter } from "./shell.ts";

type Node = { bytes: Uint8Array; modified: Date } | { children: Map<string, Node>; modified: Date };

/** A tree of files in memory. */
export class MemoryFTPShell implements FTPShell {
  readonly #root: Node & { children: Map<string, Node> };
  readonly #now: () => Date;

  /**
   * An empty tree.
   *
   * @param now Tells the time, for new files.
   */
  constructor(now: () => Date = () => new Date(0)) {
    this.#now = now;
    this.#root = { children: new Map(), modified: now() };
  }

  /** What is known of a file or folder. */
  stat(path: readonly string[]): FTPEntry {
    return describe(path.at(-1) ?? "/", this.#find(path));
  }

  /** What is in a folder. */
  list(path: readonly string[]): FTPEntry[] {
    return [...this.#folder(path)].map(([name, node]) => describe(name, node));
  }

  /** Opens a file. */
  read(path: readonly string[], offset: number): FTPReader & { read(maxBytes: number): Uint8Array | null } {
    const node = this.#find(path);
    if ("children" in node) throw new FTPFileError("Is a directory");
    let at = offset;
    return {
      read: (maxBytes) => {
        const piece = node.bytes.subarray(at, at + maxBytes);
        at += piece.length;
        return piece.length === 0 ? null : piece;
      },
    };
  }

  /** Opens a file for writing. */
  write(path: readonly string[], offset: number): FTPWriter {
    const name = path.at(-1);
    if (name === undefined) throw new FTPFileError("Is a directory");
    const folder = this.#folder(path.slice(0, -1));
    const there = folder.get(name);
    if (there !== undefined && "children" in there) throw new FTPFileError("Is a directory");
    const before = there?.bytes ?? new Uint8Array(0);
    const parts: Uint8Array[] = [before.slice(0, offset < 0 ? before.length : offset)];
    return {
      write: (bytes) => void parts.push(bytes),
      close: (complete) => {
        if (complete) folder.set(name, { bytes: concatBytes(parts), modified: this.#now() });
      },
    };
  }

  /** Makes a folder. */
  makeFolder(path: readonly string[]): void {
    const folder = this.#folder(path.slice(0, -1));
    const name = path.at(-1);
    if (name === undefined || folder.has(name)) throw new FTPFileError("File exists");
    folder.set(name, { children: new Map(), modified: this.#now() });
  }

  /** Removes an empty folder. */
  removeFolder(path: readonly string[]): void {
    if (path.length === 0) throw new FTPFileError("Permission denied");
    if (this.#folder(path).size > 0) throw new FTPFileError("Directory not empty");
    this.#folder(path.slice(0, -1)).delete(path.at(-1)!);
  }

  /** Removes a file. */
  removeFile(path: readonly string[]): void {
    if ("children" in this.#find(path)) throw new FTPFileError("Is a directory");
    this.#folder(path.slice(0, -1)).delete(path.at(-1)!);
  }

  /** Gives a file or folder another name or place. */
  rename(from: readonly string[], to: readonly string[]): void {
    const node = this.#find(from);
    if (from.length === 0 || to.length === 0 || from.every((name, i) => name === to[i])) {
      throw new FTPFileError("Invalid argument"); // also a folder into itself
    }
    const target = this.#folder(to.slice(0, -1));
    const there = target.get(to.at(-1)!);
    if (there !== undefined && "children" in there) throw new FTPFileError("File exists");
    this.#folder(from.slice(0, -1)).delete(from.at(-1)!);
    target.set(to.at(-1)!, node);
  }

  #find(path: readonly string[]): Node {
    let node: Node = this.#root;
    for (const name of path) {
      const next: Node | undefined = "children" in node ? node.children.get(name) : undefined;
      if (next === undefined) throw new FTPFileError("No such file or directory");
      node = next;
    }
    return node;
  }

  #folder(path: readonly string[]): Map<string, Node> {
    const node = this.#find(path);
    if (!("children" in node)) throw new FTPFileError("Not a directory");
    return node.children;
  }
}

function describe(name: string, node: Node): FTPEntry {
  const isFolder = "children" in node;
  return { name, isFolder, size: isFolder ? 0 : node.bytes.length, modified: node.modified };
}
