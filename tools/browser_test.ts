/**
 * Everything above the hosts loads where there is no host: each entry is bundled as for a browser and run by
 * Node with the names taken away that a browser does not have.
 */
import { assert, assertEquals } from "@std/assert";
import { readMembers } from "./_workspace.ts";

/** The modules that run in a browser or a Worker, and of `reactor` the part without a host. */
const MODULES = ["deferred", "cred", "protocols", "spread", "web"];

/** Takes away what Node has and a browser has not. Bundles import nothing, so this runs before them. */
const NO_HOST =
  `for (const name of ["process", "Buffer", "global", "require", "setImmediate", "clearImmediate"]) {
  delete globalThis[name];
}
if ("Deno" in globalThis || "process" in globalThis || "Buffer" in globalThis) throw new Error("a host is left");
`;

async function bundle(entry: string): Promise<string> {
  const command = new Deno.Command("deno", {
    args: ["bundle", "--quiet", "--platform", "browser", entry],
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

async function runInNode(source: string): Promise<string> {
  const command = new Deno.Command("node", {
    args: ["--input-type=module", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(NO_HOST + source));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Imports that are left in a bundle: there should be none, least of all of a host. */
function importsLeft(source: string): string[] {
  return [...source.matchAll(/^\s*(?:import|export)\b[^;]*?\bfrom\s*"([^"]+)"|\bimport\s*\(?\s*"([^"]+)"/gm)]
    .map((match) => match[1] ?? match[2]!);
}

Deno.test("imports that a bundle leaves are seen", () => {
  const source =
    'import a from "node:fs";\nimport "node:net";\nconst b = await import("x");\nexport { c } from "y";';
  assertEquals(importsLeft(source), ["node:fs", "node:net", "x", "y"]);
  assertEquals(importsLeft('const text = `an import of "x"`;\nexport {\n  a\n};\n'), []);
});

for (const member of await readMembers()) {
  for (const [key, entry] of member.entries) {
    if (!MODULES.includes(member.folder) && entry !== "reactor/core/mod.ts") continue;
    Deno.test(`${member.name}${key.slice(1)} loads without a host`, async () => {
      const source = await bundle(entry);
      assertEquals(importsLeft(source), []);
      await runInNode(source);
    });
  }
}

Deno.test("a protocol does its work without a host", async () => {
  const source = await bundle("tools/testdata/in_a_browser.ts");
  assertEquals(importsLeft(source), []);
  assertEquals(await runInNode(source), "HELLO\\r\\n after 15\n");
});
