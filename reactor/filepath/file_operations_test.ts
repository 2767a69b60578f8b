import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemoryFileSystem } from "@ropewalk/testing";
import { FilePath, InsecurePath, isMissing, type OpenFile, type OpenMode } from "./mod.ts";

/** Proves the same of a directory on the disk and of one in memory: the double may not be kinder than the host. */
function onBoth(name: string, f: (root: FilePath) => Promise<void>): void {
  Deno.test(`${name} (on the disk)`, async () => {
    const path = await Deno.realPath(await Deno.makeTempDir());
    try {
      await f(new FilePath(path));
    } finally {
      await Deno.remove(path, { recursive: true });
    }
  });
  Deno.test(`${name} (in memory)`, async () => {
    const files = new MemoryFileSystem({ "/tmp/here": null });
    await f(new FilePath("/tmp/here", files));
    assertEquals(files.openFiles, 0, "a file was left open");
  });
}

/** What a failure's code is. */
async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(() => "no error", (error) => error.code);
}

const text = async (path: FilePath) => new TextDecoder().decode(await path.getContent());

onBoth("a file is written and read whole, as text and as bytes", async (root) => {
  const file = root.child("a.txt");
  await file.setContent("grüße");
  assertEquals(await text(file), "grüße");
  const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);
  await file.setContent(bytes);
  assertEquals(await file.getContent(), bytes);
  await file.setContent("");
  assertEquals(await file.getContent(), new Uint8Array());
  assertEquals(await root.list(), ["a.txt"], "nothing is left of the files that were written beside it");
});

onBoth("what cannot be written leaves nothing behind", async (root) => {
  const directory = root.child("d");
  await directory.makeDirectories();
  await directory.child("x").setContent("x");
  const code = await codeOf(directory.setContent("no"));
  assert(code === "EISDIR" || code === "ENOTEMPTY" || code === "EEXIST", `${code}`);
  assertEquals(await root.list(), ["d"]);
});

onBoth("an open file is read in pieces, from where one goes", async (root) => {
  const path = root.child("a");
  await path.setContent("0123456789");
  const file = await path.open();
  const buffer = new Uint8Array(4);
  const pieces: string[] = [];
  for (let count; (count = await file.read(buffer)) !== null;) {
    pieces.push(new TextDecoder().decode(buffer.subarray(0, count)));
  }
  assertEquals(pieces, ["0123", "4567", "89"]);
  file.seek(8);
  assertEquals(await file.read(buffer), 2);
  assertEquals((await file.stat()).size, 10);
  await file.close();
});

onBoth("a file is opened to write from its start, at its end, or only when it is new", async (root) => {
  const path = root.child("a");
  const write = async (mode: "write" | "append" | "new", content: string) => {
    const file = await path.open(mode);
    try {
      return await file.write(new TextEncoder().encode(content));
    } finally {
      await file.close();
    }
  };
  assertEquals(await write("new", "one"), 3);
  assertEquals(await codeOf(write("new", "two")), "EEXIST");
  await write("append", "+more");
  assertEquals(await text(path), "one+more");
  await write("write", "x");
  assertEquals(await text(path), "x");
});

onBoth("stat tells kind and size, and nothing of what is not there", async (root) => {
  const file = root.child("f");
  await file.setContent("12345");
  const stat = (await file.stat())!;
  assertEquals([stat.kind, stat.size], ["file", 5]);
  assert(Number.isFinite(stat.modified) && stat.mode > 0);
  assertEquals((await root.stat())!.kind, "directory");
  assertEquals(await root.child("none").stat(), null);
  assertEquals(await file.child("below-a-file").stat(), null);
  assertEquals([await file.exists(), await file.isFile(), await file.isDirectory()], [true, true, false]);
  const error = await root.child("none").getContent().catch((error) => error);
  assert(isMissing(error));
});

onBoth("a link is told from what it leads to, and realPath follows it", async (root) => {
  const file = root.child("f");
  await file.setContent("12345");
  const link = root.child("l");
  await file.linkTo(link);
  assertEquals([(await link.stat())!.kind, (await link.linkStat())!.kind], ["file", "link"]);
  assertEquals((await link.realPath()).path, file.path);
  assertEquals(await text(link), "12345");
  assertEquals(await codeOf(file.linkTo(link)), "EEXIST");
  await link.remove();
  assertEquals(await root.list(), ["f"]);
  await root.child("nowhere").linkTo(link);
  assertEquals([await link.exists(), (await link.linkStat())!.kind], [false, "link"]);
});

onBoth("links in a ring lead nowhere, and hang nobody", async (root) => {
  const [a, b] = [root.child("a"), root.child("b")];
  await a.linkTo(b);
  await b.linkTo(a);
  assertEquals(await codeOf(a.getContent()), "ELOOP");
});

onBoth("directories are made, one or with those above, and listed in order", async (root) => {
  assertEquals(await codeOf(root.child("a").child("b").createDirectory()), "ENOENT");
  await root.descendant(["a", "b"]).makeDirectories();
  await root.descendant(["a", "b"]).makeDirectories();
  assertEquals(await codeOf(root.child("a").createDirectory()), "EEXIST");
  for (const name of ["c", "B", "a"]) await root.descendant(["a", "b", name]).setContent(name);
  assertEquals(await root.descendant(["a", "b"]).list(), ["B", "a", "c"]);
  assertEquals((await root.child("a").children()).map((child) => child.basename()), ["b"]);
  assertEquals(await codeOf(root.descendant(["a", "b", "c"]).list()), "ENOTDIR");
  const walked: string[] = [];
  for await (const path of root.walk()) walked.push(path.segmentsFrom(root).join("/"));
  assertEquals(walked, ["", "a", "a/b", "a/b/B", "a/b/a", "a/b/c"]);
});

