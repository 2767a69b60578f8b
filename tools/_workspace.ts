/** What the root `deno.json` and those of the members say, as far as the tools ask. */

/** One module of the workspace. */
export interface Member {
  /** Its folder from the root: `"web"`. The root itself is `"."`. */
  readonly folder: string;
  /** Its name on the registry: `"@ropewalk/web"`. */
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  /** Entries by their key (`"."`, `"./distrib"`), each a path from the root. */
  readonly entries: ReadonlyMap<string, string>;
  readonly publishExclude: readonly string[];
}

interface Config {
  name?: string;
  version?: string;
  license?: string;
  exports?: string | Record<string, string>;
  publish?: { exclude?: string[] };
  workspace?: string[];
}

async function readConfig(folder: string): Promise<Config> {
  return JSON.parse(await Deno.readTextFile(`${folder}/deno.json`)) as Config;
}

/** Turns the text of a `deno.json` into a member; `folder` is where it stands. */
export function memberOf(folder: string, config: Config): Member {
  const exports = typeof config.exports === "string" ? { ".": config.exports } : config.exports ?? {};
  const base = folder === "." ? "" : `${folder}/`;
  return {
    folder,
    name: config.name ?? "",
    version: config.version ?? "",
    ...(config.license === undefined ? {} : { license: config.license }),
    entries: new Map(Object.entries(exports).map(([key, path]) => [key, base + path.replace(/^\.\//, "")])),
    publishExclude: config.publish?.exclude ?? [],
  };
}

/** Reads the members that the root names, in its order, without the root. Run it from the root. */
export async function readMembers(): Promise<Member[]> {
  const { workspace = [] } = await readConfig(".");
  return await Promise.all(workspace.map(async (path) => {
    const folder = path.replace(/^\.\//, "");
    return memberOf(folder, await readConfig(folder));
  }));
}

/** Reads the root's own `deno.json` as a member. */
export async function readRoot(): Promise<Member> {
  return memberOf(".", await readConfig("."));
}
