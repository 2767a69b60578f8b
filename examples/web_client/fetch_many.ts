/**
 * Gets many pages at once, four at a time from each host, and tells how large they are.
 *
 * ```sh
 * deno run --allow-net examples/web_client/fetch_many.ts http://example.org/ http://example.com/
 * ```
 * @module
 */
import { type Deferred, DeferredList, maybeDeferred } from "@ropewalk/deferred";
import type { Reactor } from "@ropewalk/reactor/core";
import {
  Agent,
  BrowserLikeRedirectAgent,
  ContentDecoderAgent,
  HTTPConnectionPool,
} from "@ropewalk/web/client";

/** One line for each page, in the order of the addresses. */
export function fetchMany(reactor: Reactor, urls: readonly string[]): Deferred<string[]> {
  const pool = new HTTPConnectionPool(reactor, { maxPersistentPerHost: 4, maxConnectionsPerHost: 4 });
  const agent = new BrowserLikeRedirectAgent(
    new ContentDecoderAgent(new Agent(reactor, { pool, totalTimeoutSeconds: 30 })),
  );
  const lines = urls.map((url) =>
    maybeDeferred(() => agent.request("GET", url)) // what is no address throws: one line, too
      .addCallback((response) =>
        response.bytes({ maxBytes: 10_000_000 }).addCallback((page) =>
          `${response.code} ${page.length} ${url}`
        )
      )
      .addErrback((failure) => `${failure.type} ${url}`)
  );
  return new DeferredList(lines).addCallback((results) =>
    pool.closeCachedConnections().addCallback(() => results.map(([, line]) => String(line)))
  );
}

if (import.meta.main) {
  if (Deno.args.length === 0) {
    console.log("Gets many pages at once, and tells how large they are.\n\n  fetch_many.ts URL…");
    Deno.exit(2);
  }
  const { react } = await import("@ropewalk/reactor");
  await react(
    (reactor, ...urls: string[]) =>
      fetchMany(reactor as Reactor, urls).addCallback((lines) => console.log(lines.join("\n"))),
    Deno.args,
  );
}
