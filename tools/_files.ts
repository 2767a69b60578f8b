/** The files of the workspace that are written by hand. */

/** Folders that hold nothing written by hand. */
const SKIPPED = new Set(["node_modules", "coverage"]);

/**
 * Walks the tree, hidden folders left out.
 *
 * @param pattern What a path has to match, from the root of the workspace.
 * @param folder Where to begin. @default {"."}
 * @returns Paths with `/` between their parts, sorted.
 */
export async function filesOf(pattern: RegExp, folder = "."): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.name.startsWith(".") || SKIPPED.has(entry.name)) continue;
    const path = folder === "." ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory) found.push(...await filesOf(pattern, path));
    else if (pattern.test(path)) found.push(path);
  }
  return found.sort();
}
