/**
 * A key/value store, served over lines, Perspective Broker and the web by one process.
 *
 *     deno run --allow-net examples/keyvalue/main.ts --help
 */
import { reactor } from "@ropewalk/reactor";
import type { IPv4Address } from "@ropewalk/reactor/core";
import { parseArgs } from "@std/cli/parse-args";
import { KeyValueServer, PortError, type ServerOptions } from "./server.ts";

const HELP = `A key/value store, served over lines, Perspective Broker and the web.

  --host HOST        the address to listen on (127.0.0.1)
  --line-port PORT   (11211)
  --pb-port PORT     (8789)
  --web-port PORT    (8000)
  --ttl SECONDS      how long a key lives (15)
  --help             this text

Port 0 lets the system choose.`;

/** Reads the command line; throws a `RangeError` in words. */
export function readOptions(args: readonly string[]): ServerOptions | "help" {
  const names = ["host", "line-port", "pb-port", "web-port", "ttl"] as const;
  const given = parseArgs(args, {
    string: names,
    boolean: ["help"],
    unknown: (arg) => {
      throw new RangeError(`unknown argument: ${arg}`);
    },
  });
  if (given.help) return "help";
  const number = (name: typeof names[number], fallback: number, most: number): number => {
    const text = given[name] ?? String(fallback);
    const value = Number(text);
    if (text.trim() === "" || !(value >= 0 && value <= most)) {
      throw new RangeError(`--${name} takes a number from 0 to ${most}, not "${text}"`);
    }
    return value;
  };
  const port = (name: typeof names[number], fallback: number): number => {
    const value = number(name, fallback, 65_535);
    if (!Number.isInteger(value)) throw new RangeError(`--${name} takes a whole number, not "${value}"`);
    return value;
  };
  return {
    host: given.host || "127.0.0.1",
    linePort: port("line-port", 11211),
    pbPort: port("pb-port", 8789),
    webPort: port("web-port", 8000),
    ttlSeconds: number("ttl", 15, 1e9),
  };
}

function banner(server: KeyValueServer): string {
  const { host, ttlSeconds } = server.options;
  const [lines, pb, web] = server.ports.map((port) => port.getHost() as IPv4Address);
  const client =
    `from twisted.internet import reactor as r; from twisted.spread import pb; f = pb.PBClientFactory()
r.connectTCP('${host}', ${pb!.port}, f)
f.getRootObject().addCallback(lambda o: o.callRemote('get', 'color')).addBoth(print).addBoth(lambda _: r.stop())
r.run()`.replaceAll("\n", "; ");
  return `Ropewalk key/value store — keys live ${ttlSeconds} s, every set renews
  lines   ${lines}    printf 'set color red\\r\\nget color\\r\\n' | nc -N ${host} ${lines!.port}
  PB      ${pb}     python3 -c "${client}"
  web     http://${web}/      status http://${web}/status
Ctrl-C stops.`;
}

async function main(): Promise<number> {
  let options: ServerOptions | "help";
  try {
    options = readOptions(Deno.args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (options === "help") {
    console.log(HELP);
    return 0;
  }
  const server = new KeyValueServer(reactor, options);
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
