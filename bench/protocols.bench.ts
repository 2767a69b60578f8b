/**
 * Protocols side by side with their rivals: CPU time for each unit of work, the rival's divided by ours; more is better.
 * `deno run -A bench/protocols.bench.ts [amp] [websocket] [memcache] [--rounds=5]`
 *
 * Needs Debian's python3-twisted, node 20, npm and memcached. The rivals' packages are installed in a folder of their
 * own, outside of the project.
 */
import { AMP } from "@ropewalk/protocols/amp";
import { ClientCreator } from "@ropewalk/protocols";
import { reactor } from "@ropewalk/reactor";
import { PYTHON, Running, runToEnd } from "../interop/_process.ts";
import { describeHost, median, printTable } from "./_harness.ts";
import { Sum } from "./protocols/amp_commands.ts";

const here = new URL("protocols/", import.meta.url).pathname;
/** Absolute: the servers start in a folder of their own. */
const LOCK = `--lock=${new URL("../peers.lock", import.meta.url).pathname}`;
const rounds = Number(Deno.args.find((arg) => arg.startsWith("--rounds="))?.slice(9) ?? 5);
const wanted = Deno.args.filter((arg) => !arg.startsWith("--"));
const TICKS = 100; // of the kernel's clock, each second

/** CPU seconds that a process has used. */
async function cpu(pid: number): Promise<number> {
  const { output: stat } = await runToEnd("cat", [`/proc/${pid}/stat`]); // Deno itself reads /proc only under -A
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Microseconds of a server's CPU for each unit of `work`, after a warm-up. */
async function serverCost(
  command: string,
  args: string[],
  work: (port: number, units: number) => Promise<void>,
  units: number,
): Promise<number> {
  await using server = new Running(command, args, { cwd: here, env: { NODE_PATH: nodePath } });
  const port = Number((await server.line(/^port (\d+)/))[1]);
  await work(port, units / 4);
  const before = await cpu(server.pid);
  await work(port, units);
  return (await cpu(server.pid) - before) / units * 1e6;
}

async function compare(
  name: string,
  ours: () => Promise<number>,
  rival: () => Promise<number>,
  rivalName: string,
) {
  const [a, b]: [number[], number[]] = [[], []];
  for (let i = 0; i < rounds; i++) {
    a.push(await ours());
    b.push(await rival());
  }
  const ratios = a.map((cost, i) => b[i]! / cost);
  const spread = `${Math.min(...ratios).toFixed(1)}–${Math.max(...ratios).toFixed(1)}`;
  rows.push([
    name,
    median(a).toFixed(2),
    `${median(b).toFixed(2)} (${rivalName})`,
    median(ratios).toFixed(1),
    spread,
  ]);
}

/** Calls `Sum` by our client, 100 calls in flight on each of four connections. */
async function callSum(port: number, units: number): Promise<void> {
  let left = units;
  await Promise.all(Array.from({ length: 4 }, async () => {
    const amp = await new ClientCreator(reactor, AMP).connectTCP("127.0.0.1", port);
    await new Promise<void>((resolve, reject) => {
      let pending = 0;
      const next = () => {
        while (pending < 100 && left > 0) {
          left--;
          pending++;
          amp.callRemote(Sum, { a: left, b: 7 }).addCallbacks(answered, reject);
        }
        if (pending === 0) resolve();
      };
      let scheduled = false;
      const answered = () => {
        pending--;
        if (scheduled) return;
        scheduled = true; // the answers of one chunk are followed by one batch of questions
        queueMicrotask(() => {
          scheduled = false;
          next();
        });
      };
      next();
    });
    amp.transport.loseConnection();
  }));
}

/** Sends masked text frames of 64 bytes, sixteen at a time on each of 16 connections, and waits for their echo. */
async function echoFrames(port: number, units: number): Promise<void> {
  const BATCH = 16;
  const frame = new Uint8Array(6 + 64);
  frame.set([0x81, 0x80 | 64, 1, 2, 3, 4]);
  for (let i = 0; i < 64; i++) frame[6 + i] = (97 + i % 26) ^ (i % 4 + 1);
  const batch = new Uint8Array(frame.length * BATCH);
  for (let i = 0; i < BATCH; i++) batch.set(frame, i * frame.length);
  const expected = (2 + 64) * BATCH;
  let left = Math.ceil(units / BATCH);
  await Promise.all(Array.from({ length: 16 }, async () => {
    const socket = await Deno.connect({ hostname: "127.0.0.1", port });
    const buffer = new Uint8Array(65536);
    await socket.write(
      new TextEncoder().encode(
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
      ),
    );
    await socket.read(buffer);
    while (left-- > 0) {
      await socket.write(batch);
      for (let got = 0; got < expected;) got += await socket.read(buffer) ?? NaN;
    }
    socket.close();
  }));
}

async function clientCost(command: string, args: string[]): Promise<number> {
  const { output, errors } = await runToEnd(command, args, {
    cwd: here,
    env: { NODE_PATH: nodePath },
    timeoutSeconds: 120,
  });
  const match = /^cpu (\S+)$/m.exec(output);
  if (match === null) throw new Error(errors);
  return Number(match[1]);
}

const folder = `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`}/ropewalk-bench`;
const nodePath = `${folder}/node_modules`;
await runToEnd("mkdir", ["-p", folder]); // `bench:one` may run programs, and write nothing itself
await runToEnd("npm", ["install", "--silent", "--prefix", folder, "ws@8", "memjs@1"], {
  timeoutSeconds: 120,
});

const all = wanted.length === 0;
const rows: string[][] = [];
if (all || wanted.includes("amp")) {
  await compare(
    "AMP call in flight (server)",
    () =>
      serverCost(
        Deno.execPath(),
        ["run", LOCK, "-A", "-q", `${here}amp_server.ts`],
        callSum,
        100_000,
      ),
    () => serverCost(PYTHON, [`${here}amp_twisted.py`], callSum, 20_000),
    "Twisted",
  );
}
if (all || wanted.includes("websocket")) {
  await compare(
    "WebSocket echo of 64 bytes (server)",
    () =>
      serverCost(
        Deno.execPath(),
        ["run", LOCK, "-A", "-q", `${here}ws_server.ts`],
        echoFrames,
        400_000,
      ),
    () => serverCost("node", [`${here}ws_node.cjs`], echoFrames, 400_000),
    "ws, Node 20",
  );
}
if (all || wanted.includes("memcache")) {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  await using _memcached = new Running("memcached", [
    "-u",
    "nobody",
    "-l",
    "127.0.0.1",
    "-p",
    `${port}`,
    "-U",
    "0",
  ]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  await compare(
    "memcache get/set 9:1, 64 in flight (client)",
    () =>
      clientCost(Deno.execPath(), [
        "run",
        LOCK,
        "-A",
        "-q",
        `${here}memcache_ours.ts`,
        `${port}`,
        "200000",
      ]),
    () => clientCost("node", [`${here}memcache_memjs.cjs`, `${port}`, "200000"]),
    "memjs, Node 20",
  );
}
console.log(`${describeHost()}; medians of ${rounds} alternated rounds; microseconds of CPU\n`);
printTable(["", "ours", "rival", "ratio", "spread"], rows);
Deno.exit();
