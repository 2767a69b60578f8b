/**
 * Checks what the registry's pages will show: `deno doc --lint` over every entry of every module, and that
 * each entry has a module doc with an example, and no `any` in what it exports that is not explained.
 *
 * ```sh
 * deno task docs
 * deno task docs web spread   # of these modules only
 * ```
 * @module
 */
import { run } from "./_command.ts";
import { readMembers, readRoot } from "./_workspace.ts";

interface ModuleDoc {
  readonly module_doc?:
    | { readonly doc?: string; readonly tags?: readonly { readonly kind: string }[] }
    | null;
  readonly symbols?: readonly unknown[];
}

/** One use of `any` in something exported. */
export interface Any {
  /** The exported name, and the member of it if there is one: `"Failure.check"`. */
  readonly name: string;
  readonly line: number;
  readonly filename: string;
}

/**
 * Finds `any` in what `deno doc --json` says of a module's symbols, wherever in a signature it hides.
 *
 * One idiom is left alone: `new (...args: any[]) => T`, a class with any constructor. TypeScript asks for it
 * word by word where a class is made of another, and nobody gets a value of that type out of it.
 *
 * @param node The symbols, or any part of them.
 * @returns Each place once.
 */
export function findAny(node: unknown): Any[] {
  const found = new Map<string, Any>();
  function visit(value: unknown, names: readonly string[], place: { filename: string; line: number }): void {
    if (Array.isArray(value)) {
      for (const item of value) visit(item, names, place);
      return;
    }
    if (typeof value !== "object" || value === null) return;
    const record = value as Record<string, unknown>;
    if (record["constructor"] as unknown === true && Array.isArray(record.params)) {
      const params = record.params as { kind: string }[];
      visit([record.tsType, params.filter(({ kind }) => kind !== "rest")], names, place);
      return;
    }
    const here = (record.location as typeof place | undefined) ?? place;
    // A symbol has declarations, a member has a place; names further in are parameters.
    const named = typeof record.name === "string" && ("declarations" in record || "location" in record);
    const path = named ? [...names, record.name as string] : names;
    if (record.kind === "keyword" && record.repr === "any") {
      const name = path.join(".");
      found.set(`${here.filename}:${here.line}:${name}`, { name, ...here });
    }
    for (const child of Object.values(record)) visit(child, path, here);
  }
  visit(node, [], { filename: "", line: 0 });
  return [...found.values()].map(({ name, line, filename }) => ({ name, line, filename }));
}

/**
 * Whether an `any` is meant: the line above says so, and why. A type that stands in both directions has no other
 * bound that takes them all; whoever uses it is not handed an `any` by that.
 *
 * @param source The file it is in.
 * @param line Its line, from 0.
 */
export function isMeant(source: string, line: number): boolean {
  const above = source.split("\n")[line - 1] ?? "";
  return /^\s*\/\/ deno-lint-ignore\b.*\bno-explicit-any\b.* -- \S/.test(above);
}

/**
 * Takes the complaints of `deno doc --lint` apart and leaves out those about packages from outside, whose types a
 * module may hand on but cannot document.
 *
 * @param text What it printed.
 * @param root The path of the workspace, with a `/` at its end.
 * @returns The complaints about the workspace; `undefined` when there is no complaint at all in what was printed.
 */
export function ownFaults(text: string, root: string): string[] | undefined {
  const all = text.split(/^(?=error\[)/m).filter((part) => part.startsWith("error["));
  if (all.length === 0) return undefined;
  return all.filter((part) => /^\s*--> (.*?):\d/m.exec(part)?.[1]?.startsWith(root) !== false)
    .map((part) => part.replace(/\n\s*error: Found[\s\S]*$/, "").trim());
}

/** Judges an entry's module doc; a sentence for each fault. */
export function judgeModuleDoc(doc: ModuleDoc): string[] {
  const text = doc.module_doc?.doc ?? "";
  const example = text.includes("```") ||
    doc.module_doc?.tags?.some(({ kind }) => kind === "example") === true;
  if (text.trim() === "" && !example) return ["has no @module doc"];
  return example ? [] : ["has a @module doc without an example"];
}

async function main(): Promise<number> {
  const root = new URL("../", import.meta.url).href;
  const members = [...await readMembers(), await readRoot()]
    .filter(({ folder }) => Deno.args.length === 0 || Deno.args.includes(folder));
  const entries = members.flatMap((member) => [...member.entries.values()]);
  let wrong = 0;
  const lint = await run(["deno", "doc", "--lint", ...entries]);
  const faults = ownFaults(lint.text, new URL(root).pathname);
  if (!lint.ok && faults === undefined) {
    console.error(lint.text);
    wrong++;
  }
  for (const fault of faults ?? []) {
    console.error(`${fault}\n`);
    wrong++;
  }
  const anys = new Map<string, string>();
  for (const entry of entries) {
    const { ok, text, stdout } = await run(["deno", "doc", "--json", entry]);
    if (!ok) {
      console.error(text);
      wrong++;
      continue;
    }
    const { nodes } = JSON.parse(stdout) as { nodes: Record<string, ModuleDoc> };
    for (const doc of Object.values(nodes)) {
      for (const sentence of judgeModuleDoc(doc)) {
        console.error(`${entry} ${sentence}`);
        wrong++;
      }
      for (const { name, line, filename } of findAny(doc.symbols)) {
        if (isMeant(await Deno.readTextFile(new URL(filename)), line)) continue;
        const place = `${filename.replace(root, "")}:${line + 1}`;
        anys.set(`${place} ${name}`, `${place}  ${name} has \`any\` in its type`);
      }
    }
  }
  for (const sentence of anys.values()) console.error(sentence);
  wrong += anys.size;
  console.log(wrong === 0 ? `docs: ${entries.length} entries, all documented` : `docs: ${wrong} wrong`);
  return wrong === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
