import { assert, assertEquals } from "@std/assert";
import { readTar, startLocalRegistry } from "./_local_registry.ts";
import { judgePublished, specifiersOf } from "./publish_locally.ts";

const encoder = new TextEncoder();

function published(files: Record<string, string>) {
  const entries = Object.entries(files).map(([path, text]) => [path, encoder.encode(text)] as const);
  return { name: "@x/a", version: "1.0.0", files: new Map(entries) };
}

/** A tar archive of one file, written by hand from the format. */
function tarOf(name: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const archive = new Uint8Array(512 + 512 * Math.ceil(data.length / 512) + 1024);
  archive.set(encoder.encode(name), 0);
  archive.set(encoder.encode(data.length.toString(8).padStart(11, "0")), 124);
  archive[156] = 0x30;
  archive.set(data, 512);
  return archive;
}

Deno.test("specifiers are read out of every form an import takes, and not out of comments", () => {
  const source = `/** import { x } from "comment"; */
import { a } from "jsr:@x/a@^1";
import "./side.ts";
export {
  b,
  c,
} from "./b.ts";
export * from "./c.ts";
// import "no";
const d = await import("npm:d@1");
export const text = "from here";
`;
  assertEquals(specifiersOf(source), ["jsr:@x/a@^1", "./side.ts", "./b.ts", "./c.ts", "npm:d@1"]);
});

Deno.test("what only the workspace knows, and tests, may not be among what is published", () => {
  const good = published({
    "/mod.ts": 'import "jsr:@ropewalk/deferred@^0.1.0"; // fine\n',
    "/deno.json": "{}",
  });
  assertEquals(judgePublished(good, ["mime"]), []);
  const bad = published({
    "/mod.ts": 'import mime from "mime";\nexport * from "@ropewalk/deferred";\nimport "https://x.test/";\n',
    "/mod_test.ts": "",
  });
  assertEquals(judgePublished(bad, ["mime"]), [
    "@x/a: /mod.ts imports mime, which only the workspace knows",
    "@x/a: /mod.ts imports @ropewalk/deferred, which only the workspace knows",
    "@x/a: /mod.ts imports https://x.test/",
    "@x/a: /mod_test.ts is part of a test",
  ]);
});

Deno.test("a tar archive gives its files, whatever their length leaves of the last block", () => {
  for (const length of [0, 1, 511, 512, 513]) {
    const data = new Uint8Array(length).fill(7);
    assertEquals([...readTar(tarOf("./sub/a.ts", data))], [["/sub/a.ts", data]]);
  }
});

Deno.test("what was sent to the registry in memory can be fetched from it", async () => {
  const registry = startLocalRegistry();
  try {
    const archive = new Response(tarOf("deno.json", encoder.encode('{"exports":"./mod.ts"}'))).body!;
    const body = await new Response(archive.pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
    const sent = await fetch(`${registry.url}api/scopes/x/packages/a/versions/1.0.0`, {
      method: "POST",
      body,
    });
    assertEquals((await sent.json()).status, "success");
    assert(registry.published.has("@x/a@1.0.0"));
    const meta = await (await fetch(`${registry.url}@x/a/1.0.0_meta.json`)).json();
    assertEquals(meta.exports, { ".": "./mod.ts" });
    assertEquals(await (await fetch(`${registry.url}@x/a/1.0.0/deno.json`)).text(), '{"exports":"./mod.ts"}');
    const missing = await fetch(`${registry.url}@x/b/meta.json`);
    assertEquals(missing.status, 404);
    await missing.body?.cancel();
  } finally {
    await registry.stop();
  }
});
