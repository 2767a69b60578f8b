/**
 * `CompressionResource`: a tree whose answers are compressed for those who take that.
 * @module
 */
import type { Request } from "./request.ts";
import { type Child, type RenderBody, type RenderResult, Resource } from "./resource.ts";
import { type Codec, type Compressor, EncodingChannel } from "./_encoding_channel.ts";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import { getChildForRequest } from "./site.ts";

/** Options of {@linkcode CompressionResource}. */
export interface CompressionOptions {
  /** Bodies that are known to be smaller are left alone. @default 1024 */
  minBytes?: number;
  /**
   * Ways to compress, the preferred first: the name of the encoding, and what makes the streams for one answer.
   * @default br where the platform has it, and gzip
   */
  codecs?: Iterable<readonly [name: string, make: () => Compressor]>;
}

export type { Compressor };

/**
 * Compresses what a tree answers, with brotli where the platform's `CompressionStream` has it and else with gzip, if the
 * client takes it (`Accept-Encoding`: the highest quality wins, brotli if two are the same), the type is one that gets
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
  readonly #codecs: readonly Codec[];

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
    this.#codecs = options.codecs === undefined
      ? platformCodecs()
      : Array.from(options.codecs, ([name, make]) => ({ name, make }));
  }

  /** As what is compressed says. */
  override streamsBodyAt(path: readonly string[], request: Request): boolean {
    return this.original.streamsBodyAt(path, request);
  }

  /** Answers a request. */
  override render(request: Request): RenderResult {
    if (this.#codecs.length > 0) {
      // All that the request sends goes through the channel; its own is the one behind.
      const codec = chooseCodec(request.getHeader("accept-encoding"), this.#codecs);
      (request as { channel: Request["channel"] }).channel = new EncodingChannel(
        request.channel,
        codec,
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
 * What a client likes best of what there is (RFC 9110 §12.5.3).
 *
 * @param header What it sent as `Accept-Encoding`.
 * @param codecs What there is, the preferred first.
 * @returns `null` if it takes none, or if it likes an answer as it is better.
 */
export function chooseCodec(header: string | undefined, codecs: readonly Codec[]): Codec | null {
  const wanted = new Map<string, number>();
  for (const item of (header ?? "").toLowerCase().split(",")) {
    const [name, ...parameters] = item.split(";").map((part) => part.trim());
    const quality = parameters.find((parameter) => /^q\s*=/.test(parameter));
    const value = quality === undefined ? 1 : Number(quality.slice(quality.indexOf("=") + 1));
    wanted.set(name === "x-gzip" ? "gzip" : name!, value >= 0 ? value : 0);
  }
  let best: Codec | null = null;
  let most = wanted.get("identity") ?? 0;
  for (const codec of codecs) {
    const quality = wanted.get(codec.name) ?? wanted.get("*") ?? 0;
    if (quality === 0 || quality < most || (quality === most && best !== null)) continue;
    best = codec;
    most = quality;
  }
  return best;
}

let known: readonly Codec[] | undefined;

// What this platform's streams can do, tried once.
function platformCodecs(): readonly Codec[] {
  if (known !== undefined) return known;
  const codecs: Codec[] = [];
  for (const [name, format] of [["br", "brotli"], ["gzip", "gzip"]] as const) {
    const make = () => new CompressionStream(format as CompressionFormat);
    try {
      make().readable.cancel().catch(() => {}); // only to see whether it can be made
      codecs.push({ name, make });
    } catch {
      // not here
    }
  }
  return known = codecs;
}
