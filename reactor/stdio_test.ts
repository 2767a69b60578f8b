import { assertEquals } from "@std/assert";

async function shout(kind: string, use: (child: Deno.ChildProcess) => Promise<string>) {
  const { pathname } = new URL("_contract/stdio_main.ts", import.meta.url);
  const args = ["run", "-q", "-A", "--no-check", pathname, kind];
  const child = new Deno.Command("deno", { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const errors = new Response(child.stderr).text();
  const output = await use(child);
  const { code } = await child.status;
  return { code, output, errors: await errors };
}

Deno.test("standard input and output are a transport, and the end of input is the end of the connection", async () => {
  await Promise.all(["deno", "node"].map(async (kind) => {
    const result = await shout(kind, async (child) => {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode("hello, "));
      await writer.write(new TextEncoder().encode("wörld\n"));
      await writer.close();
      return await new Response(child.stdout).text();
    });
    assertEquals(result, {
      code: 0,
      output: "HELLO, WÖRLD\n",
      errors: "stdio stdio\nlost: ConnectionDone, 1\n",
    });
  }));
});

Deno.test("a standard output that nobody reads any more is a connection that is lost", async () => {
  const result = await shout("deno", async (child) => {
    await child.stdout.cancel();
    const writer = child.stdin.getWriter();
    const line = new TextEncoder().encode("hello\n");
    await writer.write(line);
    try {
      for (;;) await writer.write(line);
    } catch { /* it has ended */ }
    return "";
  });
  assertEquals(result, { code: 0, output: "", errors: "stdio stdio\nlost: ConnectionLost, 1\n" });
});
