import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromLatin1 } from "@ropewalk/protocols/bytes";
import { FilePath, type FileStat, type FileSystem, type OpenFile } from "@ropewalk/reactor/filepath";
import { type Answer, type Client, siteClient } from "./_support_test.ts";
import { File, type FileOptions } from "./file.ts";

/** Files in memory: contents by path; `null` is a directory, `{ link }` a symbolic link. */
class Memory implements FileSystem {
  readonly separator = "/";
  open_ = 0;

  constructor(readonly files: Record<string, string | null | { link: string }>) {}

  resolve(path: string): string {
    return new URL(`file://${path.startsWith("/") ? path : `/${path}`}`).pathname.replace(/(.)\/$/, "$1");
  }

  async realPath(path: string): Promise<string> {
    let real = "";
    for (const part of path.split("/").slice(1)) {
      real += `/${part}`;
      const at = this.files[decodeURIComponent(real)];
      if (at !== null && typeof at === "object") real = await this.realPath(at.link);
    }
    if (!(decodeURIComponent(real) in this.files)) throw missing();
    return real;
  }

  async stat(path: string): Promise<FileStat> {
    const content = this.files[decodeURIComponent(await this.realPath(path))]!;
    return content === null
      ? { kind: "directory", size: 0, modified: 1000, mode: 0o755 }
      : { kind: "file", size: (content as string).length, modified: 1000, mode: 0o644 };
  }

  list(path: string): Promise<string[]> {
    const base = `${decodeURIComponent(path)}/`;
    const names = Object.keys(this.files).filter((name) => name.startsWith(base));
    return Promise.resolve([...new Set(names.map((name) => name.slice(base.length).split("/")[0]!))]);
  }

  async open(path: string): Promise<OpenFile> {
    const bytes = fromLatin1(this.files[decodeURIComponent(await this.realPath(path))] as string);
    this.open_++;
    let at = 0;
    return {
      read: (buffer) => {
        if (at >= bytes.length) return Promise.resolve(null);
        const piece = bytes.subarray(at, at + Math.min(buffer.length, 1000));
        buffer.set(piece);
        at += piece.length;
        return Promise.resolve(piece.length);
      },
      write: () => Promise.reject(new Error("read only")),
      seek: (position) => void (at = position),
      stat: () => this.stat(path),
      close: () => Promise.resolve(void this.open_--),
    };
  }

  makeDirectory = (): Promise<void> => Promise.reject(new Error("read only"));
  link = this.makeDirectory;
  rename = this.makeDirectory;
  remove = this.makeDirectory;
}

function missing(): Error {
  return Object.assign(new Error("no such file"), { code: "ENOENT" });
}

const FILES = {
  "/": null,
  "/www": null,
  "/www/a.txt": "0123456789",
  "/www/odd": "odd",
  "/www/t.tar.gz": "zip",
  "/www/out": { link: "/secret.txt" },
  "/www/in": { link: "/www/a.txt" },
  "/www/broken": { link: "/nowhere" },
  "/www/sub": null,
  "/www/sub/index.html": "the index",
  "/www/list": null,
  "/www/list/<b>.txt": "x",
  "/www/c.js": "plain script",
  "/www/c.js.br": "brotli",
  "/www/large": "x".repeat(5000),
  "/www2": null,
  "/www2/secret.txt": "secret",
  "/secret.txt": "secret",
};

function site(
  options: FileOptions = {},
): { client: Client; memory: Memory; ask: (head: string) => Promise<Answer> } {
  const memory = new Memory(FILES);
  const client = siteClient(new File(new FilePath("/www", memory), options));
  const ask = async (head: string): Promise<Answer> => {
    client.transport.clear();
    const [line, ...headers] = head.split("\n");
    client.send(`${line} HTTP/1.1\r\n${["Host: a", ...headers].map((h) => `${h}\r\n`).join("")}\r\n`);
    await client.clock.settle();
    return client.answers([line!.split(" ")[0]!])[0]!;
  };
  return { client, memory, ask };
}

Deno.test("a file is sent with its type, its length and its time, and closed", async () => {
  const { ask, memory } = site();
  const { status, headers, body } = await ask("GET /a.txt");
  assertEquals([status, body, headers.get("content-length")], [200, "0123456789", "10"]);
  assertEquals([headers.get("content-type"), headers.get("accept-ranges")], ["text/plain", "bytes"]);
  assertEquals(headers.get("last-modified"), "Thu, 01 Jan 1970 00:16:40 GMT");
  assertEquals((await ask("GET /odd")).headers.get("content-type"), "text/html");
  assertEquals((await ask("GET /t.tar.gz")).headers.get("content-encoding"), "gzip");
  assertEquals((await ask("GET /large")).body.length, 5000);
  const head = await ask("HEAD /a.txt");
  assertEquals([head.status, head.headers.get("content-length"), head.body], [200, "10", ""]);
  assertEquals((await ask("POST /a.txt")).status, 405);
  assertEquals(memory.open_, 0);
});

