import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { FilePath } from "@ropewalk/reactor/filepath";
import { MemoryFileSystem } from "@ropewalk/testing";
import { type Answer, type Client, siteClient } from "./_support_test.ts";
import { File, type FileOptions } from "./file.ts";

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
): { client: Client; memory: MemoryFileSystem; ask: (head: string) => Promise<Answer> } {
  const memory = new MemoryFileSystem(FILES, { seconds: () => 1000, maxReadBytes: 1000 });
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
  assertEquals(memory.openFiles, 0);
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
  assert(
    !/broken|out/.test((await ask("GET /")).body),
    "links that lead nowhere, or out of here, are not shown",
  );
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
  assertEquals(memory.openFiles, 0);
});

Deno.test("a link has the type that its own name tells, else that of the file behind it", async () => {
  const files = new MemoryFileSystem({
    "/www/data": "<script>",
    "/www/notes.txt": { link: "/www/data" },
    "/www/latest": { link: "/www/picture.png" },
    "/www/picture.png": "png",
    "/www/sub/index.html": { link: "/www/notes.txt" },
  });
  const client = siteClient(new File(new FilePath("/www", files)));
  const typeOf = async (path: string) => {
    client.transport.clear();
    client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await client.clock.settle();
    return client.answers()[0]!.headers.get("content-type");
  };
  assertEquals(await typeOf("/notes.txt"), "text/plain");
  assertEquals(await typeOf("/latest"), "image/png");
  assertEquals(await typeOf("/sub/"), "text/html");
});

Deno.test("a file that is replaced while it is asked for is sent whole, with the head that belongs to it", async () => {
  class Busy extends MemoryFileSystem {
    override async open(...args: Parameters<MemoryFileSystem["open"]>) {
      if (args[1] !== "read") return await super.open(...args);
      await new FilePath("/www/new", this).setContent("longer than before");
      await this.rename("/www/new", "/www/a.txt"); // between the look at it and its opening
      return await super.open(...args);
    }
  }
  const files = new Busy({ "/www/a.txt": "before" });
  const client = siteClient(new File(new FilePath("/www", files)));
  for (const range of ["", "Range: bytes=-6\r\n"]) {
    client.transport.clear();
    client.send(`GET /a.txt HTTP/1.1\r\nHost: a\r\n${range}\r\n`);
    await client.clock.settle();
    assertEquals(client.answers()[0]!.body, range === "" ? "longer than before" : "before");
    assertEquals(
      client.answers()[0]!.headers.get("content-range"),
      range === "" ? undefined : "bytes 12-17/18",
    );
  }
  assertEquals([client.closed, files.openFiles], [false, 0]);
});

Deno.test("a file that cannot be opened leaves nothing of its head on the page that says so", async () => {
  class Closed extends MemoryFileSystem {
    override open(): never {
      throw Object.assign(new Error("no"), { code: "EACCES" });
    }
  }
  const client = siteClient(new File(new FilePath("/www", new Closed({ "/www/t.tar.gz": "zip" }))));
  client.send("GET /t.tar.gz HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.clock.settle();
  const { status, headers } = client.answers()[0]!;
  assertEquals(status, 403);
  assertEquals(["content-encoding", "etag", "last-modified"].filter((name) => headers.has(name)), []);
});

Deno.test("a path that is text is refused, with what to write in its place", () => {
  assertThrows(
    () => new File("public" as unknown as FilePath),
    TypeError,
    'Cannot serve "public": give a FilePath, new FilePath(path) of @ropewalk/reactor/filepath',
  );
  assertThrows(() => new File(undefined as unknown as FilePath), TypeError, "Cannot serve undefined");
});
