import { assertEquals } from "@std/assert";
import { Client, Page } from "./_support_test.ts";
import { type AccessRecord, combinedLine } from "./access_log.ts";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import { Site } from "./site.ts";

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
