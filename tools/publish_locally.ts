/**
 * Publishes every module to a registry in memory, looks at what was sent, then runs a program that has only the
 * published packages: what a user of the registry would have.
 *
 * ```sh
 * deno task publish:local
 * ```
 * @module
 */
import { run } from "./_command.ts";
import { type LocalRegistry, type Published, startLocalRegistry } from "./_local_registry.ts";
import { readMembers, readRoot } from "./_workspace.ts";
import { isTest } from "./layer_rules.ts";

/** The program: it stands in a folder of its own, with no import map and no workspace around it. */
const PROGRAM = `
import { LineReceiver } from "jsr:@ropewalk/protocols@^VERSION";
import { Clock, StringTransport } from "jsr:@ropewalk/testing@^VERSION";
import * as ropewalk from "jsr:@ropewalk/ropewalk@^VERSION";

class Shout extends LineReceiver {
  override lineReceived(line: string): void {
    this.sendLine(line.toUpperCase());
  }
}
const transport = new StringTransport({ reactor: new Clock() });
const shout = new Shout();
shout.makeConnection(transport);
shout.dataReceived(new TextEncoder().encode("hello\\r\\n"));
console.log(JSON.stringify(transport.text()), Object.keys(ropewalk).sort().join(" "));
`;

/**
 * Judges what was sent for one module.
 *
 * @param published The module.
 * @param imports The names of the import map, which mean nothing to whoever downloads the module.
 * @returns What is wrong, a sentence each.
 */
export function judgePublished(published: Published, imports: Iterable<string>): string[] {
  const wrong: string[] = [];
  const bare = new Set(imports);
  for (const [path, data] of published.files) {
    if (isTest(path.slice(1))) wrong.push(`${path} is part of a test`);
    if (!/\.tsx?$/.test(path)) continue;
    for (const specifier of specifiersOf(new TextDecoder().decode(data))) {
      const isBare = bare.has(specifier) || specifier.startsWith("@ropewalk/") ||
        specifier.startsWith("@std/");
      if (isBare) wrong.push(`${path} imports ${specifier}, which only the workspace knows`);
      if (/^https?:|^file:/.test(specifier)) wrong.push(`${path} imports ${specifier}`);
    }
  }
  return wrong.map((sentence) => `${published.name}: ${sentence}`);
}

/** The specifiers of a module's own imports: those at the beginning of a line, as \`deno fmt\` writes them. */
export function specifiersOf(source: string): string[] {
  const comments = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;
  const imports =
    /^(?:import\s*|(?:import|export)\b[^;"'=]*?\bfrom\s*)["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm;
  return [...source.replace(comments, "").matchAll(imports)].map((match) => match[1] ?? match[2]!);
}

async function publishAll(registry: LocalRegistry, env: Record<string, string>): Promise<boolean> {
  // The token is any word: the registry in memory asks for none, but the client wants one to send.
  const { ok, text } = await run(
    ["deno", "task", "publish", "--publish", "--allow-dirty", "--token", "any"],
    { env: { ...env, JSR_URL: registry.url } },
  );
  if (!ok) console.error(text);
  return ok;
}

async function main(): Promise<number> {
  const members = [...await readMembers(), await readRoot()];
  const { imports } = JSON.parse(await Deno.readTextFile("deno.json")) as { imports: Record<string, string> };
  const folder = await Deno.makeTempDir({ prefix: "ropewalk-" });
  const registry = startLocalRegistry();
  try {
    if (!await publishAll(registry, {})) return 1;
    const wrong: string[] = [];
    for (const { name, version } of members) {
      const published = registry.published.get(`${name}@${version}`);
      if (published === undefined) wrong.push(`${name} was not sent`);
      else wrong.push(...judgePublished(published, Object.keys(imports)));
    }
    for (const sentence of wrong) console.error(sentence);
    if (wrong.length > 0) return 1;
    await Deno.writeTextFile(`${folder}/main.ts`, PROGRAM.replaceAll("VERSION", members[0]!.version));
    await Deno.writeTextFile(`${folder}/deno.json`, "{}");
    const { ok, stdout, text } = await run(["deno", "run", "--check", "--no-lock", "main.ts"], {
      cwd: folder,
      env: { JSR_URL: registry.url, DENO_DIR: `${folder}/cache` },
    });
    const expected = `"HELLO\\r\\n" cred deferred protocols reactor spread testing web\n`;
    if (!ok || stdout !== expected) {
      console.error(`A program that uses what was published fails:\n${text}`);
      return 1;
    }
    console.log(
      `publish: ${members.length} packages sent to a registry in memory, and a program runs on them`,
    );
    return 0;
  } finally {
    await registry.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main());
