/**
 * The web service of the key/value store in a process of its own: its store is the root object of another process, which
 * it reaches over Perspective Broker. Start `examples/keyvalue/main.ts` first, then
 *
 *     deno run --allow-net examples/keyvalue_web_over_pb.ts
 *
 * and open http://127.0.0.1:8001/. What is new: `RemoteStore` answers with Deferreds, and the web code does not change.
 */
import { CannotListenError, reactor } from "@ropewalk/reactor";
import { readCommandLine } from "./keyvalue/command_line.ts";
import { RemoteStore } from "./keyvalue/remote_store.ts";
import { KeyValueSite } from "./keyvalue/web_service.ts";

const HELP = `The pages of a key/value store that another process keeps.

  --host HOST        the address to listen on (127.0.0.1)
  --web-port PORT    (8001)
  --pb-host HOST     where the store is (127.0.0.1)
  --pb-port PORT     (8789)
  --help             this text`;

const DEFAULTS = { host: "127.0.0.1", "web-port": 8001, "pb-host": "127.0.0.1", "pb-port": 8789 };
const GRACE_SECONDS = 5;

async function main(): Promise<number> {
  let options: typeof DEFAULTS | "help";
  try {
    options = readCommandLine(Deno.args, DEFAULTS);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (options === "help") {
    console.log(HELP);
    return 0;
  }
  const store = new RemoteStore(reactor, options["pb-host"], options["pb-port"]);
  const site = new KeyValueSite(store, reactor);
  try {
    const port = reactor.listenTCP(options["web-port"], site, { hostname: options.host });
    await port.ready;
    reactor.addSystemEventTrigger("before", "shutdown", async () => {
      await port.stopListening();
      await site.drain(GRACE_SECONDS);
      store.stop();
    });
    console.log(
      `web     http://${port.getHost()}/      status http://${port.getHost()}/status\nCtrl-C stops.`,
    );
  } catch (error) {
    if (!(error instanceof CannotListenError)) throw error;
    console.error(`${error.message}. Choose another port with --web-port.`);
    return 1;
  }
  await reactor.run();
  return 0;
}

if (import.meta.main) Deno.exit(await main());
