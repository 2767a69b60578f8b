import {
  AllowAnonymousAccess,
  ANONYMOUS,
  type AvatarId,
  InMemoryUsernamePasswordDatabase,
  Portal,
} from "@ropewalk/cred";
import { Factory } from "@ropewalk/protocols";
import {
  FilePathFTPShell,
  FTP,
  FTPClient,
  FTPError,
  type FTPShell,
  MemoryFTPShell,
} from "@ropewalk/protocols/ftp";
import { reactor } from "@ropewalk/reactor";
import { FilePath } from "@ropewalk/reactor/filepath";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { PYTHON, Running, runToEnd } from "../_process.ts";
import { connect, listen, untilClosed } from "./_net.ts";

function fill(shell: MemoryFTPShell, path: string[], bytes: Uint8Array): void {
  const writer = shell.write(path, 0);
  writer.write(bytes);
  writer.close(true);
}

function content(shell: MemoryFTPShell, ...path: string[]): Uint8Array {
  return shell.read(path, 0).read(1e9) as Uint8Array ?? new Uint8Array(0);
}

Deno.test("FTP serves lftp: passive and active, lists, uploads, downloads, restarts, folders, anonymous", async () => {
  const home = new MemoryFTPShell(() => new Date(Date.UTC(2024, 1, 29, 12)));
  const big = Uint8Array.from({ length: 300_000 }, (_, i) => i * 7);
  home.makeFolder(["sub"]);
  fill(home, ["big.bin"], big);
  fill(home, ["sub", "żółw.txt"], new TextEncoder().encode("slow\n"));
  const login = (user: string, password: string) => user === "ann" && password === "sesame" ? home : null;
  const { port, listening } = await listen(Factory.forProtocol(FTP, { reactor, login, anonymous: home }));
  const folder = await Deno.makeTempDir();
  try {
    const lftp = async (user: string, commands: string, settings = "") => {
      const base =
        "set net:max-retries 1; set net:timeout 5; set ftp:use-mdtm on; set ssl:verify-certificate no;" +
        " set ftp:ssl-allow no; set ftp:charset UTF-8; set file:charset UTF-8;";
      const { code, output, errors } = await runToEnd("lftp", [
        "-c",
        `${base} ${settings} open ${
          user === "" ? "" : `-u ${user} `
        }ftp://127.0.0.1:${port}; lcd ${folder}; ${commands}`,
      ], { env: { LC_ALL: "C.UTF-8", HOME: folder } });
      return { code, output, errors };
    };
    await Deno.writeFile(`${folder}/up.bin`, big.subarray(0, 100_000));
    for (
      const settings of ["set ftp:passive-mode on;", "set ftp:passive-mode off;", "set ftp:prefer-epsv on;"]
    ) {
      const done = await lftp(
        "ann,sesame",
        "ls; cls -1 sub; get big.bin -o down.bin; put up.bin; mkdir new; mv up.bin new/moved.bin; pwd",
        settings,
      );
      assertEquals([done.code, done.errors.replace(/^mkdir ok.*\n/m, "")], [0, ""], settings);
      assert(/^-rw-r--r--\s.*\s300000 Feb 29\s+2024 big\.bin$/m.test(done.output), done.output);
      assert(done.output.includes("sub/żółw.txt"));
      assertEquals(await Deno.readFile(`${folder}/down.bin`), big);
      assertEquals(content(home, "new", "moved.bin"), big.subarray(0, 100_000));
      const after = await lftp("ann,sesame", "rm new/moved.bin; rmdir new; cat sub/żółw.txt", settings);
      assertEquals([after.code, after.output.includes("slow\n")], [0, true]);
      assertEquals(home.list([]).map(({ name }) => name), ["sub", "big.bin"]);
      await Deno.remove(`${folder}/down.bin`);
    }
    // A download that goes on where it was cut off.
    await Deno.writeFile(`${folder}/part.bin`, big.subarray(0, 123_456));
    assertEquals((await lftp("ann,sesame", "get -c big.bin -o part.bin")).code, 0);
    assertEquals(await Deno.readFile(`${folder}/part.bin`), big);
    // Anonymous users read, and change nothing; others do not come in.
    const anonymous = await lftp("", "cat sub/żółw.txt; put up.bin");
    assert(anonymous.output.includes("slow") && anonymous.code !== 0, anonymous.errors);
    assert((await lftp("ann,wrong", "ls")).code !== 0);
    assert((await lftp("ann,sesame", "cat ../../etc/passwd")).code !== 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
    await listening.stopListening();
    await untilClosed();
  }
});

Deno.test("FTP serves lftp a directory to users of a Portal and to guests, and lets nobody out", async () => {
  const folder = await Deno.makeTempDir();
  const local = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/pub/sub`, { recursive: true });
  await Deno.writeTextFile(`${folder}/pub/readme.txt`, "welcome\n");
  await Deno.writeTextFile(`${folder}/secret`, "hidden\n");
  await Deno.symlink(`${folder}/secret`, `${folder}/pub/link`);
  const big = Uint8Array.from({ length: 3_000_000 }, (_, i) => i * 7 + (i >> 9));
  await Deno.writeFile(`${local}/big.bin`, big);
  await Deno.writeFile(`${folder}/pub/part.bin`, big.subarray(0, 1_234_567));
  const left: AvatarId[] = [];
  const portal = new Portal<FTPShell>({
    requestAvatar: (id) => ({
      avatar: new FilePathFTPShell(new FilePath(`${folder}/pub`)),
      logout: () => void left.push(id),
    }),
  }, [new InMemoryUsernamePasswordDatabase({ ann: "sesame" }), new AllowAnonymousAccess()]);
  const { port, listening } = await listen(Factory.forProtocol(FTP, { reactor, portal }));
  const lftp = (user: string, commands: string, settings = "") =>
    runToEnd("lftp", [
      "-c",
      "set net:max-retries 1; set net:timeout 5; set ftp:ssl-allow no; set ftp:charset UTF-8; set file:charset UTF-8;" +
      ` ${settings} open ${
        user === "" ? "" : `-u ${user} `
      }ftp://127.0.0.1:${port}; lcd ${local}; ${commands}`,
    ], { env: { LC_ALL: "C.UTF-8", HOME: local } });
  try {
    for (const settings of ["set ftp:use-mlsd on;", "set ftp:use-mlsd off; set ftp:passive-mode off;"]) {
      const done = await lftp(
        "ann,sesame",
        "cls -1; put big.bin -o żółw; get żółw -o back.bin; mkdir -p new/deep; mv żółw new/deep/żółw; cls -1 new/deep",
        settings,
      );
      assertEquals(done.code, 0, done.errors);
      assertEquals(await Deno.readFile(`${local}/back.bin`), big);
      assertEquals(await Deno.readFile(`${folder}/pub/new/deep/żółw`), big);
      assert(done.output.includes("readme.txt") && done.output.includes("new/deep/żółw"), done.output);
      assert(!done.output.includes("link"), done.output);
      assertEquals((await lftp("ann,sesame", "rm -r new", settings)).code, 0);
      await Deno.remove(`${local}/back.bin`);
    }
    // An upload that goes on where it was cut off.
    assertEquals((await lftp("ann,sesame", "put -c big.bin -o part.bin")).code, 0);
    assertEquals(await Deno.readFile(`${folder}/pub/part.bin`), big);
    const guest = await lftp("", "cat readme.txt; mkdir mine");
    assert(guest.output.includes("welcome") && guest.code !== 0, guest.errors);
    for (const path of ["../secret", "/../secret", "link", "sub/../../secret"]) {
      const { code, output } = await lftp("ann,sesame", `cat ${path}`);
      assert(code !== 0 && !output.includes("hidden"), path);
    }
    assert((await lftp("ann,wrong", "cls")).code !== 0);
    await untilClosed();
    assert(left.includes("ann") && left.includes(ANONYMOUS));
    assertEquals([...Deno.readDirSync(`${folder}/pub`)].map(({ name }) => name).sort(), [
      "link",
      "part.bin",
      "readme.txt",
      "sub",
    ]);
  } finally {
    await listening.stopListening();
    await untilClosed();
    await Deno.remove(folder, { recursive: true });
    await Deno.remove(local, { recursive: true });
  }
});

