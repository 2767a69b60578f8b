/**
 * Many requests by many clients of mixed good and hostile kinds against one server: nothing is lost, nothing is mixed
 * between clients, nothing is smuggled, and the server's memory stays flat.
 *
 *     deno run -A --lock=peers.lock interop/web/mixed_load.ts [requests] [clients] [seed]
 *
 * Prints a table; ends with an error if something is wrong. By default 100,000 requests by 200 clients.
 * @module
 */
import { crc32 } from "node:zlib";
import { Running } from "../_process.ts";
import { type RawAnswer, RawClient } from "./_raw_client.ts";

/** What came of a load. */
export interface LoadReport {
  /** How many requests of each kind there were. */
  readonly kinds: Record<string, number>;
  /** All of them together. */
  readonly requests: number;
  /**
   * Answers to requests with rubbish behind them that the client did not get to see, as its system drops what it has
   * not read when a reset comes (RFC 9112 §9.6). The server has answered them: they are counted there.
   */
  readonly cutOff: number;
  /** The server's process after each part, in bytes, collected. */
  readonly rss: number[];
  /** Its heap, in the same way. */
  readonly heap: number[];
  readonly seconds: number;
}

interface ServerReport {
  count: number;
  sum: number;
  smuggled: number;
  rss: number;
  heapUsed: number;
  connections: number;
}

const HOST = "Host: a.example\r\n";
const SMUGGLED = `GET /smuggled HTTP/1.1\r\n${HOST}\r\n`;
const encoder = new TextEncoder();

/** What a server must refuse, with what it must say to it. A request that is smuggled would be answered behind it. */
const MALFORMED: readonly [status: number, wire: string][] = [
  [400, `GET / HTTP/1.1\r\n\r\n`],
  [400, `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`],
  [400, `GET  / HTTP/1.1\r\n${HOST}\r\n`],
  [400, `GET / HTTP/1.1\r\n${HOST}X : 1\r\n\r\n`],
  [400, `GET / HTTP/1.1\r\n${HOST}X: 1\r\n folded\r\n\r\n`],
  [400, `GET / HTTP/1.1\n${HOST}\n`],
  [400, `GET / HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n`],
  [400, `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n`],
  [400, `G(T / HTTP/1.1\r\n${HOST}\r\n`],
  [505, `GET / HTTP/3.0\r\n${HOST}\r\n`],
  [414, `GET /${"a".repeat(9000)} HTTP/1.1\r\n${HOST}\r\n`],
  [431, `GET / HTTP/1.1\r\n${HOST}X: ${"a".repeat(9000)}\r\n\r\n`],
  [431, `GET / HTTP/1.1\r\n${HOST}${"X: 1\r\n".repeat(101)}\r\n`],
];

/** Two readings of where a request ends: RFC 9112 §6.3 and §11.2. */
const SMUGGLING: readonly [status: number, wire: string][] = [
  [400, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  [400, "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"],
  [400, "Content-Length: 0\r\nContent-Length: 44\r\n\r\n"],
  [400, "Content-Length: +0\r\n\r\n"],
  [400, "Content-Length: 0, 44\r\n\r\n"],
  [400, "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"],
  [400, "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"],
  [400, "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"],
  [400, "Transfer-Encoding: chunked\r\n\r\n0\n\n"],
  [400, "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n"],
  [400, "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n"],
];

/** Numbers that look random and are the same in each run. */
class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed * 0x9e3779b1 >>> 0;
  }
  below(end: number): number {
    let x = this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) % end;
  }
  of<T>(all: readonly T[]): T {
    return all[this.below(all.length)]!;
  }
}

class Load {
  readonly kinds: Record<string, number> = {};
  requests = 0;
  cutOff = 0;
  /** What the server has to have answered: requests that were complete, with their numbers. */
  expected = { count: 0, sum: 0 };

  constructor(readonly port: number) {}

  id(): number {
    return ++this.requests;
  }

