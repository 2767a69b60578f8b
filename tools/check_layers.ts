/**
 * Holds the layers of the design as a table, and fails on an import or a host name that is not in it.
 *
 * The table is asked in two ways. `deno lint` asks it on every file, because `layers_plugin.ts` is a
 * plugin in the root `deno.json`: so an editor underlines a wrong import while it is typed. And this file,
 * run as a program, does the same for the whole tree and also refuses comments that would silence it.
 *
 * ```sh
 * deno task layers
 * ```
 * @module
 */
import { filesOf } from "./_files.ts";

/** What the files of one layer may reach. Everything that is not named is refused. */
export interface Layer {
  /** The layers below that it may import. Its own files are always allowed. */
  readonly imports: readonly string[];
  /** Layers of which it may import types only: nothing of them is there when the program runs. */
  readonly types?: readonly string[];
  /** Packages from outside, by the bare name they have in the import map. */
  readonly packages?: readonly string[];
  /** Whether it may name the host: `Deno`, `process`, `node:*`, timers. */
  readonly host?: boolean;
}

const LOG = "@logtape/logtape";
const BELOW_PROTOCOLS = ["deferred", "reactor/core", "cred"];
const MODULES = [
  "deferred",
  "reactor",
  "reactor/core",
  "reactor/deno",
  "reactor/node",
  "reactor/filepath",
  "reactor/filesystem_lock",
  "cred",
  "protocols",
  "protocols/protobuf",
  "spread",
  "names",
  "enterprise",
  "web",
  "web/cookies",
  "web/xmlrpc",
  "web/distrib",
];

/**
 * The layers, lowest first. A key is a folder or an entry: `web/distrib` means `web/distrib.ts`, what is in
 * `web/distrib/`, and files beside it whose name begins so (`web/distrib_user.ts`, `web/_distrib.ts`). The
 * longest key that fits a file decides.
 */
export const LAYERS: Readonly<Record<string, Layer>> = {
  "deferred": { imports: [] },
  "reactor/core": { imports: ["deferred"], packages: [LOG] },
  "cred": { imports: ["deferred", "reactor/core"], packages: [LOG] },
  "reactor/filepath": { imports: ["deferred", "reactor/core"], packages: [LOG], host: true },
  "reactor/filesystem_lock": {
    imports: ["deferred", "reactor/core", "reactor/filepath"],
    packages: [LOG],
    host: true,
  },
  "reactor/deno": { imports: ["deferred", "reactor/core"], packages: [LOG], host: true },
  "reactor/node": { imports: ["deferred", "reactor/core"], packages: [LOG], host: true },
  "reactor": { imports: ["deferred", "reactor/core", "reactor/deno", "reactor/node"], packages: [LOG] },
  "protocols": { imports: BELOW_PROTOCOLS, types: ["reactor/filepath"], packages: [LOG] },
  "protocols/protobuf": { imports: [...BELOW_PROTOCOLS, "protocols"], packages: [LOG, "@bufbuild/protobuf"] },
  "spread": { imports: [...BELOW_PROTOCOLS, "protocols"], packages: [LOG] },
  "names": { imports: [...BELOW_PROTOCOLS, "protocols"], packages: [LOG, "dns-packet"] },
  "enterprise": { imports: [...BELOW_PROTOCOLS, "protocols"], packages: [LOG], host: true },
  "web": {
    imports: [...BELOW_PROTOCOLS, "protocols"],
    types: ["reactor/filepath"],
    packages: [LOG, "mime"],
  },
  "web/cookies": { imports: [...BELOW_PROTOCOLS, "protocols", "web"], packages: [LOG, "tough-cookie"] },
  "web/xmlrpc": { imports: [...BELOW_PROTOCOLS, "protocols", "web"], packages: [LOG, "@rgrove/parse-xml"] },
  "web/distrib": { imports: [...BELOW_PROTOCOLS, "protocols", "web", "spread"], packages: [LOG] },
  "conch": { imports: MODULES, packages: [LOG, "ssh2"], host: true },
  "application": {
    imports: [...MODULES, "conch"],
    packages: [LOG, "@logtape/file", "@logtape/syslog", "@std/cli"],
    host: true,
  },
  "testing": { imports: MODULES, packages: [LOG] },
  "testing/arbitraries": { imports: [...MODULES, "testing"], packages: [LOG, "fast-check"] },
  // Named in DESIGN as what `deferredTest` is: a `Deno.test`.
  "testing/deferred_test": { imports: [...MODULES, "testing"], packages: [LOG], host: true },
};

/** What a test may import beside what its module may. */
const TEST_IMPORTS = ["testing", "testing/arbitraries", "testing/deferred_test"];
const TEST_PACKAGES = ["@std/assert", "@std/async", "fast-check"];

/** The folders above all layers: programs, measurements, real peers, and these tools. They may use anything. */
const FREE_FOLDERS = ["examples", "bench", "interop", "tools"];