for (const kind of ["twisted", "pyftpdlib"]) {
  Deno.test(`FTPClient speaks to ${kind}: lists, files, restarts, folders, errors`, async () => {
    const folder = await Deno.makeTempDir();
    await using server = new Running(PYTHON, [
      new URL("ftp_peer.py", import.meta.url).pathname,
      kind,
      folder,
    ]);
    const port = Number((await server.line(/^port (\d+)/))[1]);
    try {
      const client = new FTPClient({ reactor });
      const { lost } = await connect(client, port);
      await assertRejects(async () => await client.login("ann", "wrong"), FTPError, "530");
      await client.login("ann", "sesame");
      const big = Uint8Array.from({ length: 700_000 }, (_, i) => i * 3);
      await client.makeFolder("new folder");
      await client.changeFolder("new folder");
      assertEquals(await client.pwd(), "/new folder");
      await client.store("file", big);
      assertEquals(await client.size("file"), big.length);
      assertEquals(await client.retrieve("file"), big);
      const old = kind === "twisted"; // which knows neither APPE nor REST
      if (!old) {
        await client.append("file", "more");
        await client.storeFrom("file", "!", 700_004);
        const end = new Uint8Array([...big.slice(699_990), ...new TextEncoder().encode("more!")]);
        assertEquals(await client.retrieve("file", 699_990), end);
      }
      let length = 0;
      await client.retrieveTo("file", { write: (bytes) => void (length += bytes.length), close: () => {} });
      assertEquals(length, old ? 700_000 : 700_005);
      await client.rename("file", "/other");
      await client.cdup();
      assertEquals((await client.names(".")).sort(), ["new folder", "other"]);
      assert((await client.list()).includes(" other\r\n"));
      await assertRejects(async () => await client.retrieve("nothing"), FTPError, "550");
      await client.removeFile("other");
      await client.removeFolder("new folder");
      assertEquals([...Deno.readDirSync(folder)], []);
      await client.quit();
      await lost;
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("FTPClient speaks to our server: all it can do", async () => {
  const home = new MemoryFTPShell();
  const { port, listening } = await listen(Factory.forProtocol(FTP, { reactor, login: () => home }));
  try {
    const client = new FTPClient({ reactor });
    const { lost } = await connect(client, port);
    await client.login("ann", "pw");
    const big = Uint8Array.from({ length: 500_000 }, (_, i) => i * 3);
    await client.makeFolder("new folder");
    await client.changeFolder("new folder");
    assertEquals(await client.pwd(), "/new folder");
    await client.store("żółw", big);
    assertEquals(await client.size("żółw"), big.length);
    assertEquals(await client.retrieve("żółw"), big);
    assertEquals(await client.retrieve("żółw", 499_990), big.slice(499_990));
    await client.rename("żółw", "/other");
    assertEquals(await client.names("/"), ["new folder", "other"]);
    assert((await client.list("/")).includes(" other\r\n"));
    await client.removeFile("/other");
    await client.removeFolder("/new folder");
    assertEquals(await client.names("/"), []);
    await client.quit();
    await lost;
  } finally {
    await listening.stopListening();
    await untilClosed();
  }
});

Deno.test("FTP breaks a transfer off when Python's ftplib says so, and goes on", async () => {
  const home = new MemoryFTPShell();
  fill(home, ["big"], new Uint8Array(20_000_000)); // more than all buffers on the way hold
  const login = (user: string, password: string) => user === "ann" && password === "pw" ? home : null;
  const { port, listening } = await listen(Factory.forProtocol(FTP, { reactor, login }));
  try {
    const peer = new URL("ftplib_peer.py", import.meta.url).pathname;
    const { code, output, errors } = await runToEnd(PYTHON, [peer, `${port}`]);
    assertEquals([code, errors], [0, ""]);
    assertEquals(output.trimEnd().split("\n"), [
      "230 User logged in, proceed",
      "True",
      "426 Connection closed; transfer aborted.",
      "226 Abort successful",
      "/",
      "['big']",
      "221 Goodbye.",
    ]);
  } finally {
    await listening.stopListening();
    await untilClosed();
  }
});
