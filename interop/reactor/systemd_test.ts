/** Sockets that were opened by the parent, as systemd does it, on plain Node. */
import { assertEquals } from "@std/assert";
import { PYTHON, Running, runToEnd } from "../_process.ts";

// Opens two sockets as 3 and 4, says where they are, and becomes Node.
const PARENT = `
import os, socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
numbers = [os.dup2(os.dup(s.fileno()), 20 + i, True) for i, s in enumerate(sockets)]
print("ports", *(s.getsockname()[1] for s in sockets), flush=True)
for i, number in enumerate(numbers): os.dup2(number, 3 + i, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="web:other")
os.execvp("node", ["node", sys.argv[1]])
`;

Deno.test("systemd: and fd: listen on the sockets that plain Node was handed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const main = new URL("_adopting_main.ts", import.meta.url).pathname;
    const bundled = await runToEnd("deno", ["bundle", "--platform=deno", "-o", `${folder}/main.mjs`, main]);
    assertEquals(bundled.code, 0, bundled.errors);
    await using node = new Running(PYTHON, ["-c", PARENT, `${folder}/main.mjs`]);
    const ports = (await node.line(/^ports (\d+) (\d+)$/)).slice(1).map(Number);
    for (const [i, description] of ["systemd:name=web", "fd:4"].entries()) {
      await node.line(new RegExp(`fd 127.0.0.1:${ports[i]}`));
      const conn = await Deno.connect({ hostname: "127.0.0.1", port: ports[i]! });
      let text = "";
      for await (const part of conn.readable.pipeThrough(new TextDecoderStream())) text += part;
      assertEquals(text, `${description} at 127.0.0.1:${ports[i]}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
