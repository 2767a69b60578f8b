/**
 * `FetchResource`: a program of the web platform inside a tree.
 * @module
 */
import { type Address, IPv4Address, IPv6Address, UNIXAddress } from "@ropewalk/reactor/core";
import { errorBody } from "./_error_body.ts";
import type { Request as SiteRequest } from "./request.ts";
import { type RenderResult, Resource } from "./resource.ts";
import { segmentsOf } from "./_uri.ts";

/** What a {@linkcode FetchHandler} is told of the client: what `Deno.serve` tells, so that its handlers fit in a tree. */
export interface FetchInfo {
  /** The client's address, by the platform's names; the path is empty where it has none. */
  readonly remoteAddr: ClientAddress;
  /** Resolves when the answer was sent; rejects if the client went away before. */
  readonly completed: Promise<void>;
}

/** An address by the platform's names. */
export type ClientAddress =
  | { readonly transport: "tcp"; readonly hostname: string; readonly port: number }
  | { readonly transport: "unix"; readonly path: string };

/** A program of the web platform: Hono's and Oak's `fetch`, or a plain function. */
export type FetchHandler = (request: Request, info: FetchInfo) => Response | Promise<Response>;

/** So much of a body waits for the program before the client is held back. */
const HIGH_WATER_BYTES = 65_536;

/** Options of {@linkcode FetchResource}. */
export interface FetchResourceOptions {
  /** Whether the program sees only the path below this resource. @default false */
  stripPrefix?: boolean;
}

/**
 * Mounts a program of the web platform in a tree: it answers for this resource and all below it. The request's `signal`
 * aborts when the client goes away.
 *
 * @example
 * ```ts
 * import { FetchResource, Resource } from "@ropewalk/web";
 *
 * const root = new Resource();
 * root.putChild("api", new FetchResource((request) => Response.json({ url: request.url })));
 * ```
 */
export class FetchResource extends Resource {
  /** Answers for everything below it too. */
  override isLeaf = true;
  /** The program reads bodies while they arrive. */
  override streamsBody = true;
  readonly #stripPrefix: boolean;

  /**
   * Makes one.
   *
   * @param handler The program.
   * @param options What it sees of the path.
   */
  constructor(readonly handler: FetchHandler, options: FetchResourceOptions = {}) {
    super();
    this.#stripPrefix = options.stripPrefix ?? false;
  }

  /** Answers a request. */
  override render(request: SiteRequest): RenderResult {
    const controller = new AbortController();
    let platform: Request;
    try {
      const url = new URL(this.#url(request));
      // A URL goes up for `..` and takes a backslash for a slash: the program would see what is not below this resource.
      if (!isSamePath(url.pathname, this.#stripPrefix ? request.postpath : segmentsOf(request.path))) {
        return errorBody(request, 404, "There is nothing at this address.");
      }
      platform = new Request(url, {
        method: request.method,
        headers: request.requestHeaders.toPlatform(),
        ...bodyOf(request),
        signal: controller.signal,
        redirect: "manual",
      });
    } catch { // a method or URL that the platform does not have
      return errorBody(request, 400, "This request cannot be passed on.");
    }
    const answer = this.handler(platform, new Info(request));
    request.notifyFinish().addErrback(() => {
      controller.abort();
      // An answer that nobody takes any more: what makes its body hears of it.
      Promise.resolve(answer).then((response) => response.body?.cancel()).catch(() => {});
    });
    return answer as RenderResult;
  }

  #url(request: SiteRequest): string {
    const scheme = request.isSecure() ? "https" : "http";
    const host = request.host === "" ? "localhost" : request.host;
    const path = this.#stripPrefix ? `/${request.postpath.map(encodeURIComponent).join("/")}` : request.path;
    return `${scheme}://${host}${path}${request.query === "" ? "" : `?${request.query}`}`;
  }
}

/** Made for each request: what is seldom asked for is worked out when it is. */
class Info implements FetchInfo {
  readonly #request: SiteRequest;
  #completed: Promise<void> | null = null;

  constructor(request: SiteRequest) {
    this.#request = request;
  }

  get remoteAddr(): ClientAddress {
    return platformAddress(this.#request.getClientAddress());
  }

  get completed(): Promise<void> {
    return this.#completed ??= this.#request.notifyFinish().toPromise();
  }
}

function isSamePath(pathname: string, segments: readonly string[]): boolean {
  const seen = segmentsOf(pathname);
  const expected = segments.length === 0 ? [""] : segments;
  return seen.length === expected.length && seen.every((segment, i) => segment === expected[i]);
}

function platformAddress(address: Address): ClientAddress {
  if (address instanceof IPv4Address || address instanceof IPv6Address) {
    return { transport: "tcp", hostname: address.host, port: address.port };
  }
  return { transport: "unix", path: address instanceof UNIXAddress ? address.name : "" };
}

function bodyOf(request: SiteRequest): { body: BodyInit | null; duplex?: "half" } {
  if (request.method === "GET" || request.method === "HEAD") return { body: null };
  if (request.streaming) return { body: streamOf(request), duplex: "half" };
  return { body: request.content.length === 0 ? null : new Uint8Array(request.content.bytes()) };
}

// The body is read from the connection as the program reads it.
function streamOf(request: SiteRequest): ReadableStream<Uint8Array<ArrayBuffer>> {
  // A client that waits for `100 Continue` is told so when the program reads, not before.
  const highWaterMark = request.getHeader("expect") === undefined ? HIGH_WATER_BYTES : 0;
  let started = false;
  let over = false;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      request.notifyFinish().addErrback((failure) => {
        if (!over) controller.error(failure.value);
        over = true;
      });
    },
    pull(controller) {
      if (over) return;
      if (started) return request.resumeBody();
      started = true;
      request.deliverBody({
        bodyReceived(bytes) {
          if (over) return;
          controller.enqueue(new Uint8Array(bytes));
          if (controller.desiredSize! <= 0) request.pauseBody();
        },
        bodyComplete() {
          if (!over) controller.close();
          over = true;
        },
      });
    },
    cancel() {
      over = true;
      request.resumeBody();
    },
  }, new ByteLengthQueuingStrategy({ highWaterMark }));
}
