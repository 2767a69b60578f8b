import { FilePath } from "@ropewalk/reactor/filepath";
import { MemoryFileSystem } from "@ropewalk/testing";
import { assertEquals, assertRejects } from "@std/assert";
import { encodeUtf8 } from "../bytes.ts";
import { FilePathFTPShell } from "./file_path_shell.ts";
import { FTPFileError } from "./shell.ts";

function tree() {
  const files = new MemoryFileSystem({
    "/srv/ftp/file": "0123456789",
    "/srv/ftp/sub/deep": "deep",
    "/srv/ftp/inside": { link: "sub/deep" },
    "/srv/ftp/out": { link: "/srv/secret" },
    "/srv/ftp/up": { link: "../.." },
    "/srv/ftp/dangling": { link: "/srv/new" },
    "/srv/ftp/ring": { link: "ring" },
    "/srv/ftpx/file": "the neighbour's",
    "/srv/secret": "secret",
  });
  return { files, shell: new FilePathFTPShell(new FilePath("/srv/ftp", files)) };
}

Deno.test("FilePathFTPShell reads, writes, makes, removes and renames", async () => {
  const { files, shell } = tree();
  assertEquals((await shell.stat([])).isFolder, true);
  assertEquals(await shell.stat(["file"]), {
    name: "file",
    isFolder: false,
    size: 10,
    modified: new Date(0),
  });
  assertEquals((await shell.list([])).map(({ name }) => name), ["file", "inside", "sub"]);
  const reader = await shell.read(["file"], 4);
  assertEquals(await reader.read(3), encodeUtf8("456"));
  assertEquals(await reader.read(300), encodeUtf8("789"));
  assertEquals(await reader.read(300), null);
  await reader.close!();
  for (const [offset, after] of [[0, "ab"], [-1, "abab"], [4, "ababab"], [0, "ab"]] as const) {
    const writer = await shell.write(["new"], offset);
    writer.write(encodeUtf8("a"));
    writer.write(encodeUtf8("b"));
    await writer.close(true);
    assertEquals(files.text("/srv/ftp/new"), after);
  }
  await assertRejects(async () => await shell.write(["new"], 1), FTPFileError, "only at the end");
  await shell.makeFolder(["folder"]);
  await shell.rename(["new"], ["folder", "moved"]);
  await assertRejects(async () => await shell.removeFolder(["folder"]), FTPFileError, "not empty");
  await assertRejects(async () => await shell.removeFile(["folder"]), FTPFileError, "Is a directory");
  await shell.removeFile(["folder", "moved"]);
  await shell.removeFolder(["folder"]);
  await shell.removeFile(["inside"]); // the link, not what it leads to
  assertEquals(files.text("/srv/ftp/sub/deep"), "deep");
  assertEquals(files.openFiles, 0);
});

Deno.test("FilePathFTPShell lets nobody out, by names or by links, and tells no more than that", async () => {
  const { files, shell } = tree();
  const missing = "No such file or directory";
  for (
    const path of [["out"], ["up"], ["up", "secret"], ["up", "ftpx", "file"], ["dangling"], ["a/../.."], [
      "x\0",
    ]]
  ) {
    for (
      const attempt of [
        () => shell.stat(path),
        () => shell.list(path),
        () => shell.read(path, 0),
        () => shell.write(path, 0),
        () => shell.rename(["file"], [...path, "file"]),
      ]
    ) {
      const error = await assertRejects(async () => await attempt(), FTPFileError);
      assertEquals([error.message, path], [missing, path]);
    }
  }
  await assertRejects(async () => await shell.stat(["ring"]), FTPFileError, "Too many links");
  await assertRejects(async () => await shell.removeFile([]), FTPFileError, "Permission denied");
  await assertRejects(async () => await shell.removeFolder(["up"]), FTPFileError, "Not a directory");
  assertEquals([files.text("/srv/secret"), files.text("/srv/ftpx/file")], ["secret", "the neighbour's"]);
  assertEquals(files.openFiles, 0);
});

Deno.test("FilePathFTPShell's errors that are none of the client's business stay what they are", async () => {
  const files = new MemoryFileSystem({ "/srv/file": "" });
  files.open = () => Promise.reject(Object.assign(new Error("the disk is on fire"), { code: "EIO" }));
  const shell = new FilePathFTPShell(new FilePath("/srv", files));
  await assertRejects(async () => await shell.read(["file"], 0), Error, "the disk is on fire");
});

Deno.test("FilePathFTPShell tells what a client asked for that no host does", async () => {
  for (const code of ["EINVAL", "EBUSY", "EFBIG"]) {
    const { files, shell } = tree();
    files.rename = () => Promise.reject(Object.assign(new Error(`${code}: /srv/ftp/sub`), { code }));
    const error = await assertRejects(async () => await shell.rename(["sub"], ["sub", "x"]), FTPFileError);
    assertEquals(error.message.includes("/srv"), false);
  }
});
