import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { judgeConfig, LAYERS, silencers } from "./check_layers.ts";
import { isTest, judgeImport, layerOf } from "./layer_rules.ts";
import plugin from "./layers_plugin.ts";

/** What the plugin says of a file that is held in memory. */
function complaints(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, path, source).map((found) => found.message);
}

Deno.test("every layer of the table names only layers of the table", () => {
  for (const [name, layer] of Object.entries(LAYERS)) {
    for (const below of [...layer.imports, ...layer.types ?? []]) {
      assert(below in LAYERS, `${name} may import ${below}, which is no layer`);
    }
  }
});

Deno.test("the table has no cycle", () => {
  function visit(name: string, above: readonly string[]): void {
    assert(!above.includes(name), [...above, name].join(" → "));
    for (const below of LAYERS[name]!.imports) {
      if (name === "testing" && below === "testing/deferred_test") continue; // Two parts of one layer.
      visit(below, [...above, name]);
    }
  }
  for (const name of Object.keys(LAYERS)) visit(name, []);
});

Deno.test("a file's layer is the longest key that fits it", () => {
  const expected: [string, string | undefined][] = [
    ["deferred/deferred.ts", "deferred"],
    ["reactor/mod.ts", "reactor"],
    ["reactor/core/task.ts", "reactor/core"],
    ["reactor/filepath.ts", "reactor/filepath"],
    ["reactor/_filepath_unix.ts", "reactor/filepath"],
    ["web/distrib.ts", "web/distrib"],
    ["web/distrib/user.ts", "web/distrib"],
    ["web/distrib_user.ts", "web/distrib"],
    ["web/distribution.ts", "web"],
    ["protocols/protobuf.ts", "protocols/protobuf"],
    ["unheard/of.ts", undefined],
  ];
  for (const [path, layer] of expected) assertEquals(layerOf(path), layer, path);
});

Deno.test("imports that the layers allow are left alone", () => {
  const allowed: [path: string, source: string][] = [
    ["deferred/mod.ts", `export { Deferred } from "./deferred.ts";`],
    ["reactor/core/task.ts", `import { Deferred } from "@ropewalk/deferred";`],
    ["reactor/default.ts", `export * from "./core/mod.ts"; import "./deno/mod.ts";`],
    ["reactor/node/tcp.ts", `import net from "node:net"; net.connect(1); setTimeout(() => {}, process.pid);`],
    ["protocols/line.ts", `import { succeed } from "@ropewalk/deferred"; import "@ropewalk/reactor/core";`],
    ["protocols/ftp.ts", `import type { FilePath } from "@ropewalk/reactor/filepath";`],
    ["protocols/ftp.ts", `import { type FilePath } from "@ropewalk/reactor/filepath";`],
    ["web/file.ts", `import mime from "mime"; import { getLogger } from "@logtape/logtape";`],
    ["web/distrib.ts", `import { Root } from "@ropewalk/spread"; import { Site } from "./site.ts";`],
    ["web/cookies.ts", `import { CookieJar } from "tough-cookie";`],
    ["testing/web.ts", `import { Site } from "@ropewalk/web";`],
    ["spread/jelly_test.ts", `import { assert } from "@std/assert"; import fc from "fast-check";`],
    ["spread/pb_test.ts", `import { Clock } from "@ropewalk/testing"; Deno.test("x", () => {});`],
    ["protocols/tcp_test.ts", `import { contract } from "../reactor/_contract/tcp.ts";`],
    [
      "examples/echo.ts",
      `import { reactor } from "@ropewalk/reactor"; import "./keyvalue/store.ts"; Deno.exit();`,
    ],
    ["bench/lines.bench.ts", `import { encode } from "../spread/_encode.ts"; fetch("");`],
    ["mod.ts", `export * as deferred from "@ropewalk/deferred";`],
  ];
  for (const [path, source] of allowed) assertEquals(complaints(path, source), [], `${path}: ${source}`);
});

