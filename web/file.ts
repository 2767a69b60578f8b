/**
 * `File`: files and directories as pages.
 * @module
 */
import mime from "mime";
import type { FilePath, FileStat, OpenFile } from "@ropewalk/reactor/filepath";
import { checkPath } from "./_check_path.ts";
import { directoryPage } from "./_directory_page.ts";
import { parseHTTPDate } from "./_date.ts";
import { errorBody } from "./_error_body.ts";
import { FileProducer, type Stretch } from "./_file_producer.ts";
import { type ByteRange, parseRanges } from "./_ranges.ts";
import { notFound } from "./error_page.ts";
import { CACHED, NOT_DONE_YET } from "./not_done_yet.ts";
import { redirectTo } from "./redirect.ts";
import type { Request } from "./request.ts";
import { type Child, type RenderBody, Resource } from "./resource.ts";

/** Options of {@linkcode File}. */
export interface FileOptions {
  /** The type of files whose name tells none. @default "text/html" */
  defaultType?: string;
  /** The pages of a directory itself, the preferred first. @default ["index.html", "index.htm", "index"] */
  indexNames?: readonly string[];
  /** Whether a directory without such a page is listed; else it is a 403. @default true */
  listings?: boolean;
  /** Whether `x.br` or `x.gz` is sent for `x` to clients that understand it. @default true */
  precompressed?: boolean;
}

/** A file that was found: where it really is, and what is known of it. */
interface Found {
  readonly path: FilePath;
  readonly stat: FileStat;
}

/** Names that tell of an encoding of what is inside. */
const ENCODINGS: Readonly<Record<string, string>> = { ".gz": "gzip", ".bz2": "bzip2", ".br": "br" };
const PRECOMPRESSED: readonly (readonly [coding: string, extension: string])[] = [["br", ".br"], [
  "gzip",
  ".gz",
]];

/**
 * A file, or a directory and all that is in it: types by name, ranges, conditional requests, index pages, listings. Nothing
 * outside the directory can be reached, neither by an encoding of `..` nor by a symbolic link that leads out.
 *
 * @example
 * ```ts
 * import { File, Site } from "@ropewalk/web";
 * import { FilePath } from "@ropewalk/reactor/filepath";
 *
 * const site = new Site(new File(new FilePath("public")));
 * ```
 */
export class File extends Resource {
  /** The file or directory. */
  readonly path: FilePath;
  readonly #root: FilePath;
  readonly #options: Required<FileOptions>;

  /**
   * Serves a file or directory.
   *
   * @param path Where it is.
   * @param options Types, index pages, listings.
   * @param root The directory that nothing may lead out of. @default `path`
   * @throws {TypeError} If the path is no `FilePath`: text, say.
   */
  constructor(path: FilePath, options: FileOptions = {}, root?: FilePath) {
    super();
    checkPath(path, "serve");
    this.path = path;
    this.#root = root ?? this.path;
    this.#options = {
      defaultType: "text/html",
      indexNames: ["index.html", "index.htm", "index"],
      listings: true,
      precompressed: true,
      ...options,
    };
  }

  /** The file or directory of that name; for `""` the page of this directory itself. */
  override getChild(name: string, _request: Request): Child {
    if (name === "") return new DirectoryIndex(this);
    try {
      return new File(this.path.child(name), this.#options, this.#root);
    } catch (error) {
      if ((error as { name?: unknown }).name === "InsecurePath") return notFound();
      throw error;
    }
  }

  /** Answers GET and HEAD. */
  render_GET(request: Request): Promise<RenderBody> {
    return this.#guarded(request, async () => {
      const found = await this.#find(this.path);
      if (found === null) return missing(request);
      if (found.stat.kind === "directory") {
        return redirectTo(
          `${request.path.replace(/^\/+/, "/")}/${request.query && `?${request.query}`}`,
          request,
        );
      }
      return await this.#send(request, found, this.path);
    });
  }

  /** @ignore The page of this directory itself. */
  _renderIndex(request: Request): Promise<RenderBody> {
    return this.#guarded(request, async () => {
      const directory = await this.#find(this.path);
      if (directory?.stat.kind !== "directory") return missing(request);
      for (const name of this.#options.indexNames) {
        const path = this.path.child(name);
        const found = await this.#find(path);
        if (found?.stat.kind === "file") return await this.#send(request, found, path);
      }
      if (!this.#options.listings) return errorBody(request, 403, "This directory is not listed.");
      return await directoryPage(request, directory.path, (path) => this.#find(path));
    });
  }

  async #guarded(request: Request, answer: () => Promise<RenderBody>): Promise<RenderBody> {
    try {
      return await answer();
    } catch (error) {
      const code = (error as { code?: unknown } | null)?.code;
      if (code === "EACCES" || code === "EPERM") return errorBody(request, 403, "This file may not be read.");
      if (code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG" || code === "ELOOP") {
        return missing(request);
      }
      throw error;
    }
  }

  // Where a path really leads; null if it leads nowhere, or out of the root.
  async #find(path: FilePath): Promise<Found | null> {
    if (path.path.includes("\0")) return null;
    try {
      const real = await path.realPath();
      const root = await this.#root.realPath();
      if (real.path !== root.path) real.segmentsFrom(root); // throws if it is not below
      const stat = await real.stat();
      return stat === null ? null : { path: real, stat };
    } catch (error) {
      const code = (error as { code?: unknown } | null)?.code;
      if (code === "EACCES" || code === "EPERM") throw error;
      return null;
    }
  }

  // `asked` is the path by which it was found: its name tells the type, whatever a link leads to.
  async #send(request: Request, found: Found, asked: FilePath): Promise<RenderBody> {
    if (found.stat.kind !== "file") return errorBody(request, 403, "This is no plain file.");
    const { type, encoding } = typeOf(asked, found.path);
    let { path } = found;
    let coding = encoding;
    if (this.#options.precompressed && encoding === "") {
      const better = await this.#precompressed(request, found);
      if (better !== null) [coding, { path }] = better;
    }
    // What is open stays the same file, whatever is put in its place meanwhile: it says how long it is.
    const file: OpenFile = await path.open();
    try {
      const producer = this.#answer(request, file, await file.stat(), type, coding);
      if (producer === null) await file.close();
      else {
        request.registerProducer(producer, true); // stops it if the client is gone
        producer.resumeProducing();
      }
    } catch (error) {
      await file.close().catch(() => {});
      throw error;
    }
    return NOT_DONE_YET;
  }

  // Makes the head of the answer, and all of it if there is no body; else what writes the body.
  #answer(
    request: Request,
    file: OpenFile,
    stat: FileStat,
    type: string | null,
    coding: string,
  ): FileProducer | null {
    if (request.disconnected) return null;
    request.setHeader("accept-ranges", "bytes");
    request.setHeader("content-type", type ?? this.#options.defaultType);
    if (coding !== "") request.setHeader("content-encoding", coding);
    const tag = `"${stat.size.toString(16)}-${Math.round(stat.modified * 1000).toString(16)}${
      coding === "" ? "" : `-${coding}`
    }"`;
    const byTag = request.setETag(tag);
    const byTime = request.setLastModified(stat.modified);
    const isCached = byTag === CACHED || byTime === CACHED;
    const ranges = isCached ? null : rangesOf(request, stat, tag);
    if (isCached || ranges?.length === 0) {
      if (!isCached) {
        request.setResponseCode(416);
        request.setHeader("content-range", `bytes */${stat.size}`);
      }
      request.finish();
      return null;
    }
    const { stretches, after, length } = layOut(request, ranges, stat.size);
    request.setHeader("content-length", length);
    if (request.method !== "HEAD") return new FileProducer(request, file, stretches, after);
    request.finish();
    return null;
  }

  // The same file compressed before, if the client understands that and it is not older.
  async #precompressed(request: Request, found: Found): Promise<[string, Found] | null> {
    const accepted = request.getHeader("accept-encoding") ?? "";
    for (const [coding, extension] of PRECOMPRESSED) {
      const neighbour = await this.#find(found.path.sibling(found.path.basename() + extension));
      if (neighbour?.stat.kind !== "file" || neighbour.stat.modified < found.stat.modified) continue;
      if (!request.responseHeaders.has("vary")) request.setHeader("vary", "accept-encoding");
      if (accepts(accepted, coding)) return [coding, neighbour];
    }
    return null;
  }
}

