/**
 * A proxy for pages: send an address in a line, and the page comes back.
 *
 *     deno run --allow-net examples/tutorial/proxy.ts
 *     echo http://example.org/ | nc 127.0.0.1 8009
 *
 * What is new since coroutine_echo.ts: a server that is a client too, in one process. The protocol knows neither how pages
 * are got nor that it takes a while: `fetch` gives a Deferred, and when the asker hangs up it is cancelled.
 */
import type { Deferred } from "@ropewalk/deferred";
import { Factory, LineReceiver } from "@ropewalk/protocols";
import { reactor } from "@ropewalk/reactor";
import { getPage } from "@ropewalk/web/client";
import { serve } from "./_command.ts";

/** Gets the page of an address. */
export type Fetch = (url: string) => Deferred<Uint8Array>;

/** One request for each connection. */
export class Proxy extends LineReceiver {
  override acceptBareLF = true;
  #page: Deferred<void> | null = null;

  constructor(readonly fetch: Fetch) {
    super();
  }

  override lineReceived(line: string): void {
    this.pauseProducing(); // one address is enough
    this.#page = this.fetch(line)
      .addCallbacks(
        (page) => this.transport.write(page),
        (failure) => this.sendLine(`Cannot get ${line}: ${failure.getErrorMessage()}`),
      )
      .addBoth(() => this.transport.loseConnection());
  }

  override connectionLost(): void {
    this.#page?.cancel();
  }
}

/** Gets pages of at most 10 MB, in at most 30 seconds. */
export const fetchPage: Fetch = (url) =>
  getPage(url, { reactor, maxBytes: 10_000_000 }).addTimeout(30, reactor);

const HELP = `Gets the page whose address is sent in a line.

  --port PORT        (8009)`;

if (import.meta.main) {
  Deno.exit(
    await serve(
      HELP,
      { port: 8009 },
      ({ port }) => reactor.listenTCP(port, Factory.forProtocol(Proxy, fetchPage), { hostname: "127.0.0.1" }),
    ),
  );
}
