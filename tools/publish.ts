/**
 * Rehearses publishing every module, lowest layer first and the root last, or does it.
 *
 * `deno publish` in a workspace whose root has a name publishes the root alone, so each member is published
 * from its own folder. The registry refuses a package whose dependencies it does not know yet: hence the order,
 * which is taken from what the published files import.
 *
 * ```sh
 * deno task publish             # rehearse: nothing leaves the machine
 * deno task publish --publish   # publish for real; asks for credentials like `deno publish`
 * ```
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { run } from "./_command.ts";
import { type Member, readMembers, readRoot } from "./_workspace.ts";
import { isTest } from "./layer_rules.ts";

const HELP = `Publishes the modules of the workspace, lowest layer first, the root last.

  deno task publish [options] [MODULE …]

Without --publish nothing leaves the machine: every module is checked as the registry would.
MODULE (a folder such as "web") keeps the others out of it.

  --publish         publish for real
  --token TOKEN     credentials, where no browser can ask for them
  --allow-dirty     publish although there are changes that are not committed (a rehearsal always may)
  --order           print the order and end
  --help            print this`;

/**
 * Sorts members so that each stands after all that it imports.
 *
 * @param imports What each member imports, by folder.
 * @returns The folders, in the order they came where imports leave a choice.
 * @throws {Error} If some of them import one another in a circle, which the registry refuses.
 */
export function publishOrder(imports: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const order: string[] = [];
  const waiting = new Set(imports.keys());
  while (waiting.size > 0) {
    const ready = [...waiting].find((folder) =>
      [...imports.get(folder)!].every((below) => below === folder || !waiting.has(below))
    );
    if (ready === undefined) {
      throw new Error(`Cannot order modules: they import in a circle: ${[...waiting].join(", ")}`);
    }
    waiting.delete(ready);
    order.push(ready);
  }
  return order;
}

/** Reads the names and files out of what `deno publish --dry-run` prints. */
export function publishedFiles(output: string): string[] {
  return [...output.matchAll(/^\s+(file:\/\/\S+) \(/gm)].map((match) => match[1]!);
}

/**
 * Judges the list of files that would be published.
 *
 * @param files Their paths within the module.
 * @param needed Paths that have to be among them.
 * @returns What is wrong, a sentence each.
 */
export function judgeFiles(files: readonly string[], needed: Iterable<string>): string[] {
  const wrong = files.filter((path) => isTest(path)).map((path) => `${path} is part of a test`);
  for (const path of needed) {
    if (!files.includes(path)) wrong.push(`${path} is left out`);
  }
  return wrong;
}

interface InfoModule {
  readonly specifier?: string;
  readonly error?: string;
}

/** The folders of the workspace that a member's entries lead to. */
async function importsOf(member: Member, members: readonly Member[]): Promise<Set<string>> {
  const root = new URL("../", import.meta.url).href;
  const reached = new Set<string>();
  for (const entry of member.entries.values()) {
    const { ok, text, stdout } = await run(["deno", "info", "--json", entry]);
    if (!ok) throw new Error(`Cannot read the imports of ${entry}: ${text}`);
    for (const { specifier = "" } of (JSON.parse(stdout) as { modules: InfoModule[] }).modules) {
      if (!specifier.startsWith(root)) continue;
      const path = specifier.slice(root.length);
      const below = members.find(({ folder }) => path.startsWith(`${folder}/`));
      if (below !== undefined && below !== member) reached.add(below.folder);
    }
  }
  return reached;
}

/** The members in publishing order, then the root. */
async function inOrder(): Promise<Member[]> {
  const members = await readMembers();
  const imports = new Map<string, Set<string>>();
  for (const member of members) imports.set(member.folder, await importsOf(member, members));
  const byFolder = new Map(members.map((member) => [member.folder, member]));
  return [...publishOrder(imports).map((folder) => byFolder.get(folder)!), await readRoot()];
}

async function publishOne(member: Member, flags: readonly string[], rehearsal: boolean): Promise<boolean> {
  const { ok, text, seconds } = await run(["deno", "publish", ...flags], {
    cwd: member.folder,
    show: !rehearsal,
  });
  const label = `${member.name}@${member.version}`;
  if (!ok) {
    if (rehearsal) console.error(text);
    console.error(`FAILED  ${label}`);
    return false;
  }
  if (!rehearsal) return true;
  const base = new URL(`../${member.folder === "." ? "" : `${member.folder}/`}`, import.meta.url).href;
  const files = publishedFiles(text).map((url) => url.slice(base.length));
  const prefix = member.folder === "." ? 0 : member.folder.length + 1;
  const entries = [...member.entries.values()].map((path) => path.slice(prefix));
  const wrong = judgeFiles(files, ["deno.json", ...entries]);
  for (const sentence of wrong) console.error(`${label}: ${sentence}`);
  const verdict = wrong.length === 0 ? "ok    " : "FAILED";
  console.log(`${verdict}  ${label}  ${files.length} files  ${seconds.toFixed(1)} s`);
  return wrong.length === 0;
}

async function main(): Promise<number> {
  const options = parseArgs(Deno.args, {
    boolean: ["publish", "allow-dirty", "order", "help"],
    string: ["token"],
    unknown(argument) {
      if (!argument.startsWith("-")) return true;
      console.error(`Unknown option ${argument}. --help lists them.`);
      Deno.exit(2);
    },
  });
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const all = await inOrder();
  const wanted = options._.map(String);
  const unheard = wanted.filter((folder) => !all.some((member) => member.folder === folder));
  if (unheard.length > 0) {
    console.error(
      `No module ${unheard.join(", ")}. There are: ${all.map(({ folder }) => folder).join(", ")}`,
    );
    return 2;
  }
  const members = wanted.length === 0 ? all : all.filter(({ folder }) => wanted.includes(folder));
  if (options.order) {
    console.log(members.map(({ name }) => name).join("\n"));
    return 0;
  }
  const rehearsal = !options.publish;
  // Types are a check of their own (`deno check`); here they would be gone through once more for every module.
  const flags = rehearsal ? ["--dry-run", "--allow-dirty", "--no-check"] : [
    ...(options["allow-dirty"] ? ["--allow-dirty"] : []),
    ...(options.token === undefined ? [] : ["--token", options.token]),
  ];
  let failed = 0;
  for (const member of members) {
    if (await publishOne(member, flags, rehearsal)) continue;
    failed++;
    // Those above it would be refused by the registry; a rehearsal goes on, to show all that is wrong.
    if (!rehearsal) break;
  }
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
