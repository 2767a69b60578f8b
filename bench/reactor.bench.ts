/**
 * The reactor against bare sockets, Node and Twisted: CPU time of the server for each message, the rival's divided by
 * ours; more is better. `deno task bench:one bench/reactor.bench.ts [echo] [lines] [connects] [tls] [idle] [timers] [--rounds=3] [--seconds=2]`
 *
 * The server runs on core 0, its load on core 1. Needs Linux, `taskset`, node 20, npm, and Debian's python3-twisted and
 * python3-uvloop.
 * @module
 */
import { PYTHON, Running, runToEnd } from "../interop/_process.ts";
import { ask, describeHost, median, printTable } from "./_harness.ts";

const here = new URL("reactor/", import.meta.url).pathname;
const option = (name: string, otherwise: number) =>
  Number(Deno.args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise);
const rounds = option("rounds", 3);
const seconds = option("seconds", 2);
const wanted = Deno.args.filter((arg) => !arg.startsWith("--"));
const wants = (name: string) => wanted.length === 0 || wanted.includes(name);
const TICKS = 100; // of the kernel's clock, each second
const IDLE = 10_000;

type Command = readonly [command: string, ...args: string[]];
const onDeno = (file: string): Command => [Deno.execPath(), "run", "-A", "-q", `${here}${file}`];
const OURS = onDeno("echo_ours.ts");
const BARE: Rival = { name: "bare Deno loop", command: onDeno("echo_bare.ts") };
const NODE: Rival = { name: "net, Node 20", command: ["node", `${here}echo_node.mjs`] };
const TWISTED: Rival = { name: "Twisted", command: [PYTHON, `${here}echo_twisted.py`] };
const UVLOOP: Rival = { name: "uvloop", command: [PYTHON, `${here}echo_uvloop.py`] };

interface Rival {
  readonly name: string;
  readonly command: Command;
}

interface Work {
  readonly name: string;
  readonly ours: Command;
  readonly mode: readonly string[];
  readonly rivals: readonly (Rival & { readonly gate: number })[];
  readonly connections: number;
  readonly bytes: number;
  readonly line: number;
  readonly load?: string;
}

/** CPU seconds that a process has used. */
async function cpu(pid: number): Promise<number> {
  const { output: stat } = await runToEnd("cat", [`/proc/${pid}/stat`]); // Deno itself reads /proc only under -A
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** KiB that a process holds in memory. */
async function residentKiB(pid: number): Promise<number> {
  const { output: status } = await runToEnd("cat", [`/proc/${pid}/status`]);
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]);
}