  count(kind: string, requests = 1): void {
    this.kinds[kind] = (this.kinds[kind] ?? 0) + requests;
  }

  /** A request that has to be answered, once and rightly. */
  good(dice: Dice): { wire: string; check: (answer: RawAnswer | null) => void; head: boolean } {
    const id = this.id();
    this.expected.count++;
    this.expected.sum += id;
    const method = dice.of(["GET", "GET", "POST", "POST", "PUT", "HEAD"]);
    let framed = "";
    let body = "";
    if (method === "POST" || method === "PUT") {
      body = `<${id}>`.repeat(dice.below(dice.of([2, 20, 2000])));
      if (dice.below(2) === 0) framed = `Content-Length: ${body.length}\r\n\r\n${body}`;
      else {
        framed = "Transfer-Encoding: chunked\r\n\r\n";
        for (let at = 0; at < body.length;) {
          const piece = body.slice(at, at += 1 + dice.below(500));
          framed += `${piece.length.toString(16)}\r\n${piece}\r\n`;
        }
        framed += "0\r\n\r\n";
      }
    } else framed = "\r\n";
    const expected = `${method} ${id} ${body.length} ${crc32(encoder.encode(body))}`;
    return {
      wire: `${method} /echo?id=${id} HTTP/1.1\r\n${HOST}${framed}`,
      head: method === "HEAD",
      check(answer) {
        if (answer === null) throw new Error(`lost: ${expected}`);
        const { status, headers, body } = answer;
        const right = status === 200 && headers.get("x-id") === String(id) &&
          (method === "HEAD" ? headers.get("content-length") === String(expected.length) : body === expected);
        if (!right) throw new Error(`mixed: ${status} ${JSON.stringify(body)} in place of ${expected}`);
      },
    };
  }
}

/** What a client may do with a connection; false if it is of no more use. */
type Kind = (load: Load, client: RawClient, dice: Dice) => Promise<boolean>;

/** Expects a refusal and the end, and nothing behind it. */
async function refused(client: RawClient, status: number, wire: string): Promise<false> {
  await client.send(wire);
  const answer = await client.answer();
  const rest = answer === null ? "" : await client.rest();
  // A server that closes while more is on its way may reset: then nothing arrives, and that is a refusal too.
  if (answer !== null && (answer.status !== status || rest !== "")) {
    throw new Error(`${JSON.stringify(wire.slice(0, 90))}: ${answer.status} and ${JSON.stringify(rest)}`);
  }
  return false;
}

/** Expects an answer, then a 400 and the end; both may be cut off, as {@linkcode LoadReport.cutOff} has it. */
async function answeredThenRefused(
  load: Load,
  client: RawClient,
  check: (answer: RawAnswer) => void,
  head: boolean,
): Promise<false> {
  const first = await client.answer(head);
  if (first === null) {
    load.cutOff++;
    return false;
  }
  check(first);
  const second = await client.answer();
  if (second !== null && second.status !== 400) throw new Error(`${second.status} is not 400`);
  if (await client.rest() !== "") throw new Error("There is something behind a refusal");
  return false;
}

