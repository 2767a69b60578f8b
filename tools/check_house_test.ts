import { assert, assertEquals } from "@std/assert";
import { memberOf } from "./_workspace.ts";
import { isWellNamed, judgeMember, linksOf, neverEnding, unrunnable } from "./check_house.ts";

Deno.test("a module whose deno.json is in order is left alone", () => {
  const member = memberOf("web", {
    name: "@ropewalk/web",
    version: "0.1.0",
    license: "MIT",
    exports: { ".": "./mod.ts", "./line-receiver": "./line_receiver.ts" },
    publish: { exclude: ["**/*_test.ts"] },
  });
  assertEquals(judgeMember(member), []);
});

Deno.test("each fault of a deno.json is told", () => {
  const member = memberOf("web", { name: "@x/web", exports: { "./line_receiver": "./line_receiver.ts" } });
  assertEquals(judgeMember(member), [
    "web/deno.json is called @x/web, not @ropewalk/web",
    "web/deno.json has no version",
    "web/deno.json does not say that its license is MIT",
    "web/deno.json would publish its tests",
    "web/deno.json has no main entry ./mod.ts",
    "web/deno.json entry ./line_receiver is not in kebab-case",
  ]);
});

Deno.test("file names are snake_case, private ones with an underscore before", () => {
  for (
    const path of ["web/site.ts", "web/_http_parser.ts", "bench/lines.bench.ts", "a/x_test.ts", "b.d.ts"]
  ) {
    assert(isWellNamed(path), path);
  }
  for (const path of ["web/lineReceiver.ts", "web/line-receiver.ts", "web/Site.ts", "web/a__b.ts"]) {
    assert(!isWellNamed(path), path);
  }
});

Deno.test("examples that are not run are kept on their lines, and all else is blank", () => {
  const markdown = "# Echo\n```ts\nrun();\n```\n```ts ignore\nserve();\n```\nEnd.";
  assertEquals(unrunnable(markdown), "\n\n\n\n```ts\nserve();\n```\n");
  const source = "/**\n * Echo.\n *\n * ```ts ignore\n * serve();\n *   deep();\n * ```\n */\nexport {};";
  assertEquals(unrunnable(source), "\n\n\n```ts\nserve();\n  deep();\n```\n\n");
  assertEquals(unrunnable("```ts\nrun();\n```"), undefined);
});

Deno.test("links to files are found, and those to elsewhere or in code are not", () => {
  const page = "[a](b.md) and [`c`](../d/e.ts#f), [g](https://x.test/h), [i](#j)\n" +
    "```ts\nlist[0](x.md)\n```\n`[k](l.md)` and [m](n/)";
  assertEquals(linksOf(page), ["b.md", "../d/e.ts", "n/"]);
});

Deno.test("a fence that only seems to keep an example from being run is found", () => {
  assertEquals(neverEnding("/**\n * ```ts no-run\n * ```\n * ```ts ignore\n"), [2]);
  assertEquals(neverEnding("```ts no_run\n```\n```ts\nno_run();\n"), [1]);
});