/** The page of a directory itself. */
class DirectoryIndex extends Resource {
  override isLeaf = false;

  constructor(readonly directory: File) {
    super();
  }

  render_GET(request: Request): Promise<RenderBody> {
    return this.directory._renderIndex(request);
  }
}

function missing(request: Request): string {
  return errorBody(request, 404, "There is nothing at this address.");
}

function accepts(header: string, coding: string): boolean {
  return header.split(",").some((part) => {
    const [name, ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    return name === coding && !parameters.some((text) => /^q=0(?:\.0*)?$/.test(text));
  });
}

/** The type and encoding that a name tells of; where it tells no type, that of the file behind it. */
function typeOf(asked: FilePath, real: FilePath): { type: string | null; encoding: string } {
  const named = typeOfName(asked.basename());
  return named.type === null && asked.basename() !== real.basename() ? typeOfName(real.basename()) : named;
}

function typeOfName(name: string): { type: string | null; encoding: string } {
  const extension = /\.[^.]+$/.exec(name)?.[0].toLowerCase() ?? "";
  const encoding = Object.hasOwn(ENCODINGS, extension) ? ENCODINGS[extension]! : "";
  return { type: mime.getType(encoding === "" ? name : name.slice(0, -extension.length)), encoding };
}

function rangesOf(request: Request, stat: FileStat, tag: string): ByteRange[] | null {
  const header = request.getHeader("range");
  if (header === undefined || request.method !== "GET") return null;
  const condition = request.getHeader("if-range");
  if (condition !== undefined) {
    const time = condition.startsWith('"') ? null : parseHTTPDate(condition);
    const same = time === null ? condition === tag : time === Math.floor(stat.modified) * 1000;
    if (!same) return null;
  }
  return parseRanges(header, stat.size);
}

// What is written, and how much it is: the file, one range of it, or several as parts.
function layOut(
  request: Request,
  ranges: ByteRange[] | null,
  size: number,
): { stretches: Stretch[]; after: string; length: number } {
  if (ranges === null) return { stretches: [{ before: "", start: 0, end: size }], after: "", length: size };
  request.setResponseCode(206);
  if (ranges.length === 1) {
    const [start, end] = ranges[0]!;
    request.setHeader("content-range", `bytes ${start}-${end - 1}/${size}`);
    return { stretches: [{ before: "", start, end }], after: "", length: end - start };
  }
  const boundary = crypto.randomUUID();
  const type = request.responseHeaders.get("content-type")!;
  request.setHeader("content-type", `multipart/byteranges; boundary="${boundary}"`);
  let length = 0;
  const stretches = ranges.map(([start, end]) => {
    const before = `\r\n--${boundary}\r\nContent-type: ${type}\r\n` +
      `Content-range: bytes ${start}-${end - 1}/${size}\r\n\r\n`;
    length += before.length + end - start;
    return { before, start, end };
  });
  const after = `\r\n--${boundary}--\r\n`;
  return { stretches, after, length: length + after.length };
}
