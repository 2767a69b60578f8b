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

async function run(name: string, args: string[], input = ""): Promise<string> {
  const child = new Deno.Command(name, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Bundles of entries, each whole in itself, in a folder that is the caller's to remove. */
async function bundle(entries: readonly string[], folder: string): Promise<void> {
  // With one entry the bundle would stand at the top of the folder.
  assert(entries.length > 1);
  await run("deno", ["bundle", "--quiet", "--platform", "browser", "--outdir", folder, ...entries]);
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

Deno.test("what needs no host loads without one, and a protocol does its work there", async (t) => {
  const entries = (await readMembers()).flatMap((member) =>
    [...member.entries.values()].filter((entry) =>
      MODULES.includes(member.folder) || entry === "reactor/core/mod.ts"
    )
  );
  assert(entries.length > 15, `only ${entries}`);
  const program = "tools/testdata/in_a_browser.ts";
  const folder = await Deno.makeTempDir();
  try {
    await bundle([...entries, program], folder);
    // In one process, each in its turn: what one of them takes for granted nobody before it has put there.
    const load = [...entries, program].map((entry) => {
      const file = `${folder}/${entry.replace(/tsx?$/, "js")}`;
      return `await import(${JSON.stringify(`file://${file}`)}).catch((error) => {
  throw new Error(${JSON.stringify(`${entry} does not load`)}, { cause: error });
});
`;
    });
    for (const entry of entries) {
      await t.step(`${entry} imports nothing`, async () => {
        const source = await Deno.readTextFile(`${folder}/${entry.replace(/tsx?$/, "js")}`);
        assertEquals(importsLeft(source), []);
      });
    }
    const printed = await run("node", ["--input-type=module", "-"], NO_HOST + load.join(""));
    assertEquals(printed, "HELLO\\r\\n after 15\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
