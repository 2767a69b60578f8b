/**
 * Stands before a web server and keeps its pages for a while: each is fetched once, however many ask for it meanwhile.
 *
 *     deno run --allow-net examples/web/caching_proxy.ts --host=127.0.0.1 --port=8080 --ttl=5
 *
 * Only what is the same for everybody is kept: answers with 200 to GET without cookies or a login, which the server does
 * not call private. All else goes through a `ReverseProxyResource`.
 */
import type { Deferred } from "@ropewalk/deferred";
import type { ReactorTime } from "@ropewalk/reactor/core";
import { NOT_DONE_YET, type Request, Resource } from "@ropewalk/web";
import type { AgentLike, ClientResponse } from "@ropewalk/web/client";

/** How many pages are kept; the oldest goes first. */
export const MAX_PAGES = 100;
/** Larger pages are not kept. */
export const MAX_PAGE_BYTES = 1_000_000;

const KEPT_HEADERS = ["content-type", "etag", "last-modified", "cache-control"];

/** A page as it is kept. */
interface Page {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  readonly until: number;
}

/** A page that is on its way, and who waits for it. */
interface Fetching {
  readonly page: Deferred<Page | null>;
  readonly waiting: Set<Request>;
}

export class CachingProxy extends Resource {
  override isLeaf = true;
  readonly #pages = new Map<string, Page>();
  readonly #fetching = new Map<string, Fetching>();

  /**
   * @param clock Tells how old a page is.
   * @param agent Fetches.
   * @param base The server: `"http://127.0.0.1:8000"`.
   * @param ttlSeconds How long a page is kept.
   * @param through Answers what is not kept.
   */
  constructor(
    readonly clock: ReactorTime,
    readonly agent: AgentLike,
    readonly base: string,
    readonly ttlSeconds: number,
    readonly through: Resource,
  ) {
    super();
  }

  override render(request: Request): ReturnType<Resource["render"]> {
    if (!sameForAll(request)) return this.through.render(request);
    const page = this.#pages.get(request.uri);
    if (page !== undefined && page.until > this.clock.seconds()) return answer(request, page, "hit");
    request.notifyFinish().addErrback(() => this.#left(request));
    const fetching = this.#fetching.get(request.uri);
    if (fetching === undefined) this.#start(request);
    else fetching.waiting.add(request);
    return NOT_DONE_YET;
  }

  #start(request: Request): void {
    const { uri } = request;
    const page = this.agent.request("GET", this.base + uri).addCallback((response) => this.#read(response));
    const fetching: Fetching = { page, waiting: new Set([request]) };
    this.#fetching.set(uri, fetching);
    page.addErrback(() => null).addCallback((page) => {
      this.#fetching.delete(uri);
      if (page !== null) this.#keep(uri, page);
      for (const request of fetching.waiting) this.#serve(request, page);
    });
  }

  // What is not for everybody is asked for again, by each for itself.
  #serve(request: Request, page: Page | null): void {
    if (page === null) return request.render(this.through);
    request.write(answer(request, page, "miss"));
    request.finish();
  }

  #read(response: ClientResponse): Deferred<Page> | null {
    const { code, headers } = response;
    const control = headers.get("cache-control") ?? "";
    const mine = /\b(?:private|no-store|no-cache)\b/i.test(control) || headers.has("vary") ||
      headers.has("set-cookie") || headers.has("content-encoding");
    if (code !== 200 || mine) {
      response.abort();
      return null;
    }
    const kept = KEPT_HEADERS.flatMap((name) =>
      headers.getRawHeaders(name).map((value) => [name, value] as const)
    );
    return response.bytes({ maxBytes: MAX_PAGE_BYTES }).addCallback((body) => ({
      headers: kept,
      body,
      until: this.clock.seconds() + this.ttlSeconds,
    }));
  }

  #keep(uri: string, page: Page): void {
    this.#pages.delete(uri);
    if (this.#pages.size >= MAX_PAGES) this.#pages.delete(this.#pages.keys().next().value!);
    this.#pages.set(uri, page);
  }

  #left(request: Request): void {
    const fetching = this.#fetching.get(request.uri);
    if (fetching === undefined || !fetching.waiting.delete(request)) return;
    if (fetching.waiting.size === 0) fetching.page.cancel(); // nobody waits any more
  }
}

function sameForAll(request: Request): boolean {
  return request.method === "GET" && request.content.length === 0 && request.uri.startsWith("/") &&
    ["authorization", "cookie", "range", "upgrade"].every((name) => request.getHeader(name) === undefined);
}

function answer(request: Request, page: Page, how: string): Uint8Array {
  for (const [name, value] of page.headers) request.responseHeaders.append(name, value);
  request.setHeader("content-length", page.body.length);
  request.setHeader("x-cache", how);
  return page.body;
}

const HELP = `Keeps the pages of another web server for a while.

  --listen PORT      (8010)
  --host HOST        the other server (127.0.0.1)
  --port PORT        and its port (8080)
  --ttl SECONDS      how long a page is kept (5)`;

if (import.meta.main) {
  const { serve } = await import("../tutorial/_command.ts");
  const { reactor } = await import("@ropewalk/reactor");
  const { ReverseProxyResource, Site } = await import("@ropewalk/web");
  const { Agent } = await import("@ropewalk/web/client");
  Deno.exit(
    await serve(HELP, { listen: 8010, host: "127.0.0.1", port: 8080, ttl: 5 }, (options) => {
      const { host, port, ttl } = options;
      const through = new ReverseProxyResource(host, port, "", reactor);
      const proxy = new CachingProxy(reactor, new Agent(reactor), `http://${host}:${port}`, ttl, through);
      return reactor.listenTCP(options.listen, new Site(proxy), { hostname: "127.0.0.1" });
    }),
  );
}
