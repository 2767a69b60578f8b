/**
 * The web server side by side with its rivals: CPU time of the server's process for each request, the rival's divided by
 * ours; more is better. `deno task bench:one bench/web.bench.ts [--rounds=3] [CASE…]`, the cases being
 * hello, vary, body, pipelined, pipelined_body, form, path and file`
 *
 * Needs `wrk` (the load, on a core of its own), `taskset`, node 20 and Debian's python3-twisted and nginx. All servers of a line
 * are running at once, and asked in turn.
 * @module
 */
import { PYTHON, Running, runToEnd } from "../interop/_process.ts";
import { describeHost, median, printTable } from "./_harness.ts";

const here = new URL("web/", import.meta.url).pathname;
const rounds = Number(Deno.args.find((arg) => arg.startsWith("--rounds="))?.slice(9) ?? 3);
const wanted = Deno.args.filter((arg) => !arg.startsWith("--"));
const SECONDS = 2;
const TICKS = 100; // of the kernel's clock, each second

const denoServer = (file: string) => [Deno.execPath(), "run", "-A", "-q", `${here}${file}`];
const OURS = denoServer("ours.ts");
const SERVE: Rival = ["Deno.serve", denoServer("deno_serve.ts")];
const NODE: Rival = ["node:http, Node 20", ["node", `${here}node_http.mjs`]];
const TWISTED: Rival = ["Twisted web", [PYTHON, `${here}twisted_web.py`]];
const HONO: Rival = ["Hono on Deno.serve", denoServer("hono.ts")];

type Rival = readonly [name: string, command: readonly string[]];

/** CPU seconds that a process has used. By `cat`, as measurements may run programs but not read all files. */
async function cpu(pid: number): Promise<number> {
  const { output: stat } = await runToEnd("cat", [`/proc/${pid}/stat`]);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Asks for some seconds; returns how many requests were answered. */
async function load(port: number, path: string, script: string | null): Promise<number> {
  const { output, errors } = await runToEnd("taskset", [
    ...["-c", "1", "wrk", "-t1", "-c64", `-d${SECONDS}s`],
    ...(script === null ? [] : ["-s", `${here}${script}`]),
    `http://127.0.0.1:${port}${path}`,
  ]);
  const answered = /(\d+) requests in/.exec(output);
  if (answered === null || /Non-2xx|Socket errors/.test(output)) {
    throw new Error(`The load failed:\n${output}${errors}`);
  }
  return Number(answered[1]);
}

/** A server that is running, pinned to the other core. */
class Server implements AsyncDisposable {
  readonly costs: number[] = []; // microseconds of each round
  constructor(readonly process: Running, readonly port: number) {}

  static async start(command: readonly string[]): Promise<Server> {
    const process = new Running("taskset", ["-c", "0", ...command]);
    return new Server(process, Number((await process.line(/^port (\d+)/))[1]));
  }

  async measure(path: string, script: string | null): Promise<void> {
    const before = await cpu(this.process.pid);
    const answered = await load(this.port, path, script);
    this.costs.push((await cpu(this.process.pid) - before) / answered * 1e6);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}

async function compare(
  name: string,
  path: string,
  script: string | null,
  rivals: readonly Rival[],
  own: readonly string[] = OURS,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const ours = stack.use(await Server.start(own));
  const others: Server[] = [];
  for (const [, command] of rivals) others.push(stack.use(await Server.start(command)));
  for (const server of [ours, ...others]) { // until they are compiled
    await load(server.port, path, script);
    await load(server.port, path, script);
  }
  for (let round = 0; round < rounds; round++) {
    for (const server of [ours, ...others]) await server.measure(path, script);
  }
  rivals.forEach(([rival], index) => {
    const { costs } = others[index]!;
    const ratios = ours.costs.map((cost, round) => costs[round]! / cost);
    rows.push([
      name,
      median(ours.costs).toFixed(2),
      rival,
      median(costs).toFixed(2),
      `${median(ratios).toFixed(2)}×`,
      `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`,
    ]);
  });
}

/** A file of 1 MiB, from a directory of its own. */
async function compareFile(): Promise<void> {
  const directory = (await runToEnd("mktemp", ["-d"])).output.trim();
  try {
    await runToEnd("chmod", ["755", directory]);
    await runToEnd("dd", ["if=/dev/urandom", `of=${directory}/1m.bin`, "bs=1M", "count=1"]);
    const nginx: Rival = ["nginx", [PYTHON, `${here}nginx.py`, directory]];
    const serve: Rival = ["Deno.serve", [...SERVE[1], directory]];
    await compare("file of 1 MiB", "/files/1m.bin", null, [nginx, serve], [...OURS, directory]);
  } finally {
    await runToEnd("rm", ["-r", directory]);
  }
}

const cases: Record<string, () => Promise<void>> = {
  hello: () => compare("hello", "/", null, [SERVE, NODE, TWISTED]),
  vary: () => compare("hello, another query each time", "/", "vary.lua", [SERVE]),
  body: () => compare("hello, another body each time", "/", "vary_body.lua", [SERVE]),
  pipelined_body: () => compare("16 pipelined, another body each", "/", "pipeline_vary.lua", [SERVE]),
  file: compareFile,
  pipelined: () => compare("hello, 16 pipelined", "/", "pipeline.lua", [SERVE, TWISTED]),
  form: () => compare("form of 1 KiB", "/", "post.lua", [SERVE, NODE]),
  path: () =>
    compare("5 segments, the last dynamic; 10 headers", "/api/v1/teams/users/42", "headers.lua", [HONO]),
};
const rows: string[][] = [];
for (const [name, run] of Object.entries(cases)) {
  if (wanted.length === 0 || wanted.includes(name)) await run();
}
console.log(
  `${describeHost()}; medians of ${rounds} alternated rounds of ${SECONDS} s; microseconds of CPU\n`,
);
printTable(["64 connections", "ours", "rival", "its", "ratio", "spread"], rows);
Deno.exit();
