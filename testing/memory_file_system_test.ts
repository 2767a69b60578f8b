import { Buffer } from "node:buffer";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FilePath } from "@ropewalk/reactor/filepath";
import { Clock } from "./clock.ts";
import { MemoryFileSystem } from "./memory_file_system.ts";

// What it has in common with a disk is proved beside FilePath, on both at once.

Deno.test("MemoryFileSystem begins with the files, directories and links that it was given", async () => {
  const files = new MemoryFileSystem({
    "/a/b.txt": "text",
    "/a/bytes": Uint8Array.of(1, 2),
    "/a/empty": null,
    "/a/link": { link: "b.txt" },
    "/up": { link: "/a/../a" },
  });
  const root = new FilePath("/", files);
  assertEquals(await root.list(), ["a", "up"]);
  assertEquals(await root.child("a").list(), ["b.txt", "bytes", "empty", "link"]);
  assertEquals(await root.descendant(["a", "bytes"]).getContent(), Uint8Array.of(1, 2));
  assertEquals(files.text("/up/link"), "text");
  assertEquals((await root.descendant(["up", "link"]).realPath()).path, "/a/b.txt");
  assertEquals(await root.descendant(["a", "empty"]).isDirectory(), true);
});

Deno.test("MemoryFileSystem keeps what it was given apart from who gave it", async () => {
  const bytes = Buffer.of(1); // whose slice() is no copy
  const files = new MemoryFileSystem({ "/a": bytes });
  bytes[0] = 9;
  const path = new FilePath("/a", files);
  assertEquals(await path.getContent(), Uint8Array.of(1));
  (await path.getContent())[0] = 9;
  assertEquals(await path.getContent(), Uint8Array.of(1));
});

Deno.test("MemoryFileSystem gives what is written the time of its clock", async () => {
  const clock = new Clock();
  const files = new MemoryFileSystem({ "/a": "a" }, { seconds: () => clock.seconds() });
  const path = new FilePath("/a", files);
  assertEquals((await path.stat())!.modified, 0);
  clock.advance(5);
  await path.setContent("b");
  assertEquals((await path.stat())!.modified, 5);
});

Deno.test("MemoryFileSystem tells how many files are open, and refuses one that is closed", async () => {
  const files = new MemoryFileSystem({ "/a": "a" });
  const file = await new FilePath("/a", files).open();
  assertEquals(files.openFiles, 1);
  await assertRejects(() => file.write(Uint8Array.of(1)), Error, "EBADF");
  await file.close();
  assertEquals(files.openFiles, 0);
  await assertRejects(() => file.read(new Uint8Array(1)), Error, "EBADF");
  await assertRejects(() => file.close(), Error, "EBADF");
  assertEquals(files.openFiles, 0);
});

Deno.test("MemoryFileSystem says what a disk says of what cannot be done", async () => {
  const files = new MemoryFileSystem({ "/d/x": "x", "/e/y": "y", "/f": "f" });
  assertThrows(() => files.text("/none"), Error, "ENOENT");
  assertThrows(() => files.text("/d"), Error, "EISDIR");
  assertThrows(() => files.text("/f/below"), Error, "ENOTDIR");
  await assertRejects(() => files.rename("/d", "/d/below"), Error, "EINVAL");
  await assertRejects(() => files.rename("/d", "/e"), Error, "ENOTEMPTY");
  await assertRejects(() => files.rename("/d", "/f"), Error, "ENOTDIR");
  await assertRejects(() => files.rename("/f", "/d"), Error, "EISDIR");
  await assertRejects(() => files.makeDirectory("/f/g", true), Error, "EEXIST");
  assertThrows(() => new MemoryFileSystem({ "/a": "a", "/a/b": "b" }), Error, "EEXIST");
});

Deno.test("MemoryFileSystem gives no more in one read than it was told, and a FilePath gets all of it", async () => {
  const files = new MemoryFileSystem({ "/f": "0123456789" }, { maxReadBytes: 4 });
  const file = await files.open("/f", "read");
  const buffer = new Uint8Array(8);
  const lengths = [];
  for (let i = 0; i < 4; i++) lengths.push(await file.read(buffer));
  assertEquals(lengths, [4, 4, 2, null]);
  await file.close();
  assertEquals(new TextDecoder().decode(await new FilePath("/f", files).getContent()), "0123456789");
  assertThrows(() => new MemoryFileSystem({}, { maxReadBytes: 0 }), RangeError, "maxReadBytes");
});
