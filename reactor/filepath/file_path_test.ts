import { assert, assertEquals, assertThrows } from "@std/assert";
import { FilePath, InsecurePath } from "./mod.ts";

Deno.test("child never leads out of its directory, whatever the name", () => {
  const root = new FilePath("/srv/www");
  assertEquals(root.child("a b").path, "/srv/www/a b");
  assertEquals(root.child("...").path, "/srv/www/...");
  assertEquals(root.descendant(["a", "b"]).path, "/srv/www/a/b");
  assertEquals(root.preauthChild("a/../b").path, "/srv/www/b");
  assertEquals(new FilePath("/").child("etc").path, "/etc");
  for (const name of ["", ".", "..", "a/b", "/etc", "../www", "a\0b"]) {
    assertThrows(() => root.child(name), InsecurePath, undefined, JSON.stringify(name));
  }
  assertThrows(() => root.descendant(["a", ".."]), InsecurePath);
  assertThrows(() => root.preauthChild("../www2"), InsecurePath);
  assertThrows(() => root.preauthChild("a/../../etc"), InsecurePath);
});

Deno.test("a path knows its parts", () => {
  const path = new FilePath("/srv/www/index.html");
  assertEquals([path.basename(), path.extension(), path.parent().path], ["index.html", ".html", "/srv/www"]);
  assertEquals(path.sibling("b").path, "/srv/www/b");
  assertEquals(path.segmentsFrom(new FilePath("/srv")), ["www", "index.html"]);
  assertThrows(() => path.segmentsFrom(new FilePath("/sr")), RangeError);
  assertEquals(new FilePath("/srv/.profile").extension(), "");
});

Deno.test("a missing file has no stat, and a present one has", async () => {
  const here = new FilePath(new URL(".", import.meta.url).pathname);
  assertEquals(await here.child("missing").stat(), null);
  assertEquals(await here.child("mod.ts").child("below-a-file").exists(), false);
  assert(await here.isDirectory() && await here.child("mod.ts").isFile());
  assert((await here.list()).includes("mod.ts"));
  const content = await here.child("mod.ts").getContent();
  assertEquals(content.length, (await here.child("mod.ts").stat())!.size);
});
