/**
 * The rules of the house that no other tool knows: what a module's `deno.json` says, how files are called, that
 * each module has its page in the guide, that links lead somewhere, and that examples which cannot run (a server
 * never ends) type-check.
 *
 * ```sh
 * deno task house
 * ```
 * @module
 */
import { run } from "./_command.ts";
import { filesOf } from "./_files.ts";
import { type Member, readMembers } from "./_workspace.ts";

/** Past this many lines a file is looked at for a second idea in it: a warning, not a fault. */
const LONG = 400;

/** Judges what a module's `deno.json` says; a sentence for each fault. */
export function judgeMember(member: Member): string[] {
  const wrong: string[] = [];
  const { folder } = member;
  if (member.name !== `@ropewalk/${folder}`) wrong.push(`is called ${member.name}, not @ropewalk/${folder}`);
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(member.version)) wrong.push(`has no version`);
  if (member.license !== "MIT") wrong.push("does not say that its license is MIT");
  if (!member.publishExclude.includes("**/*_test.ts")) wrong.push("would publish its tests");
  if (member.entries.get(".") !== `${folder}/mod.ts`) wrong.push("has no main entry ./mod.ts");
  for (const key of member.entries.keys()) {
    if (!/^\.(\/[a-z0-9]+(-[a-z0-9]+)*)*$/.test(key)) wrong.push(`entry ${key} is not in kebab-case`);
  }
  return wrong.map((sentence) => `${folder}/deno.json ${sentence}`);
}

/** Whether a file's name is as the house writes them: `line_receiver.ts`, `_private.ts`, `x.bench.ts`. */
export function isWellNamed(path: string): boolean {
  return /^_?[a-z0-9]+(_[a-z0-9]+)*(\.bench|\.d)?\.tsx?$/.test(path.slice(path.lastIndexOf("/") + 1));
}

/**
 * Keeps only the examples fenced as `ts ignore`, which `deno test --doc` leaves out, and makes them plain `ts`.
 *
 * @param source Markdown, or TypeScript with examples in its comments.
 * @returns Markdown with as many lines, so that complaints name the right one; `undefined` when there are none.
 */
export function unrunnable(source: string): string | undefined {
  let inside = false;
  let any = false;
  const kept = source.split("\n").map((line) => {
    const text = line.replace(/^\s*\* ?/, "");
    const fence = /^\s*```(.*)$/.exec(text)?.[1]?.trim();
    if (!inside && fence !== undefined && /^(ts|typescript) ignore$/.test(fence)) {
      inside = any = true;
      return "```ts";
    }
    if (!inside) return "";
    if (fence !== undefined) inside = false;
    return text;
  });
  return any ? kept.join("\n") : undefined;
}

/**
 * Finds the links of a page that lead to other files of the tree.
 *
 * @param markdown The page; what is in code fences and between backticks is no link.
 * @returns The paths, relative to the page, without what follows a `#`.
 */
export function linksOf(markdown: string): string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "`");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1]!.replace(/#.*$/, ""))
    .filter((link) => link !== "" && !/^[a-z]+:/.test(link));
}

async function brokenLinks(): Promise<string[]> {
  const broken: string[] = [];
  for (const page of await filesOf(/\.md$/)) {
    for (const link of linksOf(await Deno.readTextFile(page))) {
      const target = new URL(link, `file:///${page}`).pathname.slice(1);
      if (!await exists(target === "" ? "." : target)) {
        broken.push(`${page} leads to ${link}, which is not there`);
      }
    }
  }
  return broken;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The lines of fences that ask for an example not to be run in words that `deno test --doc` does not know. */
export function neverEnding(source: string): number[] {
  return source.split("\n").flatMap((line, index) =>
    /^\s*(\* )?```\w+ .*no[-_]run/.test(line) ? [index + 1] : []
  );
}

/** Type-checks the examples that are not run, in a folder that is not kept. */
async function checkUnrunnable(): Promise<string[]> {
  // Inside the tree, so that the import map of the root holds for it.
  const folder = ".deno/examples";
  const paths = [
    ...await filesOf(/^(docs\/|examples\/)?[^/]+\.md$/),
    ...await filesOf(/^(?!tools|interop|bench).*(?<!_test|\.d)\.ts$/),
  ];
  const written: string[] = [];
  for (const path of paths) {
    const examples = unrunnable(await Deno.readTextFile(path));
    if (examples === undefined) continue;
    const copy = `${folder}/${path}${path.endsWith(".md") ? "" : ".md"}`;
    await Deno.mkdir(copy.slice(0, copy.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(copy, examples);
    written.push(copy);
  }
  if (written.length === 0) return [];
  const { ok, text } = await run(["deno", "check", "--doc-only", ...written]);
  await Deno.remove(folder, { recursive: true });
  return ok ? [] : [text.replaceAll(`${folder}/`, "")];
}

async function main(): Promise<number> {
  const wrong: string[] = [];
  const warnings: string[] = [];
  const members = await readMembers();
  const index = await Deno.readTextFile("docs/README.md");
  const readme = await Deno.readTextFile("README.md");
  const pages = await filesOf(/^docs\/[^/]+\.md$/);
  for (const member of members) {
    wrong.push(...judgeMember(member));
    const page = `docs/${member.folder}.md`;
    if (!readme.includes(`(${page})`)) wrong.push(`README.md does not lead to ${page}`);
  }
  for (const page of pages) {
    const name = page.slice("docs/".length);
    if (name !== "README.md" && !index.includes(`(${name})`)) {
      wrong.push(`docs/README.md does not lead to ${name}`);
    }
  }
  for (const path of await filesOf(/\.tsx?$/)) {
    if (!isWellNamed(path)) wrong.push(`${path}: files are called in snake_case`);
    const source = await Deno.readTextFile(path);
    const lines = source.split("\n").length - 1;
    for (const line of neverEnding(source)) {
      wrong.push(
        `${path}:${line}: no-run means nothing to \`deno test --doc\`, which would run it: say ignore`,
      );
    }
    if (lines > LONG) warnings.push(`${path} has ${lines} lines: is there a second idea in it?`);
  }
  wrong.push(...await brokenLinks(), ...await checkUnrunnable());
  for (const sentence of warnings) console.log(`warning: ${sentence}`);
  for (const sentence of wrong) console.error(sentence);
  console.log(
    wrong.length === 0 ? `house: in order, ${warnings.length} warnings` : `house: ${wrong.length} wrong`,
  );
  return wrong.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
