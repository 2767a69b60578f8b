/** What all the programs have in common: each has a test, and no test of theirs needs a socket. */
import { assertEquals } from "@std/assert";

const HERE = new URL(".", import.meta.url);

/** Every source file below a folder, by its path from here. */
function sourcesIn(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder || ".", HERE))].flatMap(({ name, isDirectory }) =>
    isDirectory ? sourcesIn(`${folder}${name}/`) : name.endsWith(".ts") ? [folder + name] : []
  ).sort();
}

const sources = new Map(sourcesIn("").map((path) => [path, Deno.readTextFileSync(new URL(path, HERE))]));
const tests = [...sources.keys()].filter((path) => path.endsWith("_test.ts"));

/** The files of this folder that a file imports, and those that these import. */
function importsOf(path: string, seen: Set<string> = new Set()): Set<string> {
  for (const [, name] of (sources.get(path) ?? "").matchAll(/(?:from|import\() ?"(\.[^"]+)"/g)) {
    const found = new URL(name!, new URL(path, HERE)).href.slice(HERE.href.length);
    if (seen.has(found)) continue;
    seen.add(found);
    importsOf(found, seen);
  }
  return seen;
}

Deno.test("every program among the examples is tested, as a whole or in all its parts", () => {
  const tested = new Set(tests.flatMap((path) => [...importsOf(path)]));
  const programs = [...sources].filter(([, text]) => text.includes("import.meta.main")).map(([path]) => path);
  const untested = programs.filter((path) =>
    !tested.has(path) && ![...importsOf(path)].every((part) => tested.has(part))
  );
  assertEquals([programs.length > 30, untested], [true, []]);
});

Deno.test("no test of an example opens a socket, or waits in real time", () => {
  const real =
    /Deno\.(listen|connect|serve)|node:(net|http|dgram)|[^."\w]setTimeout\(|new (Deno|Node)Reactor/;
  const global = /import \{[^}]*\breactor\b[^}]*\} from "@ropewalk\/reactor"/;
  const others = tests.filter((path) => path !== "examples_test.ts");
  assertEquals(others.filter((path) => real.test(sources.get(path)!) || global.test(sources.get(path)!)), []);
});
