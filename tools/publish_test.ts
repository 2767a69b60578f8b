import { assertEquals, assertThrows } from "@std/assert";
import { memberOf } from "./_workspace.ts";
import { judgeFiles, publishedFiles, publishOrder } from "./publish.ts";

Deno.test("modules are published after what they import, and else in the order of the workspace", () => {
  const imports = new Map([
    ["deferred", new Set<string>()],
    ["web", new Set(["deferred", "spread"])],
    ["spread", new Set(["deferred"])],
    ["cred", new Set<string>()],
  ]);
  assertEquals(publishOrder(imports), ["deferred", "spread", "web", "cred"]);
});

Deno.test("modules that import one another are refused by name", () => {
  const imports = new Map([["a", new Set<string>()], ["b", new Set(["c"])], ["c", new Set(["b"])]]);
  assertThrows(() => publishOrder(imports), Error, "b, c");
});

Deno.test("the files of a rehearsal are read out of what it prints", () => {
  const output = "Check mod.ts\nSimulating publish of @x/a@0.1.0 with files:\n" +
    "   file:///x/a/deno.json (157B)\n   file:///x/a/sub/mod.ts (1.2KB)\nSuccess Dry run complete\n";
  assertEquals(publishedFiles(output), ["file:///x/a/deno.json", "file:///x/a/sub/mod.ts"]);
});

Deno.test("tests among the published files and missing entries are told", () => {
  assertEquals(judgeFiles(["deno.json", "mod.ts"], ["mod.ts"]), []);
  assertEquals(judgeFiles(["mod.ts", "a_test.ts", "_contract/tcp.ts"], ["mod.ts", "amp.ts"]), [
    "a_test.ts is part of a test",
    "_contract/tcp.ts is part of a test",
    "amp.ts is left out",
  ]);
});

Deno.test("a member's entries are paths from the root, whichever way its exports are written", () => {
  assertEquals([...memberOf(".", { exports: "./mod.ts" }).entries], [[".", "mod.ts"]]);
  assertEquals([...memberOf("web", { exports: { "./distrib": "./distrib.ts" } }).entries], [
    ["./distrib", "web/distrib.ts"],
  ]);
});
