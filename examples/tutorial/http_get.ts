/**
 * A page got by hand: HTTP/1.0 over a protocol of our own.
 *
 *     deno run --allow-net examples/tutorial/http_get.ts --host=example.org --port=80 --path=/
 *
 * What is new since caching_proxy.ts: a result that is complete when the _connection closes_. Whether it closed cleanly is
 * what the reason tells: `ConnectionDone` is the end of the page, anything else is a page that broke off. A class of
 * factory whose only purpose is to carry a Deferred, as the tutorial has it, is not needed.
 */
import { Deferred, type Failure } from "@ropewalk/deferred";
import { Protocol } from "@ropewalk/protocols";
import {
  clientFromString,
  ConnectionDone,
  connectProtocol,
  type DelayedCall,
  reactor,
} from "@ropewalk/reactor";
import { work } from "./_command.ts";

export const MAX_BYTES = 10_000_000;
export const TIMEOUT_SECONDS = 30;

export class TooLarge extends Error {}

/** Asks for a page, and collects what comes: head and body. */
export class Getter extends Protocol {
  readonly response: Deferred<string> = new Deferred(() => this.transport.abortConnection());
  readonly #decoder = new TextDecoder();
  #text = "";
  #bytes = 0;
  #timeout: DelayedCall | null = null;

  constructor(readonly host: string, readonly path: string) {
    super();
  }

  override connectionMade(): void {
    this.#timeout = this.reactor.callLater(TIMEOUT_SECONDS, () => this.transport.abortConnection());
    this.transport.write(`GET ${this.path} HTTP/1.0\r\nHost: ${this.host}\r\n\r\n`);
  }

  override dataReceived(data: Uint8Array): void {
    this.#bytes += data.length;
    if (this.#bytes <= MAX_BYTES) this.#text += this.#decoder.decode(data, { stream: true });
    else this.transport.abortConnection();
  }

  override connectionLost(reason: Failure): void {
    if (this.#timeout?.active()) this.#timeout.cancel();
    if (this.response.called) return;
    if (this.#bytes > MAX_BYTES) this.response.errback(new TooLarge(`more than ${MAX_BYTES} bytes`));
    else if (!reason.check(ConnectionDone)) this.response.errback(reason);
    else this.response.callback(this.#text + this.#decoder.decode());
  }
}

const HELP = `Gets a page, and prints all that the server says.

  --host HOST        (127.0.0.1)
  --port PORT        (8000)
  --path PATH        (/)`;

if (import.meta.main) {
  Deno.exit(
    await work(
      HELP,
      { host: "127.0.0.1", port: 8000, path: "/" },
      ({ host, port, path }) =>
        connectProtocol(clientFromString(reactor, `tcp:${host}:${port}`), new Getter(host, path))
          .addCallback((getter) => getter.response)
          .addCallback((text) => console.log(text)),
    ),
  );
}
