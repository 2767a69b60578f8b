/**
 * Sends numbered lines as fast as each client takes them, and no faster.
 *
 *     deno run --allow-net examples/reactor/firehose.ts --port=8020
 *     nc 127.0.0.1 8020 | head -3
 *
 * A push producer writes until it is told to hold, which it is above 64 KiB: a client that reads slowly costs no
 * memory. `stopProducing` comes when nobody is there any more.
 */
import { Factory, Protocol } from "@ropewalk/protocols";
import type { PushProducer } from "@ropewalk/reactor/core";
import { serve } from "../tutorial/_command.ts";

/** Lines from 1 to `lines`. */
export class Firehose extends Protocol implements PushProducer {
  /** The last line that was written. */
  line = 0;
  #holds = false;

  constructor(readonly lines: number) {
    super();
  }

  override connectionMade(): void {
    this.transport.registerProducer(this, true);
    this.resumeProducing();
  }

  resumeProducing(): void {
    this.#holds = false;
    while (!this.#holds && this.line < this.lines) this.transport.write(`line ${++this.line}\n`);
    if (this.line < this.lines) return;
    this.transport.unregisterProducer();
    this.transport.loseConnection(); // when all is sent
  }

  pauseProducing(): void {
    this.#holds = true;
  }

  stopProducing(): void {
    this.#holds = true;
  }
}

const HELP = `Sends numbered lines to whoever connects.

  --port PORT        (8020)
  --lines NUMBER     (1000000)`;

if (import.meta.main) {
  const { reactor } = await import("@ropewalk/reactor");
  Deno.exit(
    await serve(
      HELP,
      { port: 8020, lines: 1_000_000 },
      ({ port, lines }) =>
        reactor.listenTCP(port, Factory.forProtocol(Firehose, lines), { hostname: "127.0.0.1" }),
    ),
  );
}