function freePort(): number {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

/** Starts a server on the first core, and waits until it can be connected to. */
async function serve([command, ...args]: Command, mode: readonly string[], port: number): Promise<Running> {
  const env = { NODE_PATH: nodePath };
  const server = new Running("taskset", ["-c", "0", command, ...args, `${port}`, ...mode], { env });
  for (let attempt = 0; attempt < 150; attempt++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return server;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  await server.stop("SIGKILL");
  throw new Error(`${command} ${args.join(" ")} does not listen:\n${server.lines.join("\n")}`);
}

/** Microseconds of a server's CPU for each message, after a warm-up of a second. */
async function serverCost(command: Command, mode: readonly string[], work: Work): Promise<number> {
  const port = freePort();
  await using server = await serve(command, mode, port);
  const load = (time: number) =>
    ask<number>("taskset", [
      ...["-c", "1", ...onDeno(work.load ?? "load.ts")],
      ...[port, work.connections, time, work.bytes, work.line].map(String),
    ]);
  await load(1);
  const before = await cpu(server.pid);
  const answered = await load(seconds);
  return (await cpu(server.pid) - before) / answered * 1e6;
}

async function measure(work: Work): Promise<string[][]> {
  const ours: number[] = [];
  const theirs = work.rivals.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    ours.push(await serverCost(work.ours, work.mode, work));
    for (const [i, rival] of work.rivals.entries()) {
      theirs[i]!.push(await serverCost(rival.command, [], work));
    }
  }
  return work.rivals.map((rival, i) => {
    const ratios = theirs[i]!.map((cost, round) => cost / ours[round]!);
    return [
      work.name,
      median(ours).toFixed(1),
      `${median(theirs[i]!).toFixed(1)} (${rival.name})`,
      `${median(ratios).toFixed(2)}×`,
      `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`,
      `${rival.gate}×`,
    ];
  });
}

const folder = `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`}/ropewalk-bench`;
const nodePath = `${folder}/node_modules`;

const WORKS: readonly (Work & { readonly group: string })[] = [
  {
    group: "echo",
    name: "64 bytes, borrowed reads",
    ours: OURS,
    mode: ["borrowed"],
    rivals: [{ ...BARE, gate: 0.85 }, { ...NODE, gate: 1 }, { ...TWISTED, gate: 1.6 }, {
      ...UVLOOP,
      gate: 0.75,
    }],
    connections: 64,
    bytes: 64,
    line: 0,
  },
  {
    group: "echo",
    name: "64 bytes, reads that are kept",
    ours: OURS,
    mode: ["kept"],
    rivals: [{ ...BARE, gate: 0.8 }],
    connections: 64,
    bytes: 64,
    line: 0,
  },
  {
    group: "echo",
    name: "64 KiB, borrowed reads",
    ours: OURS,
    mode: ["borrowed"],
    rivals: [{ ...BARE, gate: 0.8 }, { ...NODE, gate: 1.1 }, { ...TWISTED, gate: 1.1 }, {
      ...UVLOOP,
      gate: 1.1,
    }],
    connections: 16,
    bytes: 65_536,
    line: 0,
  },
  {
    group: "lines",
    name: "100 lines of 40 bytes",
    ours: onDeno("lines_ours.ts"),
    mode: [],
    rivals: [
      { name: "Twisted", command: [PYTHON, `${here}lines_twisted.py`], gate: 3 },
      { name: "split2, Node 20", command: ["node", `${here}lines_split2.cjs`], gate: 20 },
    ],
    connections: 16,
    bytes: 4000,
    line: 40,
  },
  {
    group: "connects",
    name: "5,000 connects at once, one echo each",
    ours: OURS,
    mode: ["borrowed"],
    rivals: [{ ...BARE, gate: 0.85 }],
    connections: 5000,
    bytes: 64,
    line: 0,
    load: "load_connects.ts",
  },
  {
    group: "tls",
    name: "1 KiB under TLS, 32 connections",
    ours: onDeno("tls_ours.ts"),
    mode: [],
    rivals: [{ name: "node:tls on Deno", command: onDeno("tls_node.ts"), gate: 1 }],
    connections: 32,
    bytes: 1024,
    line: 0,
    load: "load_tls.ts",
  },
];

console.log(`Deno ${describeHost()}; medians of ${rounds} alternated rounds of ${seconds} s; µs of CPU\n`);
if (wants("lines")) {
  await runToEnd("npm", ["install", "--silent", "--prefix", folder, "split2@4"], { timeoutSeconds: 120 });
}
const rows: string[][] = [];
for (const work of WORKS) if (wants(work.group)) rows.push(...await measure(work));
if (rows.length > 0) printTable(["work", "ours", "rival", "ratio", "spread", "gate"], rows);

if (wants("timers")) {
  const table: string[][] = [];
  for (const [what, gate] of [["cancel", 10], ["fire", 4]] as const) {
    const ask1 = (side: string) =>
      ask<number>(Deno.execPath(), [...onDeno("timers.ts").slice(1), side, what]);
    const ours: number[] = [];
    const host: number[] = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(await ask1("ours"));
      host.push(await ask1("host"));
    }
    const ratio = median(host.map((cost, i) => cost / ours[i]!));
    table.push([
      what === "cancel" ? "insert and cancel" : "insert and fire",
      median(ours).toFixed(0),
      median(host).toFixed(0),
      `${ratio.toFixed(1)}×`,
      `${gate}×`,
    ]);
  }
  console.log();
  printTable(["1,000,000 timers, ns of wall time each", "callLater", "setTimeout", "ratio", "gate"], table);
}

if (wants("idle")) {
  const port = freePort();
  const many = (file: string, args: string[]): Command => [
    "sh",
    "-c",
    `ulimit -n 16384 && exec "$0" "$@"`,
    ...onDeno(file),
    ...args,
  ];
  await using server = await serve(many("echo_ours.ts", []), ["borrowed"], port);
  const before = await residentKiB(server.pid);
  const [command, ...args] = many("idle.ts", [`${port}`, `${IDLE}`]);
  await using load = new Running(command, args);
  await load.line(/^all /, 120);
  const each = (await residentKiB(server.pid) - before) / IDLE;
  console.log(`\n${IDLE} idle connections: ${each.toFixed(1)} KiB of memory each (gate 10)`);
}
Deno.exit();