Deno.test("imports that the layers forbid are caught, in every form an import can take", () => {
  const forbidden: [path: string, source: string, words: string][] = [
    ["deferred/log.ts", `import { getLogger } from "@logtape/logtape";`, "may not import the package"],
    ["deferred/timeout.ts", `import "@ropewalk/reactor/core";`, "deferred may not import reactor/core"],
    ["reactor/core/x.ts", `export * from "../deno/mod.ts";`, "reactor/core may not import reactor/deno"],
    ["reactor/core/x.ts", `export { a } from "../mod.ts";`, "reactor/core may not import reactor"],
    ["reactor/core/x.ts", `type A = import("../deno/mod.ts").A;`, "reactor/core may not import reactor/deno"],
    [
      "reactor/core/x.ts",
      `import type { A } from "../deno/mod.ts";`,
      "reactor/core may not import reactor/deno",
    ],
    ["protocols/x.ts", `import { reactor } from "@ropewalk/reactor";`, "protocols may not import reactor"],
    [
      "protocols/x.ts",
      `const { reactor } = await import("@ropewalk/reactor");`,
      "protocols may not import reactor",
    ],
    ["protocols/x.ts", `import { Deferred } from "../deferred/mod.ts";`, "bare name (@ropewalk/deferred)"],
    ["protocols/x.ts", `import { FilePath } from "@ropewalk/reactor/filepath";`, "only types"],
    ["protocols/x.ts", `import { type A, b } from "@ropewalk/reactor/filepath";`, "only types"],
    ["protocols/x.ts", `import "node:net";`, "may not name the host"],
    ["spread/x.ts", `import { Clock } from "@ropewalk/testing";`, "spread may not import testing"],
    ["spread/x.ts", `import { Resource } from "@ropewalk/web";`, "spread may not import web"],
    ["web/site.ts", `import { Root } from "@ropewalk/spread";`, "web may not import spread"],
    ["web/site.ts", `export { x } from "./distrib.ts";`, "web may not import web/distrib"],
    ["web/site.ts", `import { CookieJar } from "tough-cookie";`, "may not import the package tough-cookie"],
    ["web/site.ts", `import { x } from "./site_test.ts";`, "only tests import a test"],
    ["web/site.ts", `import "npm:mime@4";`, "import map"],
    ["web/site.ts", `import "jsr:@std/assert";`, "import map"],
    ["web/site_test.ts", `import "https://x.test/y.ts";`, "web address"],
    ["web/site_test.ts", `import { Deferred } from "../deferred/mod.ts";`, "bare name"],
    ["web/site.ts", `import { assert } from "@std/assert";`, "may not import the package @std/assert"],
    ["newcomer/mod.ts", `import "@ropewalk/deferred";`, "is in no layer"],
    ["web/x.ts", `import "@ropewalk/newcomer";`, "is in no layer"],
    ["examples/echo.ts", `import { Deferred } from "../deferred/mod.ts";`, "bare name"],
    ["mod.ts", `export * from "./tools/x.ts";`, "root entry"],
  ];
  for (const [path, source, words] of forbidden) {
    const found = complaints(path, source);
    assertEquals(found.length, 1, `${path}: ${source}: ${found.join("; ")}`);
    assertStringIncludes(found[0]!, words);
  }
});

Deno.test("names of the host are caught above the hosts, however they are reached", () => {
  const forbidden = [
    `setTimeout(() => {}, 1);`,
    `const id = globalThis.setInterval(f, 1);`,
    `globalThis["setTimeout"](f, 1);`,
    `const conn = await Deno.connect({ port: 1 });`,
    `function f(conn: Deno.Conn): void { conn; }`,
    `const host = (globalThis as { Deno?: unknown }).Deno;`,
    `const { Deno: host } = globalThis;`,
    `const tools = { fetch };`,
    `const later = () => setTimeout;`,
    `function f(wait = setTimeout): void { wait; }`,
    `const host = globalThis as { process?: unknown };`,
    `look(globalThis);`,
    `const now = Date.now();`,
    `const now = new Date();`,
    `const now = performance.now();`,
    `if (typeof process !== "undefined") f();`,
    `class Wide extends WebSocket {}`,
    `new Worker("x");`,
    `type Host = typeof Deno;`,
  ];
  for (const source of forbidden) {
    const found = complaints("protocols/x.ts", source);
    assertEquals(found.length, 1, `${source}: ${found.join("; ")}`);
    assertStringIncludes(found[0]!, "protocols may not name");
    assertEquals(complaints("reactor/deno/x.ts", source), [], source);
    assertEquals(complaints("reactor/x_test.ts", source), [], source);
  }
});