const KINDS: readonly [name: string, weight: number, kind: Kind][] = [
  ["good, one by one", 30, async (load, client, dice) => {
    const { wire, check, head } = load.good(dice);
    await client.send(wire);
    check(await client.answer(head));
    return true;
  }],
  ["good, byte by byte", 3, async (load, client, dice) => {
    const { wire, check, head } = load.good(dice);
    const slow = Math.min(wire.length, 30);
    for (let i = 0; i < slow; i++) await client.send(wire[i]!);
    await client.send(wire.slice(slow));
    check(await client.answer(head));
    return true;
  }],
  ["good, pipelined", 12, async (load, client, dice) => {
    const all = Array.from({ length: 2 + dice.below(9) }, () => load.good(dice));
    load.count("good, pipelined", all.length - 1);
    await Promise.all([
      client.send(all.map(({ wire }) => wire).join("")),
      (async () => {
        for (const { check, head } of all) check(await client.answer(head));
      })(),
    ]);
    return true;
  }],
  ["good, a stream", 2, async (load, client) => {
    const id = load.id();
    load.expected.count++;
    load.expected.sum += id;
    await client.send(`GET /stream?id=${id} HTTP/1.1\r\n${HOST}\r\n`);
    const expected = Array.from({ length: 50 }, (_, i) => `${id}.${i} `).join("");
    const body = (await client.answer())?.body;
    if (body !== expected) throw new Error(`lost or mixed: the stream ${id} is ${JSON.stringify(body)}`);
    return true;
  }],
  ["good, half-closed", 3, async (load, client, dice) => {
    const { wire, check, head } = load.good(dice);
    await client.send(wire);
    await client.half();
    check(await client.answer(head));
    return false;
  }],
  ["malformed", 12, (load, client, dice) => {
    load.id();
    const [status, wire] = dice.of(MALFORMED);
    return refused(client, status, wire + SMUGGLED);
  }],
  ["smuggling", 12, (load, client, dice) => {
    load.id();
    const [status, wire] = dice.of(SMUGGLING);
    return refused(client, status, `POST /echo?id=0 HTTP/1.1\r\n${HOST}${wire}${SMUGGLED}`);
  }],
  ["a good one, then a bad one", 4, async (load, client, dice) => {
    const { wire, check, head } = load.good(dice);
    load.id();
    await client.send(`${wire}GET / HTTP/1.1\r\n\r\n${SMUGGLED}`);
    return await answeredThenRefused(load, client, check, head);
  }],
  ["too large by its length", 4, (load, client) => {
    load.id();
    return refused(client, 413, `POST /echo?id=0 HTTP/1.1\r\n${HOST}Content-Length: 65537\r\n\r\n`);
  }],
  ["too large in chunks", 4, (load, client) => {
    load.id();
    const chunks = `8000\r\n${"a".repeat(0x8000)}\r\n`.repeat(3);
    return refused(
      client,
      413,
      `POST /echo?id=0 HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${chunks}`,
    );
  }],
  ["shorter than it says", 4, async (load, client) => {
    load.id();
    await client.send(`POST /echo?id=0 HTTP/1.1\r\n${HOST}Content-Length: 100\r\n\r\n${"a".repeat(99)}`);
    await client.half();
    const rest = await client.rest();
    if (rest.includes(" 200 ")) throw new Error("half a body was answered");
    return false;
  }],
  ["longer than it says", 4, async (load, client, dice) => {
    const { wire, check, head } = load.good(dice);
    load.id();
    await client.send(`${wire}surplus\r\n\r\n`);
    return await answeredThenRefused(load, client, check, head);
  }],
  ["gone in mid-body", 5, async (load, client) => {
    load.id();
    await client.send(
      `POST /echo?id=0 HTTP/1.1\r\n${HOST}Content-Length: 60000\r\n\r\n${"a".repeat(20_000)}`,
    );
    return false;
  }],
  ["gone in mid-answer", 4, async (load, client, dice) => {
    load.id();
    await client.send(`GET ${dice.of(["/large", "/stream?id=0"])} HTTP/1.1\r\n${HOST}\r\n`);
    await client.more();
    return false;
  }],
  ["gone at once", 3, async (load, client) => {
    load.id();
    await client.send("GE");
    return false;
  }],
  ["slow-loris", 1, async (load, client) => {
    load.id();
    let sending = true;
    const drip = (async () => {
      await client.send(`GET / HTTP/1.1\r\n${HOST}`);
      while (sending && await client.send("X: 1\r\n")) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    const started = performance.now();
    const answer = await client.answer();
    sending = false;
    await drip;
    const seconds = (performance.now() - started) / 1000;
    if (answer !== null && answer.status !== 408) throw new Error(`slow-loris was answered ${answer.status}`);
    if (seconds > 15) throw new Error(`slow-loris held its connection for ${seconds} s`);
    return false;
  }],
];
const TOTAL_WEIGHT = KINDS.reduce((sum, [, weight]) => sum + weight, 0);

function draw(dice: Dice): [string, Kind] {
  let at = dice.below(TOTAL_WEIGHT);
  for (const [name, weight, kind] of KINDS) if ((at -= weight) < 0) return [name, kind];
  throw new Error("unreachable");
}

async function client(load: Load, dice: Dice, until: number): Promise<void> {
  let connection: RawClient | null = null;
  try {
    while (load.requests < until) {
      connection ??= await RawClient.connect(load.port);
      const [name, kind] = draw(dice);
      load.count(name);
      if (await kind(load, connection, dice)) continue;
      connection.close();
      connection = null;
    }
  } finally {
    connection?.close();
  }
}

async function report(port: number): Promise<ServerReport> {
  const client = await RawClient.connect(port);
  await client.send(`GET /report HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
  const answer = await client.answer();
  client.close();
  return JSON.parse(answer!.body) as ServerReport;
}

/** Runs the load against a server of its own; between the parts everything comes to rest and is counted. */
export async function mixedLoad(
  requests: number,
  clients: number,
  { seed = 1, parts = 10 } = {},
): Promise<LoadReport> {
  const program = new URL("./load_server.ts", import.meta.url).pathname;
  const flags = ["run", "-A", "--lock=peers.lock", "--v8-flags=--expose-gc", "--no-check", program];
  await using server = new Running(Deno.execPath(), flags);
  const port = Number((await server.line(/^port (\d+)/))[1]);
  const load = new Load(port);
  const started = performance.now();
  const [rss, heap]: [number[], number[]] = [[], []];
  const dice = Array.from({ length: clients }, (_, i) => new Dice(seed * 1000 + i));
  for (let part = 1; part <= parts; part++) {
    await Promise.all(dice.map((each) => client(load, each, requests * part / parts)));
    // Of connections that were cut the server hears a moment later.
    let state = await report(port);
    for (let i = 0; i < 200 && state.connections > 1; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      state = await report(port);
    }
    if (state.connections > 1) throw new Error(`${state.connections - 1} connections are left`);
    if (state.count !== load.expected.count || state.sum !== load.expected.sum) {
      throw new Error(`answered ${state.count} (${state.sum}), not ${JSON.stringify(load.expected)}`);
    }
    if (state.smuggled > 0) throw new Error(`${state.smuggled} requests were smuggled`);
    rss.push(state.rss);
    heap.push(state.heapUsed);
  }
  const said = server.lines.filter((line) => !line.startsWith("port "));
  if (said.length > 0) throw new Error(`The server said:\n${said.slice(0, 20).join("\n")}`);
  return {
    kinds: load.kinds,
    requests: load.requests,
    cutOff: load.cutOff,
    rss,
    heap,
    seconds: (performance.now() - started) / 1000,
  };
}

if (import.meta.main) {
  const [requests = "100000", clients = "200", seed = "1"] = Deno.args;
  const result = await mixedLoad(Number(requests), Number(clients), { seed: Number(seed) });
  const mebibytes = (all: number[]) => all.map((bytes) => (bytes / 2 ** 20).toFixed(1)).join(" ");
  for (const [name, count] of Object.entries(result.kinds).sort()) {
    console.log(`${String(count).padStart(8)}  ${name}`);
  }
  console.log(
    `${String(result.requests).padStart(8)}  in all, by ${clients} clients, in ${
      result.seconds.toFixed(0)
    } s`,
  );
  console.log(
    `${String(result.cutOff).padStart(8)}  answers before a refusal that a reset took from the client`,
  );
  console.log(`process of the server after each tenth, MiB: ${mebibytes(result.rss)}`);
  console.log(`its heap, MiB: ${mebibytes(result.heap)}`);
}
