import { flushLoggedErrors, MemoryFileSystem } from "@ropewalk/testing";
import { concatBytes } from "@ropewalk/protocols/bytes";
import { FilePath } from "@ropewalk/reactor/filepath";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Client, Page } from "./_support_test.ts";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import type { Request } from "./request.ts";
import type { RenderResult } from "./resource.ts";
import { Site, type SiteOptions } from "./site.ts";
import { siteHandler } from "./site_handler.ts";

const CONTENT = "0123456789".repeat(100);
const FORM = '--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n--b\r\n' +
  `Content-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\n${CONTENT}\r\n--b--`;
const HEAD = "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n";

function bench(answer: (request: Request) => RenderResult, options: SiteOptions = {}) {
  const files = new MemoryFileSystem({ "/tmp": null, "/kept": null });
  const uploads = new FilePath("/tmp", files);
  const site = new Site(new Page(answer), {
    uploadDirectory: uploads,
    uploadMemoryBytes: 500,
    accessLog: "none",
    ...options,
  });
  return { files, uploads, site, client: new Client(site) };
}

async function turns(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve();
}

async function all(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  return new TextDecoder().decode(concatBytes(parts));
}

Deno.test("a form that is large goes to a file, which is there until the request ends", async () => {
  let request!: Request;
  const { files, uploads, client } = bench((asked) => {
    request = asked;
    return NOT_DONE_YET;
  });
  for (let at = 0; at < FORM.length + 200; at += 100) {
    client.send(at === 0 ? `${HEAD}Content-Length: ${FORM.length}\r\n\r\n` : FORM.slice(at - 100, at));
    await turns();
  }
  const [name] = await uploads.list();
  assert(/^upload-[0-9a-f]{64}$/.test(name!));
  assertEquals((await uploads.child(name!).stat())!.mode & 0o777, 0o600);
  const file = request.getFile("f")!;
  assertEquals([request.args.get("note"), file.filename, file.size], ["hello", "f.txt", 1000]);
  assertEquals(await all(file.stream()), CONTENT);
  assertEquals(await all(request.content.stream()), FORM);
  await file.saveTo(new FilePath("/kept/f.txt", files));
  assertThrows(() => file.bytes(), TypeError, "read it by stream()");
  assertThrows(() => request.content.text(), TypeError, "read it by stream()");
  request.finish();
  await turns();
  assertEquals([await uploads.list(), files.openFiles], [[], 0]);
  assertEquals(files.text("/kept/f.txt"), CONTENT);
});

Deno.test("a form that is small stays in memory, and so does all that is no form with files", async () => {
  for (const type of ["multipart/form-data; boundary=b", "text/plain", "application/x-www-form-urlencoded"]) {
    const { uploads, client } = bench((request) =>
      `${request.content.spooled} ${request.content.text().length}`
    );
    const body = type.startsWith("multipart") ? FORM.replace(CONTENT, "tiny") : "x".repeat(5000);
    client.send(
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await turns();
    assertEquals(client.answers()[0]!.body, `false ${body.length}`);
    assertEquals(await uploads.list(), []);
  }
});

Deno.test("a client that hangs up while its form arrives, or while it is answered, leaves no file", async () => {
  for (const part of [FORM.slice(0, 900), FORM]) {
    const { files, uploads, client } = bench(() => NOT_DONE_YET);
    client.send(`${HEAD}Content-Length: ${FORM.length}\r\n\r\n${part}`);
    await turns();
    assertEquals((await uploads.list()).length, 1);
    client.transport.abortConnection();
    await turns();
    assertEquals([await uploads.list(), files.openFiles], [[], 0]);
  }
});

Deno.test("a disk that is slow holds the client back; one that fails is 500, and the process goes on", async () => {
  const { uploads, client } = bench(() => "seen", { maxBodyBytes: 10_000_000 });
  const long = FORM.replace(CONTENT, "x".repeat(600_000));
  client.send(`${HEAD}Content-Length: ${long.length}\r\n\r\n${long.slice(0, 100_000)}`);
  client.send(long.slice(100_000, 300_000)).send(long.slice(300_000, 400_000));
  assertEquals(client.transport.producerState, "paused");
  await turns();
  assertEquals(client.transport.producerState, "producing");
  client.send(long.slice(400_000));
  await turns();
  assertEquals(client.answers()[0]!.body, "seen");
  await turns();
  assertEquals(await uploads.list(), []);

  const nowhere = bench(() => "seen", {
    uploadDirectory: new FilePath("/nowhere", new MemoryFileSystem({})),
  });
  nowhere.client.send(`${HEAD}Content-Length: ${FORM.length}\r\n\r\n${FORM}`);
  await turns();
  assertEquals(nowhere.client.answers()[0]!.status, 500);
  assertEquals(flushLoggedErrors().length, 1);
});

Deno.test("under a fetch handler forms go to files too", async () => {
  const { files, uploads, site } = bench(async (request) => await all(request.getFile("f")!.stream()));
  const answer = await siteHandler(site)(
    new globalThis.Request("http://a/", {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=b" },
      body: FORM,
    }),
  );
  assertEquals(await answer.text(), CONTENT);
  await turns();
  assertEquals([await uploads.list(), files.openFiles], [[], 0]);
});

Deno.test("what a form may hold is the site's to say", () => {
  for (const formLimits of [{ maxParts: 1 }, { maxFieldBytes: 4 }, { maxPartHeaderBytes: 20 }]) {
    const { client } = bench(() => "seen", { formLimits, uploadMemoryBytes: Infinity });
    client.send(`${HEAD}Content-Length: ${FORM.length}\r\n\r\n${FORM}`);
    assertEquals(client.answers()[0]!.status, 400, JSON.stringify(formLimits));
  }
  assertThrows(() => bench(() => "", { uploadMemoryBytes: -1 }), RangeError, "it is no size");
});

Deno.test("a file that cannot be written to is told of when an upload is saved", async () => {
  let saved!: Promise<void>;
  const { client } = bench((request) => {
    saved = request.getFile("f")!.saveTo(new FilePath("/no/such", new MemoryFileSystem({})));
    return "";
  }, { uploadMemoryBytes: Infinity });
  client.send(`${HEAD}Content-Length: ${FORM.length}\r\n\r\n${FORM}`);
  await assertRejects(() => saved, Error);
});

Deno.test("a copy of an upload that fails leaves nothing behind, and what was there before as it was", async () => {
  const kept = new MemoryFileSystem({ "/kept/old.txt": new TextEncoder().encode("old") });
  const target = new FilePath("/kept/old.txt", kept);
  let saved!: Promise<void>;
  const { client } = bench((request) => {
    const file = request.getFile("f")!;
    file.stream = async function* () {
      yield new Uint8Array(10);
      throw new Error("The disk is gone");
    };
    saved = file.saveTo(target);
    return "";
  }, { uploadMemoryBytes: Infinity });
  client.send(`${HEAD}Content-Length: ${FORM.length}\r\n\r\n${FORM}`);
  await assertRejects(() => saved, Error, "The disk is gone");
  assertEquals(await new FilePath("/kept", kept).list(), ["old.txt"]);
  assertEquals(new TextDecoder().decode(await target.getContent()), "old");
});