Deno.test("nothing leads out of the root", async () => {
  const { ask } = site();
  const paths = [
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e%2fwww2%2fsecret.txt",
    "/out",
  ];
  for (
    const path of [
      ...paths,
      "/sub/../../secret.txt",
      "/a.txt%00",
      "/%00",
      "/%ff",
      "/broken",
      "/a.txt/x",
      "//secret.txt",
    ]
  ) {
    const { status, body } = await ask(`GET ${path}`);
    assertEquals([status, body.includes("secret.txt") && status === 200], [404, false], path);
  }
  assertEquals((await ask("GET /in")).body, "0123456789"); // a link that stays inside
});

Deno.test("a single range, from the front and from the back", async () => {
  const { ask } = site();
  const range = async (value: string) => {
    const { status, headers, body } = await ask(`GET /a.txt\nRange: ${value}`);
    return [status, headers.get("content-range"), body];
  };
  assertEquals(await range("bytes=2-4"), [206, "bytes 2-4/10", "234"]);
  assertEquals(await range("bytes=-3"), [206, "bytes 7-9/10", "789"]);
  assertEquals(await range("bytes=8-"), [206, "bytes 8-9/10", "89"]);
  assertEquals(await range("bytes=8-99"), [206, "bytes 8-9/10", "89"]);
  assertEquals(await range("bytes=10-"), [416, "bytes */10", ""]);
  assertEquals(await range("bytes=0-0,20-"), [206, "bytes 0-0/10", "0"]);
  for (const junk of ["bytes=4-2", "bytes=a-b", "lines=1-2", "bytes=-", "bytes=", "bytes=0-,0-,0-"]) {
    assertEquals(await range(junk), [200, undefined, "0123456789"], junk);
  }
});

Deno.test("several ranges are parts of one answer of the right length", async () => {
  const { headers, body, status } = await site().ask("GET /a.txt\nRange: bytes=0-1, 5-6");
  assertEquals(status, 206);
  const boundary = /boundary="(.*)"/.exec(headers.get("content-type")!)![1]!;
  assertEquals(body.length, Number(headers.get("content-length")));
  assertEquals(
    body.replaceAll(boundary, "B"),
    "\r\n--B\r\nContent-type: text/plain\r\nContent-range: bytes 0-1/10\r\n\r\n01" +
      "\r\n--B\r\nContent-type: text/plain\r\nContent-range: bytes 5-6/10\r\n\r\n56\r\n--B--\r\n",
  );
});

Deno.test("conditions by tag and by time, also for ranges", async () => {
  const { ask } = site();
  const tag = (await ask("GET /a.txt")).headers.get("etag")!;
  assertEquals((await ask(`GET /a.txt\nIf-None-Match: ${tag}`)).status, 304);
  assertEquals((await ask("GET /a.txt\nIf-Modified-Since: Thu, 01 Jan 1970 00:16:40 GMT")).status, 304);
  assertEquals((await ask(`GET /a.txt\nRange: bytes=0-0\nIf-Range: ${tag}`)).status, 206);
  assertEquals((await ask('GET /a.txt\nRange: bytes=0-0\nIf-Range: "old"')).status, 200);
});

Deno.test("a directory is redirected to its slash, and shows its index page or a listing", async () => {
  const { ask } = site();
  const redirect = await ask("GET /sub?q");
  assertEquals([redirect.status, redirect.headers.get("location")], [302, "/sub/?q"]);
  assertEquals((await ask("GET /sub/")).body, "the index");
  const { body } = await ask("GET /list/");
  assertStringIncludes(body, '<a href="./%3Cb%3E.txt">&lt;b&gt;.txt</a>');
  assertMatch((await ask("GET /")).body, /sub\/<\/a>[^]*a\.txt<\/a>/);
  assert(!(await ask("GET /")).body.includes("broken"));
  assertEquals((await site({ listings: false }).ask("GET /list/")).status, 403);
});

Deno.test("a file that was compressed before is sent to who understands it", async () => {
  const { ask } = site();
  const squeezed = await ask("GET /c.js\nAccept-Encoding: gzip, br");
  assertEquals([squeezed.body, squeezed.headers.get("content-encoding")], ["brotli", "br"]);
  assertEquals(squeezed.headers.get("content-type"), "text/javascript");
  assertEquals(squeezed.headers.get("vary"), "accept-encoding");
  const plain = await ask("GET /c.js\nAccept-Encoding: br;q=0");
  assertEquals([plain.body, plain.headers.get("vary")], ["plain script", "accept-encoding"]);
});

Deno.test("a file whose client goes away is closed", async () => {
  const { client, memory } = site();
  client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  client.channel.pauseProducing();
  await client.clock.settle();
  client.transport.abortConnection();
  await client.clock.settle();
  assertEquals(memory.open_, 0);
});
