/** A writer that outruns a slow reader for 1 GiB adds less than 64 MiB to its process. */
import { assert, assertEquals } from "@std/assert";
import { Running, runToEnd } from "../_process.ts";

const SERVER = new URL("slow_reader_server.ts", import.meta.url).pathname;
const MOST_ADDED_BYTES = 64 * 2 ** 20;

/** Reads all there is, with a rest after each few MiB; returns how much that was. */
async function readSlowly(port: number): Promise<number> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const buffer = new Uint8Array(65_536);
  let total = 0;
  let sinceRest = 0;
  for (let count; (count = await conn.read(buffer)) !== null;) {
    total += count;
    sinceRest += count;
    if (sinceRest < 8 * 2 ** 20) continue;
    sinceRest = 0;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  conn.close();
  return total;
}

for (const kind of ["deno", "node", "plain Node"]) {
  Deno.test(`1 GiB to a slow reader adds less than 64 MiB: the reactor on ${kind}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      let command = [
        "deno",
        "run",
        "-q",
        "--no-prompt",
        "--allow-net=127.0.0.1",
        "--allow-env",
        "--allow-read",
      ];
      command.push("--allow-sys", SERVER, kind);
      if (kind === "plain Node") {
        const bundled = await runToEnd("deno", [
          "bundle",
          "--platform=deno",
          "-o",
          `${folder}/main.mjs`,
          SERVER,
        ]);
        assertEquals(bundled.code, 0, bundled.errors);
        command = ["node", `${folder}/main.mjs`, "node"];
      }
      await using server = new Running(command[0]!, command.slice(1));
      const total = await readSlowly(Number((await server.line(/^port (\d+)/))[1]));
      const added = Number((await server.line(/^added (\d+)/))[1]);
      console.log(`    ${kind}: ${server.lines.find((line) => line.startsWith("held"))}`);
      assertEquals(total, 2 ** 30);
      assert(added < MOST_ADDED_BYTES, `${(added / 2 ** 20).toFixed(1)} MiB`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
