import { assertEquals, assertThrows } from "@std/assert";
import { setErrorReporter } from "@ropewalk/deferred";
import { FilePath } from "@ropewalk/reactor/filepath";
import { MemoryFileSystem } from "@ropewalk/testing";
import { Client, Page } from "./_support_test.ts";
import { type AccessRecord, combinedLine } from "./access_log.ts";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import { Site, type SiteOptions } from "./site.ts";

function lineFor(wire: string, answer: string | typeof NOT_DONE_YET = "0123456789"): string[] {
  const lines: string[] = [];
  const site = new Site(new Page(() => answer), {
    now: () => Date.UTC(2026, 10, 22, 23, 58, 40),
    accessLog: (record: AccessRecord) => void lines.push(combinedLine(record)),
  });
  const client = new Client(site).send(wire);
  client.transport.abortConnection();
  return lines;
}

Deno.test("an answer is one line of the combined format, byte for byte", () => {
  assertEquals(lineFor("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n"), [
    '"192.168.1.1" - - [22/Nov/2026:23:58:40 +0000] "GET /a.txt HTTP/1.1" 200 10 "-" "-"',
  ]);
  assertEquals(lineFor("HEAD / HTTP/1.1\r\nHost: a\r\nReferer: http://b/\r\nUser-Agent: x\r\n\r\n"), [
    '"192.168.1.1" - - [22/Nov/2026:23:58:40 +0000] "HEAD / HTTP/1.1" 200 - "http://b/" "x"',
  ]);
});

Deno.test("a line of the log cannot be forged", () => {
  const [line] = lineFor('GET /"x HTTP/1.1\r\nHost: a\r\nUser-Agent: a" "b\\ \xe9\r\n\r\n');
  assertEquals(
    line,
    '"192.168.1.1" - - [22/Nov/2026:23:58:40 +0000] "GET /\\"x HTTP/1.1" 200 10 "-" "a\\" \\"b\\\\ \\xe9"',
  );
});

Deno.test("a client that went away before its answer is logged too", () => {
  const [line] = lineFor("GET / HTTP/1.1\r\nHost: a\r\n\r\n", NOT_DONE_YET);
  assertEquals(line!.slice(line!.indexOf("]") + 2), '"GET / HTTP/1.1" - - "-" "-"');
});

/** A site that logs to a file in memory. */
function logging(
  options: SiteOptions = {},
  files = new MemoryFileSystem({ "/log": null }),
): { site: Site; files: MemoryFileSystem; text: () => string } {
  const site = new Site(new Page(() => "0123456789"), {
    now: () => 0,
    logPath: new FilePath("/log/access", files),
    ...options,
  });
  return { site, files, text: () => files.text("/log/access") };
}

const LINE = '"192.168.1.1" - - [01/Jan/1970:00:00:00 +0000] "GET / HTTP/1.1" 200 10 "-" "-"\n';
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

Deno.test("behind a proxy the client is who the proxy says", async () => {
  const clientOf = async (header: string) => {
    const { site, text } = logging({ accessLog: "proxied" });
    new Client(site).send(GET.replace("\r\n\r\n", `\r\n${header}\r\n`));
    site.stopFactory();
    await site.logFlushed();
    return text().split(" - - ")[0];
  };
  assertEquals(await clientOf("X-Forwarded-For: 10.0.0.1, 10.0.0.2\r\n"), '"10.0.0.1"');
  assertEquals(await clientOf('X-Forwarded-For: a" "b\r\n'), '"a\\" \\"b"');
  assertEquals(await clientOf(""), '"-"');
});

Deno.test("a log file is opened when the site starts, has a line for each answer, and is closed when it stops", async () => {
  const { site, files, text } = logging();
  site.doStart();
  site.doStart(); // another port
  await site.logFlushed();
  assertEquals([text(), files.openFiles], ["", 1]);
  const client = new Client(site).send(GET + GET);
  await site.logFlushed();
  assertEquals([text(), files.openFiles], [LINE + LINE, 1]);
  site.doStop();
  assertEquals(files.openFiles, 1);
  client.send(GET);
  site.doStop();
  await site.logFlushed();
  assertEquals([text(), files.openFiles], [LINE.repeat(3), 0]);
  client.send(GET); // it is still connected: what it does is logged, and no file stays open
  await site.logFlushed();
  assertEquals([text(), files.openFiles], [LINE.repeat(4), 0]);
  site.doStart();
  await site.logFlushed();
  assertEquals(text(), LINE.repeat(4), "what is there stays there");
  site.doStop();
  await site.logFlushed();
});

Deno.test("what is there is appended to, and a drained site has written its last line", async () => {
  const { site, text } = logging({}, new MemoryFileSystem({ "/log/access": "before\n" }));
  new Client(site).send(GET);
  site.stopFactory();
  await site.drain();
  assertEquals(text(), `before\n${LINE}`);
});

Deno.test("lines of JSON, and a function beside the file", async () => {
  const json = logging({ accessLog: "json" });
  new Client(json.site).send(GET);
  json.site.stopFactory();
  await json.site.logFlushed();
  assertEquals(JSON.parse(json.text()).uri, "/");
  const heard: AccessRecord[] = [];
  const both = logging({ accessLog: (record) => void heard.push(record) });
  new Client(both.site).send(GET);
  both.site.stopFactory();
  await both.site.logFlushed();
  assertEquals([both.text(), heard.length], [LINE, 1]);
});

Deno.test("a log that cannot be written is reported once, costs no answer, and goes on when it can", async () => {
  const errors: unknown[] = [];
  const previous = setErrorReporter((failure) => void errors.push((failure.value as { code?: string }).code));
  const { site, files, text } = logging({}, new MemoryFileSystem());
  try {
    site.doStart();
    await site.logFlushed();
    assertEquals(errors, ["ENOENT"]);
    const client = new Client(site);
    for (let i = 0; i < 3; i++) {
      assertEquals(client.ask("GET /").body, "0123456789");
      await site.logFlushed();
    }
    assertEquals(errors, ["ENOENT"]);
    await files.makeDirectory("/log", false);
    client.send(GET);
    site.doStop();
    await site.logFlushed();
    assertEquals([text(), errors, files.openFiles], [LINE, ["ENOENT"], 0]);
  } finally {
    setErrorReporter(previous);
  }
});

Deno.test("a disk that stands still keeps so many lines in memory and no more; how many were lost is told", async () => {
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  class Slow extends MemoryFileSystem {
    override async open(...args: Parameters<MemoryFileSystem["open"]>) {
      await ready;
      return await super.open(...args);
    }
  }
  const errors: string[] = [];
  const previous = setErrorReporter((failure) => void errors.push(failure.getErrorMessage()));
  const { site, text } = logging({}, new Slow({ "/log": null }));
  try {
    const client = new Client(site);
    const wire = `GET /${"x".repeat(8000)} HTTP/1.1\r\nHost: a\r\n\r\n`;
    for (let i = 0; i < 140; i++) client.send(wire);
    resolve();
    site.stopFactory();
    await site.logFlushed();
    const lines = text().split("\n").length - 1;
    assertEquals(errors, [`Cannot keep up with the log /log/access: ${140 - lines} lines are lost`]);
    assertEquals(text().length <= 1_048_576 && lines > 100, true);
  } finally {
    setErrorReporter(previous);
  }
});

Deno.test("a log path that is text is refused, with what to write", () => {
  const options = { logPath: "access.log" as unknown as FilePath };
  assertThrows(() => new Site(new Page(() => ""), options), TypeError, "new FilePath(path)");
});
