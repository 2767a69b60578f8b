/**
 * A page that is got from another server while the reader waits.
 *
 *     deno run --allow-net examples/tutorial/web_fetch.ts
 *     curl 'http://127.0.0.1:8000/?url=http://example.org/'
 *
 * What is new since web_later.ts: `getPage` behind a page. `addBoth(finish)` ends the answer whatever came of it. (Returning
 * the Deferred would do the same in one line; here it is written out.)
 */
import { type Deferred, Failure } from "@ropewalk/deferred";
import { reactor } from "@ropewalk/reactor";
import { NOT_DONE_YET, type Request, Resource, Site } from "@ropewalk/web";
import { getPage } from "@ropewalk/web/client";
import { serve } from "./_command.ts";

export class Fetcher extends Resource {
  override isLeaf = true;

  constructor(readonly fetch: (url: string) => Deferred<Uint8Array>) {
    super();
  }

  render_GET(request: Request): string | typeof NOT_DONE_YET {
    request.setHeader("Content-Type", "text/plain; charset=utf-8");
    const url = request.args.get("url");
    if (url === null || !/^https?:\/\//.test(url)) {
      request.setResponseCode(400);
      return "say which: ?url=http://…\n";
    }
    const page = this.fetch(url);
    const left = request.notifyFinish().addErrback(() => page.cancel());
    page
      .addErrback((failure) => {
        request.setResponseCode(502);
        return new TextEncoder().encode(`Cannot get ${url}: ${failure.getErrorMessage()}\n`);
      })
      .addBoth((result) => {
        if (left.called || result instanceof Failure) return; // nobody reads it any more
        request.write(result);
        request.finish();
      });
    return NOT_DONE_YET;
  }
}

const HELP = `Serves the pages of others.

  --port PORT        (8000)`;

if (import.meta.main) {
  const fetch = (url: string) => getPage(url, { reactor, maxBytes: 10_000_000 }).addTimeout(30, reactor);
  Deno.exit(
    await serve(
      HELP,
      { port: 8000 },
      ({ port }) => reactor.listenTCP(port, new Site(new Fetcher(fetch)), { hostname: "127.0.0.1" }),
    ),
  );
}
