/**
 * `FilePathFTPShell`: a directory, served by FTP.
 * @module
 */
import { Deferred } from "@ropewalk/deferred";
import type { FilePath, FileStat, OpenFile } from "@ropewalk/reactor/filepath";
import { type FTPEntry, FTPFileError, type FTPReader, type FTPShell, type FTPWriter } from "./shell.ts";

/** What a client is told, by the host's code; anything else is ours to know. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: "Permission denied",
  EBUSY: "Device or resource busy",
  EDQUOT: "Disk quota exceeded",
  EEXIST: "File exists",
  EFBIG: "File too large",
  EINVAL: "Invalid argument", // a folder into itself
  EISDIR: "Is a directory",
  ELOOP: "Too many links",
  ENAMETOOLONG: "File name too long",
  ENOENT: "No such file or directory",
  ENOSPC: "No space left on device",
  ENOTDIR: "Not a directory",
  ENOTEMPTY: "Directory not empty",
  EPERM: "Permission denied",
  EROFS: "Read-only file system",
  EXDEV: "Not on the same file system",
  INSECURE_PATH: "No such file or directory",
};

/**
 * A directory and what is below it. Neither names nor symbolic links lead a client out: what a link outside leads to is
 * not there for it. (Whoever can make links while a client works, by other means than FTP, is trusted not to race it.)
 *
 * @example
 * ```ts
 * import { Factory } from "@ropewalk/protocols";
 * import { FilePathFTPShell, FTP, type FTPOptions } from "@ropewalk/protocols/ftp";
 * import { FilePath } from "@ropewalk/reactor/filepath";
 *
 * function serve(reactor: FTPOptions["reactor"]) {
 *   const anonymous = new FilePathFTPShell(new FilePath("/srv/ftp"));
 *   return reactor.listenTCP(2121, Factory.forProtocol(FTP, { reactor, anonymous }));
 * }
 * ```
 */
export class FilePathFTPShell implements FTPShell {
  readonly #root: FilePath;

  /**
   * A tree to serve.
   *
   * @param root Its root, which is all that clients see.
   */
  constructor(root: FilePath) {
    this.#root = root;
  }

