/**
 * The proxy of proxy.ts, with pages kept for a while.
 *
 *     deno run --allow-net examples/tutorial/caching_proxy.ts --ttl=5
 *     echo http://example.org/ | nc 127.0.0.1 8009
 *
 * What is new since proxy.ts: `CachingFetch` is a `Fetch` around another. Who asks for a page that is on its way waits in a
 * queue of Deferreds, so that it is fetched once. What failed is not kept. The protocol does not change.
 */
import { Deferred, Failure, succeed } from "@ropewalk/deferred";
import { Factory } from "@ropewalk/protocols";
import { reactor, type ReactorTime } from "@ropewalk/reactor";
import { serve } from "./_command.ts";
import { type Fetch, fetchPage, Proxy } from "./proxy.ts";

/** How many pages are kept; the oldest goes first. */
export const MAX_PAGES = 100;

/** A page that is on its way, and who waits for it. */
interface Fetching {
  readonly page: Deferred<Uint8Array>;
  readonly waiting: Set<Deferred<Uint8Array>>;
}

export class CachingFetch {
  readonly #pages = new Map<string, Uint8Array>();
  readonly #fetching = new Map<string, Fetching>();

  constructor(readonly clock: ReactorTime, readonly ttlSeconds: number, readonly inner: Fetch) {}

  /** The page, kept or fetched. Cancelling it gives up waiting; when nobody waits any more, the fetch is cancelled. */
  readonly fetch: Fetch = (url) => {
    const page = this.#pages.get(url);
    if (page !== undefined) return succeed(page);
    const fetching = this.#fetching.get(url);
    const waiting = fetching?.waiting ?? new Set<Deferred<Uint8Array>>();
    const result = new Deferred<Uint8Array>((cancelled) => {
      waiting.delete(cancelled);
      if (waiting.size === 0) this.#giveUp(url);
    });
    waiting.add(result);
    if (fetching === undefined) this.#start(url, { page: this.inner(url), waiting });
    return result;
  };

  #start(url: string, fetching: Fetching): void {
    this.#fetching.set(url, fetching);
    fetching.page.addBoth((result) => {
      if (this.#fetching.get(url) === fetching) this.#fetching.delete(url);
      if (!(result instanceof Failure)) this.#keep(url, result);
      for (const d of fetching.waiting) result instanceof Failure ? d.errback(result) : d.callback(result);
    });
  }

  #giveUp(url: string): void {
    const fetching = this.#fetching.get(url);
    this.#fetching.delete(url);
    fetching?.page.cancel();
  }

  #keep(url: string, page: Uint8Array): void {
    if (this.#pages.size >= MAX_PAGES) this.#pages.delete(this.#pages.keys().next().value!);
    this.#pages.set(url, page);
    this.clock.callLater(this.ttlSeconds, () => {
      if (this.#pages.get(url) === page) this.#pages.delete(url);
    });
  }
}

const HELP = `Gets the page whose address is sent in a line, and keeps it for a while.

  --port PORT        (8009)
  --ttl SECONDS      how long a page is kept (5)`;

if (import.meta.main) {
  Deno.exit(
    await serve(HELP, { port: 8009, ttl: 5 }, ({ port, ttl }) => {
      const cache = new CachingFetch(reactor, ttl, fetchPage);
      return reactor.listenTCP(port, Factory.forProtocol(Proxy, cache.fetch), { hostname: "127.0.0.1" });
    }),
  );
}
