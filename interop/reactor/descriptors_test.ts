/** A server that has no file descriptor left serves those it has, and goes on when some are free again. */
import { assert, assertEquals } from "@std/assert";
import { Running, runToEnd } from "../_process.ts";

const MAIN = new URL("_echo_main.ts", import.meta.url).pathname;
const MOST = 60;

/** Whether an echo comes back within a while. */
async function answers(conn: Deno.Conn): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => timer = setTimeout(() => resolve(null), 1000));
  try {
    await conn.write(new Uint8Array([65]));
    const reading = conn.read(new Uint8Array(1));
    reading.catch(() => {}); // it may end later, when the connection is closed
    return await Promise.race([reading, late]) === 1;
  } catch {
    return false; // closed by a server that cannot keep it
  } finally {
    clearTimeout(timer);
  }
}

for (const kind of ["deno", "node"]) {
  Deno.test(`without a file descriptor left a server lives on: ${kind}`, async () => {
    const folder = await Deno.makeTempDir();
    const open: Deno.Conn[] = [];
    try {
      let command = `deno run -q --no-prompt -A ${MAIN} deno`;
      if (kind === "node") {
        const bundled = await runToEnd("deno", [
          "bundle",
          "--platform=deno",
          "-o",
          `${folder}/main.mjs`,
          MAIN,
        ]);
        assertEquals(bundled.code, 0, bundled.errors);
        command = `node ${folder}/main.mjs node`;
      }
      await using server = new Running("sh", ["-c", `ulimit -n ${MOST}; exec ${command}`]);
      const port = Number((await server.line(/^port (\d+)/))[1]);
      const connect = async (): Promise<Deno.Conn> => {
        const conn = await Deno.connect({ hostname: "127.0.0.1", port });
        open.push(conn);
        return conn;
      };
      for (let i = 0; i < MOST + 20; i++) await connect();
      const served = (await Promise.all(open.map(answers))).filter((yes) => yes).length;
      assert(served > 10 && served < MOST, `${served} were served`);
      for (const conn of open.splice(0)) conn.close();
      let back = false;
      for (let tries = 0; tries < 5 && !back; tries++) back = await answers(await connect());
      assert(back, "nobody is served any more");
    } finally {
      for (const conn of open) conn.close();
      await Deno.remove(folder, { recursive: true });
    }
  });
}
