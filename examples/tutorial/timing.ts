/**
 * The same work one after another, and all at once, with a clock beside it.
 *
 *     deno run --allow-net examples/tutorial/timing.ts --clients=20 --delay=0.1
 *
 * What is new since many_clients.ts: a server that takes its time, in the same process. A client that waits for each
 * answer before it asks again (as one that blocks must) takes as many times as long.
 */
import { type Deferred, gatherResults, inlineCallbacks } from "@ropewalk/deferred";
import { Factory, LineReceiver } from "@ropewalk/protocols";
import { clientFromString, reactor, type ReactorTime } from "@ropewalk/reactor";
import { work } from "./_command.ts";
import { ask } from "./client_2.ts";

type Ask = (text: string) => Deferred<string>;

/** Answers each line after a while. */
export class Slow extends LineReceiver {
  constructor(readonly delaySeconds: number) {
    super();
  }

  override lineReceived(line: string): void {
    this.reactor.callLater(this.delaySeconds, () => this.sendLine(line));
  }
}

/** Asks again only when the answer is there. Fires with the seconds it took. */
export const oneAfterAnother = inlineCallbacks(function* (clock: ReactorTime, clients: number, askOne: Ask) {
  const began = clock.seconds();
  for (let i = 0; i < clients; i++) yield* askOne(`client ${i}`);
  return clock.seconds() - began;
});

/** Asks all, then waits. Fires with the seconds it took; the first that fails ends it. */
export const allAtOnce = inlineCallbacks(function* (clock: ReactorTime, clients: number, askOne: Ask) {
  const began = clock.seconds();
  yield* gatherResults(Array.from({ length: clients }, (_, i) => askOne(`client ${i}`)), {
    consumeErrors: true,
  });
  return clock.seconds() - began;
});

const HELP = `Times the same work done in two ways.

  --clients NUMBER   (20)
  --delay SECONDS    how long each answer takes (0.1)`;

if (import.meta.main) {
  Deno.exit(
    await work(
      HELP,
      { clients: 20, delay: 0.1 },
      inlineCallbacks(function* ({ clients, delay }: { clients: number; delay: number }) {
        const port = reactor.listenTCP(0, Factory.forProtocol(Slow, delay), { hostname: "127.0.0.1" });
        yield* port.ready;
        const endpoint = clientFromString(reactor, `tcp:${port.getHost()}`);
        const askOne: Ask = (text) => ask(endpoint, text);
        console.log(`one after another: ${(yield* oneAfterAnother(reactor, clients, askOne)).toFixed(2)} s`);
        console.log(`all at once:       ${(yield* allAtOnce(reactor, clients, askOne)).toFixed(2)} s`);
        yield* port.stopListening();
      }),
    ),
  );
}