/** Names of the hosts, and of what only they may reach. The value says what to use in their place. */
export const HOST_NAMES: Readonly<Record<string, string>> = {
  Deno: "the host is reached through the reactor that was handed in",
  process: "the host is reached through the reactor that was handed in",
  Buffer: "bytes are Uint8Array",
  require: "use an import",
  setTimeout: "time is handed in: use callLater of the reactor",
  clearTimeout: "time is handed in: use callLater of the reactor",
  setInterval: "time is handed in: use LoopingCall",
  clearInterval: "time is handed in: use LoopingCall",
  setImmediate: "time is handed in: use callLater of the reactor",
  "Date.now": "time is handed in: use seconds() of the reactor",
  performance: "time is handed in: use seconds() of the reactor",
  fetch: "the network is reached through the transport or reactor that was handed in",
  WebSocket: "the network is reached through the transport or reactor that was handed in",
  EventSource: "the network is reached through the transport or reactor that was handed in",
  XMLHttpRequest: "the network is reached through the transport or reactor that was handed in",
  globalThis: "name what is wanted of it (globalThis.x), so that it can be seen",
  Worker: "threads are reached through the reactor that was handed in",
};

/**
 * Files that may name a host's object all the same: they ask whether it is there, and do without where it is
 * not. Two are the same need (the host's `Buffer` turns bytes into strings faster than `TextDecoder` does), the
 * third reports failures that nobody handled when the process ends.
 */
const HOST_EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  "deferred/_unhandled.ts": ["globalThis"],
  "protocols/bytes.ts": ["globalThis"],
  "spread/_text.ts": ["Buffer"],
};

/** Whether a file is a test, or part of one, and so not published. */
export function isTest(path: string): boolean {
  return /_test\.tsx?$|(^|\/)(_contract|testdata)\//.test(path);
}

function withoutExtension(path: string): string {
  return path.replace(/(\.d)?\.tsx?$/, "");
}

function isUnder(name: string, key: string): boolean {
  if (name === key || name.startsWith(`${key}/`) || name.startsWith(`${key}_`)) return true;
  const slash = key.lastIndexOf("/");
  return slash > 0 && name.startsWith(`${key.slice(0, slash)}/_${key.slice(slash + 1)}`);
}

/**
 * Finds the layer of a file or an entry: the longest key of {@linkcode LAYERS} that fits.
 *
 * @param path A path from the root of the workspace, with `/` between its parts.
 * @returns The key, or `undefined` when the table has none.
 */
export function layerOf(path: string): string | undefined {
  const name = withoutExtension(path);
  let best: string | undefined;
  for (const key of Object.keys(LAYERS)) {
    if (isUnder(name, key) && (best === undefined || key.length > best.length)) best = key;
  }
  return best;
}

/** Resolves `../x/y.ts` against the path of the file that names it. */
function resolveRelative(path: string, specifier: string): string {
  return new URL(specifier, `file:///${path}`).pathname.slice(1);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.indexOf("/"), 0));
}

