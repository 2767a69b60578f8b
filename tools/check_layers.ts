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
  "reactor/deno": { imports: ["deferred", "reactor/core", "reactor/node"], packages: [LOG], host: true },
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
  "web/distrib": {
    imports: [...BELOW_PROTOCOLS, "protocols", "web", "spread"],
    types: ["reactor/filepath"],
    packages: [LOG],
  },
  "conch": { imports: MODULES, packages: [LOG, "ssh2"], host: true },
  "application": {
    imports: [...MODULES, "conch"],
    packages: [LOG, "@logtape/file", "@logtape/syslog", "@std/cli"],
    host: true,
  },
  "testing": { imports: MODULES, packages: [LOG] },
  "testing/arbitraries": { imports: [...MODULES, "testing"], packages: [LOG, "fast-check"] },
  // The part of `testing` that names the host, because `deferredTest` is a `Deno.test`. It is no layer of its
  // own: the two import each other.
  "testing/deferred_test": { imports: [...MODULES, "testing"], packages: [LOG], host: true },
  // The entry joins the two, and nothing below imports it.
  "testing/mod": { imports: [...MODULES, "testing", "testing/deferred_test"], packages: [LOG] },
};

/** What a test may import beside what its module may. */
export const TEST_IMPORTS = ["testing", "testing/arbitraries", "testing/deferred_test", "reactor/filepath"];
export const TEST_PACKAGES = ["@std/assert", "@std/async", "fast-check"];

/** The folders above all layers: programs, measurements, real peers, and these tools. They may use anything. */
export const FREE_FOLDERS = ["examples", "bench", "interop", "tools"];

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
 * not. Two are the same need (the host's `Buffer` turns bytes into strings faster than `TextDecoder` does).
 * One reports failures that nobody handled when the process ends. And what a program publishes is dated by the
 * calendar, in every run of it, unless the program says otherwise.
 */
export const HOST_EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  "deferred/_unhandled.ts": ["globalThis"],
  "protocols/bytes.ts": ["globalThis"],
  "spread/_text.ts": ["Buffer"],
  "spread/publishable.ts": ["Date.now"],
};

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

/**
 * Judges what a `deno.json` says of linting: what it leaves out, the layers would not be asked about either.
 *
 * @param path Where it stands.
 * @param config What it says.
 * @returns What is wrong, a sentence each.
 */
export function judgeConfig(path: string, config: LintConfig): string[] {
  const wrong: string[] = [];
  if (path === "deno.json" && config.lint?.plugins?.includes("./tools/layers_plugin.ts") !== true) {
    wrong.push(`${path} does not name tools/layers_plugin.ts under lint.plugins`);
  }
  for (const excluded of [...config.exclude ?? [], ...config.lint?.exclude ?? []]) {
    wrong.push(`${path} leaves ${excluded} out of linting`);
  }
  if (config.lint?.include !== undefined) wrong.push(`${path} lints only ${config.lint.include.join(", ")}`);
  for (const rule of config.lint?.rules?.exclude ?? []) {
    if (rule.startsWith("layers/")) wrong.push(`${path} leaves out the rule ${rule}`);
  }
  return wrong;
}

/** The part of a `deno.json` that says what is linted. */
interface LintConfig {
  readonly exclude?: readonly string[];
  readonly lint?: {
    readonly plugins?: readonly string[];
    readonly include?: readonly string[];
    readonly exclude?: readonly string[];
    readonly rules?: { readonly exclude?: readonly string[] };
  };
}

async function main(): Promise<number> {
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
  for (const path of await filesOf(/(^|\/)deno\.json$/)) {
    for (const sentence of judgeConfig(path, JSON.parse(await Deno.readTextFile(path)))) {
      console.error(sentence);
      wrong++;
    }
  }
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
