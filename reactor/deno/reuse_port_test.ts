import { assertEquals } from "@std/assert";

// In a process of its own, since the flag is for the whole of it.
const PROGRAM = `
import { createReactor } from "${import.meta.resolve("@ropewalk/reactor")}";
const reactor = createReactor("deno");
const built = [0, 0];
const listen = (number, i) => reactor.listenTCP(number, {
  doStart() {}, doStop() {},
  buildProtocol() { built[i]++; return null; },
}, { hostname: "127.0.0.1", reusePort: true });
const first = listen(0, 0);
const second = listen(first.getHost().port, 1);
console.log(first.getHost().port === second.getHost().port);
for (let i = 0; i < 40; i++) {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: first.getHost().port });
  await conn.read(new Uint8Array(1));
  conn.close();
}
console.log(built[0] + built[1], built[0] > 0 && built[1] > 0);
await first.stopListening();
await second.stopListening();
`;

Deno.test("with --unstable-net two ports share one number, and the system shares the connections out", async () => {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, PROGRAM);
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const args = ["run", "-q", "-A", "--no-check", "--no-lock", "--unstable-net", "--config", config, file];
    const { code, stdout } = await new Deno.Command("deno", { args, stderr: "inherit" }).output();
    assertEquals([code, new TextDecoder().decode(stdout)], [0, "true\n40 true\n"]);
  } finally {
    await Deno.remove(file);
  }
});