Deno.test("comments, strings and members that are called like a host's are left alone", () => {
  const innocent = [
    `// Deno.connect and import "node:net" and setTimeout(f)`,
    `/** import { reactor } from "@ropewalk/reactor"; */ export const a = 1;`,
    'export const text = "Deno.listen(1)", more = `setTimeout ${text}`, pattern = /import "node:fs"/;',
    `class A { setTimeout(seconds: number): void { this.setTimeout(seconds); } fetch = 1; }`,
    `interface B { fetch(url: string): void; process: number; Buffer?: unknown }`,
    `export function run(fetch: (url: string) => void): void { fetch("x"); }`,
    `globalThis.structuredClone(1); const { crypto } = globalThis; type Host = typeof globalThis;`,
    `(globalThis as { gc?: () => void }).gc?.();`,
    `const pair = { process: 1, Buffer: 2 }; pair.process;`,
    `interface Worker { run(): void } export function start(worker: Worker): void { worker.run(); }`,
    `type Sleep = (setTimeout: number) => void; enum Kind { Worker, process } export type { Sleep };`,
    `function f(now: () => number = Date.now): number { return now() / 1000; } Math.max(1, f(Date.now));`,
    `const day = new Date(0), other = Date.UTC(2000, 1);`,
    `import { Worker } from "./worker.ts"; new Worker();`,
  ];
  for (const source of innocent) assertEquals(complaints("protocols/x.ts", source), [], source);
});

Deno.test("a real socket in a test is caught, but for those of the hosts and of real peers", () => {
  const source = `const listener = Deno.listen({ port: 0 });`;
  assertStringIncludes(complaints("web/site_test.ts", source)[0] ?? "", "no real socket");
  for (const path of ["reactor/deno/tcp_test.ts", "reactor/_contract/tcp.ts", "interop/web/curl_test.ts"]) {
    assertEquals(complaints(path, source), [], path);
  }
});

Deno.test("a mod.ts lists what its module exports, and does nothing else", () => {
  const list =
    `/** Web. @module */ export { Site } from "./site.ts"; export type { A } from "./a.ts"; import "./b.ts";`;
  assertEquals(complaints("web/mod.ts", list), []);
  assertEquals(complaints("reactor/core/mod.ts", "export {};"), []);
  const more = [
    `export * from "./site.ts";`,
    `export const a = 1;`,
    `import { Site } from "./site.ts"; export { Site };`,
    `export default function f(): void {}`,
    `setUp();`,
  ];
  for (const source of more) {
    assert(complaints("web/mod.ts", source).length > 0, source);
    assertEquals(complaints("web/site.ts", source), [], source);
    assertEquals(complaints("tools/std/assert/mod.ts", source), [], source);
  }
});

Deno.test("what is a test, and so left out of publishing, is known by its name", () => {
  assert(isTest("web/site_test.ts"));
  assert(isTest("reactor/_contract/tcp.ts"));
  assert(!isTest("testing/contest.ts"));
  assertEquals(judgeImport("web/_contract/x.ts", "@ropewalk/testing"), undefined);
});

Deno.test("a comment that would silence the layers is found, and another is not", () => {
  assertEquals(silencers("// deno-lint-ignore layers/imports\nx;\n// deno-lint-ignore-file\n"), [1, 3]);
  assertEquals(silencers("a;\n  // deno-lint-ignore no-explicit-any layers/hosts -- why\n"), [2]);
  assertEquals(silencers("// deno-lint-ignore no-explicit-any\n// deno-lint-ignore-file no-console\n"), []);
});

Deno.test("a deno.json that would keep files or rules from the layers is found", () => {
  const plugins = ["./tools/layers_plugin.ts"];
  assertEquals(judgeConfig("deno.json", { lint: { plugins } }), []);
  assertEquals(judgeConfig("web/deno.json", {}), []);
  assertEquals(judgeConfig("deno.json", {}), [
    "deno.json does not name tools/layers_plugin.ts under lint.plugins",
  ]);
  const bad = {
    exclude: ["x"],
    lint: { exclude: ["y"], include: ["z"], rules: { exclude: ["layers/hosts"] } },
  };
  assertEquals(judgeConfig("web/deno.json", bad).length, 4);
});
