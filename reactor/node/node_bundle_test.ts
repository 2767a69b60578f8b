import { assertEquals } from "@std/assert";

Deno.test("NodeReactor keeps the contract under plain Node, bundled", async () => {
  const main = new URL("../_contract/node_main.ts", import.meta.url).pathname;
  const bundle = await new Deno.Command("deno", {
    args: ["bundle", "--platform=deno", main],
    stderr: "piped",
  })
    .output();
  assertEquals(bundle.code, 0, new TextDecoder().decode(bundle.stderr));
  const node = new Deno.Command("node", {
    args: ["--input-type=module", "-"],
    stdin: "piped",
    stdout: "piped",
  })
    .spawn();
  const writer = node.stdin.getWriter();
  await writer.write(bundle.stdout);
  await writer.close();
  const { code, stdout } = await node.output();
  assertEquals(code, 0, new TextDecoder().decode(stdout));
});
