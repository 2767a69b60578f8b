import { assertEquals } from "@std/assert";

Deno.test("bundled for browsers, the module does the same under node as under Deno", async () => {
  const tour = new URL("testdata/tour.ts", import.meta.url).pathname;
  const folder = await Deno.makeTempDir();
  try {
    const bundle = `${folder}/tour.mjs`;
    await run("deno", ["bundle", "--quiet", "--platform=browser", tour, "-o", bundle]);
    const expected = [
      "42",
      "locked: true",
      "item",
      "RangeError: far",
      "1,two",
      "locked: false",
      "1,won",
      "true",
    ];
    for (const command of ["node", "deno"]) {
      const args = command === "node" ? [bundle] : ["run", bundle];
      assertEquals(JSON.parse(await run(command, args)), expected, command);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function run(command: string, args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(command, { args }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
