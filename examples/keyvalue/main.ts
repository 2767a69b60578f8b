/**
 * A key/value store, served over lines, Perspective Broker and the web by one process.
 *
 *     deno run --allow-net examples/keyvalue/main.ts --help
 */
import { reactor } from "@ropewalk/reactor";
import { readCommandLine } from "./command_line.ts";
import { KeyValueServer, PortError } from "./server.ts";

const HELP = `A key/value store, served over lines, Perspective Broker and the web.

  --host HOST        the address to listen on (127.0.0.1)
  --line-port PORT   (11211)
  --pb-port PORT     (8789)
  --web-port PORT    (8000)
  --ttl SECONDS      how long a key lives (15)
  --help             this text

Port 0 lets the system choose.`;

const DEFAULTS = { host: "127.0.0.1", "line-port": 11211, "pb-port": 8789, "web-port": 8000, ttl: 15 };

function banner(server: KeyValueServer): string {
  const { host, ttlSeconds } = server.options;
  const [lines, pb, web] = server.ports.map((port) => port.getHost() as { port: number });
  const client = [
    "from twisted.internet import reactor as r",
    "from twisted.spread import pb",
    "f = pb.PBClientFactory()",
    `r.connectTCP('${host}', ${pb!.port}, f)`,
    "f.getRootObject().addCallback(lambda o: o.callRemote('get', 'color')).addBoth(print).addBoth(lambda _: r.stop())",
    "r.run()",
  ].join("; ");
  return `Ropewalk key/value store — keys live ${ttlSeconds} s, every set renews
  lines   ${lines}    printf 'set color red\\r\\nget color\\r\\n' | nc -N ${host} ${lines!.port}
  PB      ${pb}     python3 -c "${client}"
  web     http://${web}/      status http://${web}/status
Ctrl-C stops.`;
}

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
  const server = new KeyValueServer(reactor, {
    host: options.host,
    linePort: options["line-port"],
    pbPort: options["pb-port"],
    webPort: options["web-port"],
    ttlSeconds: options.ttl,
  });
  try {
    await server.start();
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    console.error(error.message);
    return 1;
  }
  reactor.addSystemEventTrigger("before", "shutdown", () => server.stop());
  console.log(banner(server));
  await reactor.run();
  return 0;
}

if (import.meta.main) Deno.exit(await main());
