/**
 * A million random and mutated messages against one PB server factory: it lives, and its memory stays flat.
 *
 *     deno run --v8-flags=--expose-gc bench/pb_fuzz.ts [messages] [seed]
 *
 * Prints the heap after each tenth, collected; fails if a good call is not answered after any hundredth.
 * @module
 */
import { setErrorReporter } from "@ropewalk/deferred";
import { PipeAddress } from "@ropewalk/reactor/core";
import { PBServerFactory, Root } from "@ropewalk/spread";
import { BananaEncoder, type BananaValue } from "@ropewalk/spread/banana";
import { flushLoggedErrors, SeededRandom, StringTransportWithDisconnection } from "@ropewalk/testing";

class Echo extends Root {
  remote_echo(...values: unknown[]): unknown {
    return values;
  }
}

const WORDS = [
  ..."message answer error decref decache uncache cachemessage version root echo tuple list dictionary".split(
    " ",
  ),
  ..."unicode reference dereference remote local lcache cached set frozenset datetime date time decimal"
    .split(" "),
  ..."timedelta None boolean unpersistable login cancel release ropewalk result didNotUnderstand".split(" "),
];
const messages = Number(Deno.args[0] ?? 1_000_000);
const random = new SeededRandom(Number(Deno.args[1] ?? 1));
const encoder = new BananaEncoder("pb");
const factory = new PBServerFactory(new Echo());
const hello = Uint8Array.from([0x02, 0x82, 0x70, 0x62, 0x02, 0x80, 0x13, 0x87, 0x06, 0x81]);

setErrorReporter(() => {}); // what such messages provoke is no news

function value(depth: number): BananaValue {
  switch (random.integer(0, depth > 4 ? 3 : 6)) {
    case 0:
      return random.integer(0, 6);
    case 1:
      return WORDS[random.integer(0, WORDS.length - 1)]!;
    case 2:
      return new Uint8Array(random.integer(0, 12)).fill(random.integer(0, 255));
    case 3:
      return random.integer(0, 1000) / 7;
    case 4:
      return [WORDS[random.integer(0, WORDS.length - 1)]!, value(depth + 1)];
    default:
      return Array.from({ length: random.integer(0, 4) }, () => value(depth + 1));
  }
}

function message(): Uint8Array {
  const said: BananaValue = random.integer(0, 3) === 0
    ? value(0)
    : ["message", random.integer(1, 9), "root", "echo", random.integer(0, 2), ["tuple", value(1)], [
      "dictionary",
    ]];
  const bytes = encoder.encode(said);
  if (random.integer(0, 2) === 0) bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
  return bytes;
}

function connect(): StringTransportWithDisconnection {
  const transport = new StringTransportWithDisconnection();
  transport.protocol = factory.buildProtocol(new PipeAddress());
  transport.protocol.makeConnection(transport);
  transport.protocol.dataReceived(hello);
  return transport;
}

let connections = 0;
let transport = connect();
const gc = (globalThis as { gc?: () => void }).gc;
for (let i = 1; i <= messages; i++) {
  if (!transport.connected || random.integer(0, 200) === 0) {
    transport = connect();
    connections++;
  }
  transport.protocol!.dataReceived(message());
  transport.clear();
  if (i % 1000 === 0) flushLoggedErrors(); // the testing module keeps what is reported until then
  if (i % (messages / 100) === 0) {
    // A turn of the loop: until then everything that a WeakRef was made for is kept.
    await new Promise((resolve) => setTimeout(resolve));
    const good = connect();
    good.clear();
    good.protocol!.dataReceived(
      encoder.encode(["message", 1, "root", "echo", 1, ["tuple", 7], ["dictionary"]]),
    );
    if (good.value().length === 0) throw new Error(`Not answered after ${i} messages`);
  }
  if (i % (messages / 10) === 0) {
    gc?.();
    const megabytes = Deno.memoryUsage().heapUsed / 2 ** 20;
    console.log(`${i} messages, ${connections} connections, ${megabytes.toFixed(1)} MiB of heap`);
  }
}