  /** What is known of a file or folder. */
  stat(path: readonly string[]): Deferred<FTPEntry> {
    return told(async () => entryOf(path.at(-1) ?? "/", await this.#stat(await this.#inside(path))));
  }

  /** What is in a folder; what is neither file nor folder is left out, and so are links that lead out. */
  list(path: readonly string[]): Deferred<FTPEntry[]> {
    return told(async () => {
      const folder = await this.#inside(path);
      const entries: FTPEntry[] = [];
      for (const name of await folder.list()) {
        const entry = await this.#listed([...path, name], folder.child(name));
        if (entry !== null) entries.push(entry);
      }
      return entries;
    });
  }

  /** Opens a file. */
  read(path: readonly string[], offset: number): Deferred<FTPReader> {
    return told(async () => {
      const place = await this.#inside(path);
      if ((await this.#stat(place)).kind !== "file") throw new FTPFileError("Not a plain file");
      const file = await place.open("read");
      file.seek(offset);
      return {
        read: async (maxBytes: number) => {
          const buffer = new Uint8Array(maxBytes);
          const length = await file.read(buffer);
          return length === null ? null : buffer.subarray(0, length);
        },
        close: () => file.close(),
      };
    });
  }

  /** Opens a file for writing. From some byte on works only at its end: nothing can be cut off. */
  write(path: readonly string[], offset: number): Deferred<FTPWriter> {
    return told(async () => {
      const place = await this.#place(path);
      const there = await place.stat();
      if (there !== null && there.kind !== "file") throw new FTPFileError("Not a plain file");
      if (offset > 0 && offset !== (there?.size ?? 0)) {
        throw new FTPFileError("An upload can go on only at the end of the file");
      }
      return new Writing(await place.open(offset === 0 ? "write" : "append"));
    });
  }

  /** Makes a folder. */
  makeFolder(path: readonly string[]): Deferred<void> {
    return told(async () => (await this.#own(path)).createDirectory());
  }

  /** Removes an empty folder. */
  removeFolder(path: readonly string[]): Deferred<void> {
    return told(async () => {
      const place = await this.#own(path);
      if ((await place.linkStat())?.kind !== "directory") throw new FTPFileError("Not a directory");
      await place.removeDirectory();
    });
  }

  /** Removes a file, or a link. */
  removeFile(path: readonly string[]): Deferred<void> {
    return told(async () => {
      const place = await this.#own(path);
      const there = await place.linkStat();
      if (there === null) throw new FTPFileError("No such file or directory");
      if (there.kind === "directory") throw new FTPFileError("Is a directory");
      await place.remove();
    });
  }

  /** Gives a file or folder another name or place. */
  rename(from: readonly string[], to: readonly string[]): Deferred<void> {
    return told(async () => (await this.#own(from)).moveTo(await this.#own(to)));
  }

  // Where a path leads with every link followed; it has to be there.
  async #inside(path: readonly string[]): Promise<FilePath> {
    return this.#checked(await this.#root.descendant(path).realPath());
  }

  async #checked(real: FilePath): Promise<FilePath> {
    const root = (await this.#root.realPath()).path;
    const { separator } = this.#root.fileSystem;
    const below = root.endsWith(separator) ? root : root + separator;
    if (real.path !== root && !real.path.startsWith(below)) throw new FTPFileError(WORDS["ENOENT"]!);
    return real;
  }

  // A name in a folder that is inside, whatever that name is itself: a link is not followed.
  async #own(path: readonly string[]): Promise<FilePath> {
    const name = path.at(-1);
    if (name === undefined) throw new FTPFileError("Permission denied");
    return (await this.#inside(path.slice(0, -1))).child(name);
  }

  // Where a file may be written: what is there, links followed, or a new name.
  async #place(path: readonly string[]): Promise<FilePath> {
    const own = await this.#own(path);
    return await own.linkStat() === null ? own : await this.#inside(path);
  }

  async #stat(place: FilePath): Promise<FileStat> {
    const stat = await place.stat();
    if (stat === null) throw new FTPFileError(WORDS["ENOENT"]!);
    return stat;
  }

  async #listed(path: readonly string[], place: FilePath): Promise<FTPEntry | null> {
    let stat = await place.linkStat();
    if (stat?.kind === "link") {
      try {
        stat = await (await this.#inside(path)).stat();
      } catch {
        return null; // it leads out, or nowhere
      }
    }
    return stat === null || stat.kind === "other" ? null : entryOf(path.at(-1)!, stat);
  }
}

/** Writes pieces one after the other. */
class Writing implements FTPWriter {
  #last: Promise<void> = Promise.resolve();
  readonly #file: OpenFile;
  #closed = false;

  constructor(file: OpenFile) {
    this.#file = file;
  }

  write(bytes: Uint8Array): Deferred<void> {
    const before = this.#last;
    const written = told(async () => {
      await before;
      for (let at = 0; at < bytes.length;) at += await this.#file.write(bytes.subarray(at));
    });
    this.#last = written.toPromise();
    this.#last.catch(() => {}); // whoever called `write` is told
    return written;
  }

  close(): Deferred<void> {
    return told(async () => {
      if (this.#closed) return;
      this.#closed = true;
      try {
        await this.#last;
      } finally {
        await this.#file.close();
      }
    });
  }
}

function entryOf(name: string, { kind, size, modified }: FileStat): FTPEntry {
  const isFolder = kind === "directory";
  return { name, isFolder, size: isFolder ? 0 : size, modified: new Date(modified * 1000) };
}

// The host's errors in words that give nothing away; others stay as they are, and are reported.
function told<T>(work: () => Promise<T>): Deferred<T> {
  return Deferred.fromPromise(work()).addErrback((failure): never => {
    const { code } = failure.value as { code?: string };
    const words = code === undefined ? undefined : WORDS[code];
    if (words === undefined) throw failure.value;
    throw new FTPFileError(words);
  });
}
