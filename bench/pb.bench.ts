/**
 * Perspective Broker against Twisted's, capnweb over the same TCP transport, and @grpc/grpc-js.
 *
 *     deno run -A bench/pb.bench.ts [rounds] [seconds]
 *
 * Prints the table that stands in `docs/performance.md`: CPU of the server process per call, the client being another
 * process of the same stack. Needs `/usr/bin/python3` with Twisted.
 * @module
 */
import { ask, describeHost, median, printTable } from "./_harness.ts";

const PYTHON = "/usr/bin/python3";
const here = (name: string) => new URL(name, import.meta.url).pathname;

interface Figures {
  readonly calls: number;
  readonly cpu: number;
  readonly wall: number;
}

const RIVALS = ["twisted", "capnweb", "grpc"] as const;
type Stack = "ropewalk" | typeof RIVALS[number];

interface Row {
  readonly work: string;
  readonly title: string;
  /** Gate and goal for each rival that is measured. */
  readonly gates: Partial<Record<typeof RIVALS[number], string>>;
}

const ROWS: readonly Row[] = [
  {
    work: "sequential",
    title: 'echo("hello"), one after the other',
    gates: { twisted: "1.7 / 2.2", capnweb: "1.2 / 1.6", grpc: "5" },
  },
  {
    work: "pipelined",
    title: 'echo("hello"), 64 in flight',
    gates: { twisted: "10 / 20", capnweb: "8 / 15", grpc: "25" },
  },
  { work: "1KiB", title: "1 KiB structure, 16 in flight", gates: { twisted: "—", capnweb: "—" } },
  { work: "64KiB", title: "64 KiB structure, 4 in flight", gates: { twisted: "— / 8", capnweb: "— / 1" } },
];

function command(stack: Stack, ...args: string[]): [string, string[]] {
  if (stack === "twisted") return [PYTHON, [here("pb_twisted.py"), ...args]];
  return [Deno.execPath(), [
    "run",
    "--lock=peers.lock",
    "-A",
    "--no-check",
    here("pb_work.ts"),
    stack,
    ...args,
  ]];
}

/** Microseconds of the server's CPU per call, and calls per second. */
async function measure(stack: Stack, work: string, seconds: number): Promise<{ cpu: number; rate: number }> {
  const [program, args] = command(stack, "server");
  const server = new Deno.Command(program, { args, stdout: "piped", stderr: "inherit" }).spawn();
  const reader = server.stdout.getReader();
  try {
    const { value } = await reader.read();
    const port = new TextDecoder().decode(value).trim();
    const figures = await ask<Figures>(
      ...command(stack, "client", port, String(server.pid), work, String(seconds)),
    );
    return { cpu: figures.cpu / figures.calls * 1e6, rate: figures.calls / figures.wall };
  } finally {
    server.kill("SIGKILL");
    await reader.cancel();
    await server.status;
  }
}

const rounds = Number(Deno.args[0] ?? 3);
const seconds = Number(Deno.args[1] ?? 2);
const table: string[][] = [];
for (const { work, title, gates } of ROWS) {
  const stacks: Stack[] = ["ropewalk", ...RIVALS.filter((rival) => rival in gates)];
  const figures = new Map<Stack, { cpu: number; rate: number }[]>(stacks.map((stack) => [stack, []]));
  for (let round = 0; round < rounds; round++) {
    for (const stack of stacks) figures.get(stack)!.push(await measure(stack, work, seconds));
  }
  const ours = figures.get("ropewalk")!;
  table.push([title, "ropewalk", ...cells(ours), "", ""]);
  for (const rival of stacks.slice(1)) {
    const theirs = figures.get(rival as Stack)!;
    const ratio = median(theirs.map((one, round) => one.cpu / ours[round]!.cpu));
    table.push([
      title,
      rival,
      ...cells(theirs),
      `${ratio.toFixed(2)}×`,
      gates[rival as typeof RIVALS[number]]!,
    ]);
  }
}
console.log(`${describeHost()}; ${rounds} rounds of ${seconds} s, medians\n`);
printTable(["work", "stack", "server CPU / call", "calls / s", "ratio", "gate / goal"], table);

function cells(figures: readonly { cpu: number; rate: number }[]): [string, string] {
  return [
    `${median(figures.map((one) => one.cpu)).toFixed(2)} µs`,
    Math.round(median(figures.map((one) => one.rate))).toLocaleString("en"),
  ];
}