onBoth("walk does not follow a link out of the directory", async (root) => {
  await root.child("in").createDirectory();
  await root.linkTo(root.descendant(["in", "up"]));
  const walked: string[] = [];
  for await (const path of root.child("in").walk()) walked.push(path.basename());
  assertEquals(walked, ["in", "up"]);
});

onBoth("a file is renamed, over what is there, and a directory with what is in it", async (root) => {
  await root.child("a").setContent("a");
  await root.child("b").setContent("b");
  await root.child("a").moveTo(root.child("b"));
  assertEquals([await root.list(), await text(root.child("b"))], [["b"], "a"]);
  await root.child("d").createDirectory();
  await root.child("b").moveTo(root.descendant(["d", "x"]));
  await root.child("d").moveTo(root.child("e"));
  assertEquals(await text(root.descendant(["e", "x"])), "a");
  assertEquals(await codeOf(root.child("none").moveTo(root.child("f"))), "ENOENT");
});

onBoth("removeDirectory takes away an empty directory, and nothing else", async (root) => {
  const full = root.child("full");
  await root.descendant(["full", "empty"]).makeDirectories();
  await full.child("file").setContent("kept");
  const codes = [full, full.child("file"), full.child("none")].map((path) => codeOf(path.removeDirectory()));
  assertEquals(await Promise.all(codes), ["ENOTEMPTY", "ENOTDIR", "ENOENT"]);
  await full.child("empty").removeDirectory();
  assertEquals([await full.list(), await text(full.child("file"))], [["file"], "kept"]);
});

onBoth("a directory is copied and removed with all that is in it", async (root) => {
  const source = root.descendant(["s", "deep"]);
  await source.makeDirectories();
  await source.child("x").setContent("x");
  await root.child("s").child("y").setContent("y");
  await root.child("s").copyTo(root.child("t"));
  assertEquals(await text(root.descendant(["t", "deep", "x"])), "x");
  await assertRejects(() => root.child("s").copyTo(root.descendant(["s", "deep", "copy"])), RangeError);
  await root.child("s").remove();
  assertEquals([await root.list(), await text(root.descendant(["t", "y"]))], [["t"], "y"]);
  assertEquals(await codeOf(root.child("s").remove()), "ENOENT");
});

Deno.test("what is moved to another device, or another file system, is copied and then removed", async () => {
  class Devices extends MemoryFileSystem {
    override async rename(from: string, to: string): Promise<void> {
      if (from.split("/")[1] !== to.split("/")[1]) throw Object.assign(new Error("far"), { code: "EXDEV" });
      await super.rename(from, to);
    }
  }
  const files = new Devices({ "/one/d/x": "x", "/one/f": "f", "/one/g": "g", "/two": null });
  const elsewhere = new MemoryFileSystem({ "/far": null });
  const [one, two] = [new FilePath("/one", files), new FilePath("/two", files)];
  await one.child("d").moveTo(two.child("e"));
  await one.child("f").moveTo(two.child("f"));
  await one.child("g").moveTo(new FilePath("/far/g", elsewhere));
  assertEquals([await one.list(), await two.list()], [[], ["e", "f"]]);
  assertEquals([files.text("/two/e/x"), files.text("/two/f"), elsewhere.text("/far/g")], ["x", "f", "g"]);
  assertEquals(await codeOf(one.child("none").moveTo(two.child("n"))), "ENOENT");
  files.rename = () => Promise.reject(Object.assign(new Error("mounted below"), { code: "EXDEV" }));
  assertEquals(await codeOf(two.child("e").moveTo(two.child("e").child("below"))), "EXDEV");
  assertEquals([await two.list(), files.openFiles], [["e", "f"], 0]);
});

Deno.test("a file is copied a piece at a time, however large it is", async () => {
  let most = 0;
  class Watching extends MemoryFileSystem {
    override async open(path: string, mode: OpenMode): Promise<OpenFile> {
      const file = await super.open(path, mode);
      const read = file.read.bind(file);
      file.read = (buffer) => {
        most = Math.max(most, buffer.length);
        return read(buffer);
      };
      return file;
    }
  }
  const content = Uint8Array.from({ length: 1_000_000 }, (_, i) => i % 251);
  const files = new Watching({ "/a": content }, { maxReadBytes: 50_000 });
  await new FilePath("/a", files).copyTo(new FilePath("/b", files));
  assert(most > 0 && most <= 65_536, `${most}`);
  assertEquals(await new FilePath("/b", files).getContent(), content);
  assertEquals(files.openFiles, 0);
});

onBoth("no name leads out, and what is named is the file meant", async (root) => {
  await root.child("d").createDirectory();
  await root.child("secret").setContent("s");
  const directory = root.child("d");
  for (const names of [["..", "secret"], ["../secret"], [""], ["."], ["a\0b"]]) {
    await assertRejects(async () => void await directory.descendant(names).getContent(), InsecurePath);
  }
  await assertRejects(async () => void await directory.preauthChild("../secret").getContent(), InsecurePath);
  assertEquals(directory.preauthChild("x/../y").path, directory.child("y").path);
  assertEquals(await text(directory.sibling("secret")), "s");
});
