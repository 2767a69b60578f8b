/**
 * `CompressionResource`: a tree whose answers are compressed for those who take that.
 * @module
 */
import type { Request } from "./request.ts";
import { type Child, type RenderBody, type RenderResult, Resource } from "./resource.ts";
import { GzipChannel } from "./_gzip_channel.ts";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import { getChildForRequest } from "./site.ts";

/** Options of {@linkcode CompressionResource}. */
export interface CompressionOptions {
  /** Bodies that are known to be smaller are left alone. @default 1024 */
  minBytes?: number;
}

/**
 * Compresses with gzip what a tree answers, if the client takes it (`Accept-Encoding`), the type is one that gets
 * smaller (text, JSON, XML, scripts, SVG), and it is neither small nor encoded already. Parts of files (206), event
 * streams and what says `Cache-Control: no-transform` stay as they are, and so does everything where the platform has no
 * `CompressionStream`. Answers on pages whose secrets an attacker can make stand beside text of his own should not be
 * compressed: their length tells of the secret (BREACH).
 *
 * @example
 * ```ts
 * import { CompressionResource, Data, Resource, Site } from "@ropewalk/web";
 *
 * const root = new Resource();
 * root.putChild("", new Data("word ".repeat(1000), "text/plain"));
 * const site = new Site(new CompressionResource(root));
 * ```
 */
export class CompressionResource extends Resource {
  /** Goes down the tree itself. */
  override isLeaf = true;
  readonly #minBytes: number;

  /**
   * Makes one.
   *
   * @param original The tree.
   * @param options What is too small.
   * @throws {RangeError} If `minBytes` is no size.
   */
  constructor(readonly original: Resource, options: CompressionOptions = {}) {
    super();
    this.#minBytes = options.minBytes ?? 1024;
    if (!(this.#minBytes >= 0)) throw new RangeError(`Cannot compress from ${this.#minBytes} bytes on`);
  }

  /** As what is compressed says. */
  override streamsBodyAt(path: readonly string[], request: Request): boolean {
    return this.original.streamsBodyAt(path, request);
  }

  /** Answers a request. */
  override render(request: Request): RenderResult {
    if (typeof CompressionStream === "function") {
      // All that the request sends goes through the channel; its own is the one behind.
      const accepted = acceptsGzip(request.getHeader("accept-encoding"));
      (request as { channel: Request["channel"] }).channel = new GzipChannel(
        request.channel,
        accepted,
        this.#minBytes,
      );
    }
    const child: Child = getChildForRequest(this.original, request);
    return child instanceof Resource ? child.render(request) : renderLater(child, request);
  }
}

async function renderLater(child: PromiseLike<Resource>, request: Request): Promise<RenderBody> {
  request.render(await child);
  return NOT_DONE_YET;
}

/**
 * Whether a client takes gzip (RFC 9110 §12.5.3).
 *
 * @param header What it sent as `Accept-Encoding`.
 */
export function acceptsGzip(header: string | undefined): boolean {
  let any = false;
  for (const item of (header ?? "").toLowerCase().split(",")) {
    const [name, ...parameters] = item.split(";").map((part) => part.trim());
    const quality = parameters.find((parameter) => /^q\s*=/.test(parameter));
    const wanted = quality === undefined || Number(quality.slice(quality.indexOf("=") + 1)) > 0;
    if (name === "gzip" || name === "x-gzip") return wanted;
    if (name === "*") any = wanted;
  }
  return any;
}
