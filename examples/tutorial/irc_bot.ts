/**
 * A bot that serves the key/value store on IRC, and comes back when the server does.
 *
 *     deno run --allow-net examples/tutorial/irc_bot.ts --host=irc.example.org --channel='#ropewalk'
 *
 * In the channel: `!set color red`, `!get color`. What is new since memset.ts: a client that lives longer than its
 * connections. The _factory_ is told how each went and tries again, each time after a longer while; the bot itself, in
 * examples/protocols/irc_bot.ts, resets that when it is signed on.
 */
import { Deferred, type Failure } from "@ropewalk/deferred";
import { type Connector, reactor } from "@ropewalk/reactor";
import { KeyValueStore } from "../keyvalue/store.ts";
import { StoreBotFactory } from "../protocols/irc_bot.ts";
import { work } from "./_command.ts";

/** Tells how its connections go. */
export class TellingFactory extends StoreBotFactory {
  say: (text: string) => void = console.log;

  override startedConnecting(connector: Connector): void {
    this.say(`connecting to ${connector.getDestination()}`);
  }

  override clientConnectionFailed(connector: Connector, reason: Failure): void {
    super.clientConnectionFailed(connector, reason);
    this.#tell(reason);
  }

  override clientConnectionLost(connector: Connector, reason: Failure): void {
    super.clientConnectionLost(connector, reason);
    this.#tell(reason);
  }

  #tell(reason: Failure): void {
    this.say(`${reason.getErrorMessage()}; again in ${this.delay.toFixed(1)} s`);
  }
}

const HELP = `Serves a key/value store on IRC.

  --host HOST        (127.0.0.1)
  --port PORT        (6667)
  --channel NAME     (#ropewalk)
  --ttl SECONDS      how long a key lives (900)`;

if (import.meta.main) {
  Deno.exit(
    await work(
      HELP,
      { host: "127.0.0.1", port: 6667, channel: "#ropewalk", ttl: 900 },
      ({ host, port, channel, ttl }) => {
        const factory = new TellingFactory(new KeyValueStore(reactor, ttl), channel, reactor);
        reactor.addSystemEventTrigger("before", "shutdown", () => factory.stopTrying());
        reactor.connectTCP(host, port, factory);
        return new Deferred<void>(); // until Ctrl-C
      },
    ),
  );
}
