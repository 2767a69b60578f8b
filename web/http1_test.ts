import { assert, assertEquals } from "@std/assert";
import { fromLatin1 } from "@ropewalk/protocols/bytes";
import { byteByByte, everySplit } from "@ropewalk/testing";
import { chunkings } from "@ropewalk/testing/arbitraries";
import fc from "fast-check";
import { type Case, CASES } from "./_http1_cases.ts";
import { type Answer, Client, Page } from "./_support_test.ts";
import { Site } from "./site.ts";

function run(
  chunks: readonly Uint8Array[],
): { answers: Answer[]; closed: boolean; seen: string[] } {
  const seen: string[] = [];
  const page = new Page((request) => {
    seen.push(`${request.method} ${request.path} ${request.content.text()}`);
    return "ok";
  });
  const client = new Client(new Site(page)).send("", chunks);
  return { answers: client.answers(), closed: client.closed, seen };
}

function check(test: Case, chunks: readonly Uint8Array[]): void {
  const { answers, closed, seen } = run(chunks);
  const how = `${test.name} (RFC ${test.rfc}), in ${chunks.length} chunks of ${chunks.map((c) => c.length)}`;
  assertEquals(answers.map((answer) => answer.status), [...test.answers], how);
  assertEquals(closed, test.closed, how);
  assertEquals(seen, [...test.seen], how);
}

Deno.test("every case of the table comes out as the RFC says when it arrives whole", () => {
  for (const test of CASES) check(test, [fromLatin1(test.wire)]);
});

Deno.test("every case of the table comes out the same byte by byte", () => {
  for (const test of CASES) check(test, byteByByte(fromLatin1(test.wire)));
});

Deno.test("every case of the table comes out the same cut in two at any point", () => {
  for (const test of CASES) {
    for (const chunks of everySplit(fromLatin1(test.wire))) check(test, chunks);
  }
});

Deno.test("any cutting of any sequence of good cases gives every answer once, in order", () => {
  const good = CASES.filter((test) => !test.closed);
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...good), { minLength: 1, maxLength: 6 })
        .chain((tests) => {
          const wire = tests.map((test) => test.wire).join("");
          return chunkings(fromLatin1(wire)).map((chunks) => ({ tests, wire, chunks }));
        }),
      ({ tests, wire, chunks }) => {
        check({
          name: "a sequence",
          rfc: "9112 §9.3.2",
          wire,
          answers: tests.flatMap((test) => test.answers),
          closed: false,
          seen: tests.flatMap((test) => test.seen),
        }, chunks);
      },
    ),
    { numRuns: 300, seed: 1 },
  );
});

Deno.test("random bytes are answered by an error or waited for, and nothing is thrown", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "GET",
      " ",
      "/",
      "HTTP/1.1",
      "\r\n",
      "\r",
      "\n",
      ":",
      "Host: a",
      "Content-Length: ",
      "5",
      "\0",
    ),
    fc.constantFrom(
      "Transfer-Encoding: chunked\r\n",
      "GET / HTTP/1.1\r\n",
      "Host: a\r\n\r\n",
      "0\r\n\r\n",
      ";x",
      "\t",
    ),
    fc.string({ unit: "binary-ascii", maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const whole = new Client(new Site(new Page(() => "ok"))).send(pieces.join(""));
      const cut = new Client(new Site(new Page(() => "ok")));
      for (const part of pieces) cut.send(part);
      assertEquals(whole.answers().map((a) => a.status), cut.answers().map((a) => a.status));
      assertEquals(whole.closed, cut.closed);
      assert(whole.answers().every((a) => a.status === 200 || a.status >= 400));
    }),
    { numRuns: 2000, seed: 2 },
  );
});

Deno.test("a head is read the same whatever head was read before it on the connection", () => {
  const line = fc.constantFrom(
    "GET / HTTP/1.1",
    "GET /b HTTP/1.1",
    "GET /bb?c HTTP/1.1",
    "GETT / HTTP/1.1",
    "PUT / HTTP/1.1",
    "GET / HTTP/1.0",
    "GET  / HTTP/1.1",
    "GET / HTTP/1.1 ",
    "GET /\tb HTTP/1.1",
    "GET http://b/ HTTP/1.1",
    "POST / HTTP/1.1",
  );
  const rest = fc.constantFrom(
    "Host: a\r\n\r\n",
    "Host: a\r\nX: y\r\n\r\n",
    "Host: a\r\n X: y\r\n\r\n",
    "Host: b\r\n\r\n",
    "Host: a\r\nContent-Length: 3\r\n\r\nabc",
    "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "Host: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
    "Host: a\r\nConnection: close\r\n\r\n",
    "Host: a\n\r\n",
  );
  const message = fc.tuple(line, rest).map(([first, others]) => `${first}\r\n${others}`);
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 2, maxLength: 5 })
        .chain((all) => chunkings(fromLatin1(all.join(""))).map((chunks) => ({ all, chunks }))),
      ({ all, chunks }) => {
        const alone: string[] = [];
        for (const one of all) { // each on a connection of its own, as far as one of all would go
          const { seen, closed } = run([fromLatin1(one)]);
          alone.push(...seen);
          if (closed) break;
        }
        assertEquals(run(chunks).seen, alone);
      },
    ),
    { numRuns: 1000, seed: 3 },
  );
});
