/**
 * `MemoryFTPShell`: a tree of files in memory.
 * @module
 */
import { ByteQueue } from "../_byte_queue.ts";
import { decodeUtf8, encodeUtf8 } from "../bytes.ts";
import { type FTPEntry, FTPFileError, type FTPReader, type FTPShell, type FTPWriter } from "./shell.ts";

type Node = { bytes: Uint8Array; modified: Date } | { children: Map<string, Node>; modified: Date };

/** What an entry takes beside its name and its content, in bytes: about. */
const ENTRY_BYTES = 256;

const entryBytes = (name: string) => ENTRY_BYTES + encodeUtf8(name).length;

// A name that is kept may be a part of a chunk that came, which would be kept with it.
const ownName = (name: string) => decodeUtf8(encodeUtf8(name));

/** A tree of files in memory, of bounded size. */
export class MemoryFTPShell implements FTPShell {
  readonly #root: Node & { children: Map<string, Node> };
  readonly #now: () => Date;
  readonly #maxBytes: number;
  #bytes = 0;

  /**
   * An empty tree.
   *
   * @param now Tells the time, for new files.
   * @param maxBytes How much there may be in all, in bytes; each file or folder counts as its name and 256 more
   * than it holds.
   */
  constructor(now: () => Date = () => new Date(0), maxBytes: number = 64 * 1024 * 1024) {
    this.#now = now;
    this.#maxBytes = maxBytes;
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
    if (offset > before.length) throw new FTPFileError("An upload cannot go on behind the end of the file");
    const kept = before.subarray(0, offset < 0 ? before.length : offset);
    const content = new ByteQueue();
    let taken = 0; // of the room there is, until this is closed
    const take = (bytes: number) => {
      this.#take(bytes);
      taken += bytes;
    };
    take(entryBytes(name) + kept.length);
    content.append(kept);
    return {
      write: (bytes) => {
        take(bytes.length);
        content.append(bytes);
      },
      close: (complete) => {
        if (complete) {
          const there = folder.get(name);
          // Others may have been at work meanwhile.
          if (this.#folder(path.slice(0, -1)) !== folder) throw new FTPFileError("No such file or directory");
          if (there !== undefined && "children" in there) throw new FTPFileError("Is a directory");
          this.#forget(name, there);
          folder.set(ownName(name), { bytes: content.takeAll(), modified: this.#now() });
        } else this.#bytes -= taken;
        content.clear();
        taken = 0;
      },
    };
  }

  /** Makes a folder. */
  makeFolder(path: readonly string[]): void {
    const folder = this.#folder(path.slice(0, -1));
    const name = path.at(-1);
    if (name === undefined || folder.has(name)) throw new FTPFileError("File exists");
    this.#take(entryBytes(name));
    folder.set(ownName(name), { children: new Map(), modified: this.#now() });
  }

  /** Removes an empty folder. */
  removeFolder(path: readonly string[]): void {
    if (path.length === 0) throw new FTPFileError("Permission denied");
    if (this.#folder(path).size > 0) throw new FTPFileError("Directory not empty");
    this.#bytes -= entryBytes(path.at(-1)!);
    this.#folder(path.slice(0, -1)).delete(path.at(-1)!);
  }

  /** Removes a file. */
  removeFile(path: readonly string[]): void {
    const node = this.#find(path);
    if ("children" in node) throw new FTPFileError("Is a directory");
    this.#forget(path.at(-1)!, node);
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
    const [before, after] = [from.at(-1)!, to.at(-1)!];
    this.#take(entryBytes(after) - entryBytes(before));
    this.#folder(from.slice(0, -1)).delete(before);
    this.#forget(after, there);
    target.set(ownName(after), node);
  }

  #take(bytes: number): void {
    if (this.#bytes + bytes > this.#maxBytes) throw new FTPFileError("No space left on device");
    this.#bytes += bytes;
  }

  #forget(name: string, node: Node | undefined): void {
    if (node !== undefined && "bytes" in node) this.#bytes -= entryBytes(name) + node.bytes.length;
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