/** The package of a bare specifier: `@std/async/delay` is of `@std/async`. */
function packageOf(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/**
 * Judges one import.
 *
 * @param path The importing file, from the root of the workspace.
 * @param specifier What it imports, as written.
 * @param typeOnly Whether it is an `import type` or `export type`.
 * @returns What is wrong in words, or `undefined` when nothing is.
 */
export function judgeImport(path: string, specifier: string, typeOnly = false): string | undefined {
  const folder = folderOf(path);
  const relative = /^\.{0,2}\//.test(specifier);
  if (/^https?:/.test(specifier)) return `${specifier}: nothing is imported from a web address`;
  if (/^(npm|jsr):/.test(specifier) && !path.startsWith("tools/std/")) {
    return `${specifier}: give it a bare name in the import map of the root deno.json`;
  }
  if (FREE_FOLDERS.includes(folder)) return judgeFreeImport(path, specifier);
  if (folder === "") return judgeRootImport(specifier);
  const from = layerOf(path);
  if (from === undefined) return `${path} is in no layer: add it to LAYERS in tools/check_layers.ts`;
  if (relative) return judgeRelativeImport(path, from, specifier, typeOnly);
  if (specifier.startsWith("@ropewalk/")) {
    return judgeLayer(path, from, specifier.slice("@ropewalk/".length).replaceAll("-", "_"), typeOnly);
  }
  if (specifier.startsWith("node:")) {
    if (LAYERS[from]!.host === true || isTest(path)) return undefined;
    return `${from} may not name the host: ${specifier}`;
  }
  const name = packageOf(specifier);
  if (LAYERS[from]!.packages?.includes(name)) return undefined;
  if (isTest(path) && TEST_PACKAGES.includes(name)) return undefined;
  return `${from} may not import the package ${name}`;
}

function judgeFreeImport(path: string, specifier: string): string | undefined {
  if (!path.startsWith("examples/") || !specifier.startsWith(".")) return undefined;
  if (FREE_FOLDERS.includes(folderOf(resolveRelative(path, specifier)))) return undefined;
  return `${specifier}: an example imports a module by its bare name, as a reader would`;
}

function judgeRootImport(specifier: string): string | undefined {
  if (/^@ropewalk\/[^/]+$/.test(specifier)) return undefined;
  return `${specifier}: the root entry joins the modules by their bare names and imports nothing else`;
}

function judgeRelativeImport(
  path: string,
  from: string,
  specifier: string,
  typeOnly: boolean,
): string | undefined {
  const target = resolveRelative(path, specifier);
  const other = folderOf(target);
  if (other !== folderOf(path)) {
    if (isTest(path) && target.startsWith("reactor/_contract/")) return undefined;
    return `${specifier}: import another module by its bare name (@ropewalk/${other})`;
  }
  if (isTest(target) && !isTest(path)) return `${specifier}: only tests import a test`;
  if (isTest(target)) return undefined;
  return judgeLayer(path, from, target, typeOnly);
}

function judgeLayer(path: string, from: string, target: string, typeOnly: boolean): string | undefined {
  const to = layerOf(target);
  if (to === undefined) return `${target} is in no layer: add it to LAYERS in tools/check_layers.ts`;
  const layer = LAYERS[from]!;
  if (to === from || layer.imports.includes(to)) return undefined;
  if (layer.types?.includes(to)) {
    return typeOnly ? undefined : `${from} may import only types from ${to}`;
  }
  if (isTest(path) && (TEST_IMPORTS.includes(to) || folderOf(path) === folderOf(target))) return undefined;
  return `${from} may not import ${to}: imports point down only`;
}

/**
 * Judges one name that is neither imported nor declared in the file.
 *
 * @param path The file, from the root of the workspace.
 * @param name The name: `Deno`, `setTimeout`.
 * @returns What is wrong in words, or `undefined` when nothing is.
 */
export function judgeGlobal(path: string, name: string): string | undefined {
  const instead = HOST_NAMES[name];
  if (instead === undefined || isTest(path)) return undefined;
  const folder = folderOf(path);
  if (FREE_FOLDERS.includes(folder)) return undefined;
  const from = folder === "" ? "the root entry" : layerOf(path);
  if (from !== undefined && LAYERS[from]?.host === true) return undefined;
  if (HOST_EXCEPTIONS[path]?.includes(name)) return undefined;
  return `${from ?? path} may not name ${name}: ${instead}`;
}

/**
 * Judges what a test asks of the host: real sockets are for the tests of the hosts and for real peers only.
 *
 * @param path The file, from the root of the workspace.
 * @param name A member of the host: `Deno.listen`.
 * @returns What is wrong in words, or `undefined` when nothing is.
 */
export function judgeTestSocket(path: string, name: string): string | undefined {
  const folder = folderOf(path);
  if (!isTest(path) || folder === "reactor" || FREE_FOLDERS.includes(folder)) return undefined;
  if (!/^Deno\.(listen|connect|startTls|serve)/.test(name)) return undefined;
  return `${name}: a test uses no real socket: take a StringTransport, or put it into interop/`;
}

/** One complaint of `deno lint --json`, as far as it is used here. */
interface Complaint {
  readonly filename: string;
  readonly range: { readonly start: { readonly line: number } };
  readonly message: string;
  readonly code: string;
}

/** Finds comments that would silence the layers; there is no exception but those in the tables above. */
export function silencers(source: string): number[] {
  const lines: number[] = [];
  for (const [index, line] of source.split("\n").entries()) {
    if (/^\s*\/[/*]\s*deno-lint-ignore(-file\s*($|\*\/)|.*\blayers\/)/.test(line)) lines.push(index + 1);
  }
  return lines;
}

async function main(): Promise<number> {
  // No --permit-no-files and no rule left out: what `deno lint` skips would be skipped here in silence.
  const lint = new Deno.Command("deno", { args: ["lint", "--json"], stdout: "piped", stderr: "piped" });
  const output = await lint.output();
  const report = JSON.parse(new TextDecoder().decode(output.stdout)) as {
    diagnostics: Complaint[];
    errors: { file_path: string; message: string }[];
  };
  const found = report.diagnostics.filter((complaint) => complaint.code.startsWith("layers/"));
  for (const { filename, range, message } of found) {
    console.error(
      `${filename.slice(new URL("../", import.meta.url).href.length)}:${range.start.line}  ${message}`,
    );
  }
  for (const { file_path, message } of report.errors) console.error(`${file_path}: ${message}`);
  let wrong = found.length + report.errors.length;
  let files = 0;
  for (const path of await filesOf(/\.tsx?$/)) {
    files++;
    for (const line of silencers(await Deno.readTextFile(path))) {
      console.error(`${path}:${line}  the layers are not silenced by a comment`);
      wrong++;
    }
  }
  console.log(wrong === 0 ? `layers: ${files} files, imports point down only` : `layers: ${wrong} wrong`);
  return wrong === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
