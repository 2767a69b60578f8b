/**
 * The client's keep-alive GETs, 64 in flight over 64 connections to nginx, against the platform's `fetch` and against
 * undici under Node.
 *
 *     deno task bench:one bench/web_client.bench.ts [rounds]
 *
 * Prints the table that stands in `docs/performance.md`. Needs `nginx`, `node` and `npm` (which fetches undici 7 into a
 * temporary folder).
 * @module
 */
import { ask, describeHost, median, printTable } from "./_harness.ts";

const WORK = new URL("web_client_work.ts", import.meta.url).pathname;
const UNDICI = new URL("web_client_undici.mjs", import.meta.url).pathname;
const COUNT = 60_000;
const SIDES = ["callbacks", "await", "fetch", "undici"] as const;
type Side = typeof SIDES[number];

interface Figures {
  readonly cpu: number;
  readonly perSecond: number;
}

async function output(name: string, args: string[], cwd?: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(name, { args, ...(cwd && { cwd }) }).output();
  if (code !== 0) throw new Error(`${name} failed:\n${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

const rounds = Number(Deno.args[0] ?? 5);
const folder = (await output("mktemp", ["-d"])).trim();
const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
const { port } = listener.addr as Deno.NetAddr;
listener.close();
const config = `daemon off; master_process off; pid ${folder}/pid; error_log stderr crit;
  events { worker_connections 256; }
  http { access_log off; keepalive_requests 100000000;
    client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f;
    uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
    server { listen 127.0.0.1:${port}; location / { default_type text/plain; return 200 "hello, world\\n"; } } }`;
await output("npm", ["install", "--silent", "--no-audit", "--no-fund", "undici@7"], folder);
// By `tee`, as measurements have no permission to write.
const tee = new Deno.Command("tee", { args: [`${folder}/nginx.conf`], stdin: "piped", stdout: "null" })
  .spawn();
const stdin = tee.stdin.getWriter();
await stdin.write(new TextEncoder().encode(config));
await stdin.close();
await tee.status;
const nginx = new Deno.Command("nginx", { args: ["-c", `${folder}/nginx.conf`] }).spawn();

const figures = new Map<Side, Figures[]>(SIDES.map((side) => [side, []]));
const url = `http://127.0.0.1:${port}/`;
try {
  for (let tries = 0;; tries++) {
    try {
      (await Deno.connect({ port, hostname: "127.0.0.1" })).close();
      break;
    } catch (error) {
      if (tries > 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const side of SIDES) {
      figures.get(side)!.push(
        side === "undici"
          ? await ask<Figures>("node", [UNDICI, url, `${COUNT}`, `${folder}/node_modules/undici/index.js`])
          : await ask<Figures>(Deno.execPath(), [
            "run",
            "--lock=peers.lock",
            "-A",
            "--no-check",
            WORK,
            side,
            url,
            `${COUNT}`,
          ]),
      );
    }
  }
} finally {
  nginx.kill("SIGTERM");
  await nginx.status;
  await output("rm", ["-r", folder]);
}

const ratio = (rival: Side, ours: Side): string => {
  const theirs = figures.get(rival)!;
  return `${median(figures.get(ours)!.map(({ cpu }, round) => theirs[round]!.cpu / cpu)).toFixed(2)}×`;
};
const cpu = (side: Side): string => median(figures.get(side)!.map((each) => each.cpu)).toFixed(1);
console.log(`Deno ${describeHost()}; medians of ${rounds} alternated rounds of ${COUNT} requests`);
printTable(
  ["client", "CPU µs a request", "fetch / ours", "goal", "undici 7, Node / ours", "goal"],
  [
    [
      "Agent, callbacks",
      cpu("callbacks"),
      ratio("fetch", "callbacks"),
      "1.5×",
      ratio("undici", "callbacks"),
      "1×",
    ],
    ["Agent, await", cpu("await"), ratio("fetch", "await"), "1.5×", ratio("undici", "await"), "1×"],
    ["fetch of Deno", cpu("fetch"), "", "", "", ""],
    ["undici 7, Node", cpu("undici"), "", "", "", ""],
  ],
);
