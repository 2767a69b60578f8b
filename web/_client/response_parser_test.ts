/** What counts as a response, and what does not. */
import type { Failure } from "@ropewalk/deferred";
import { byteByByte, everySplit, failureResultOf } from "@ropewalk/testing";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import fc from "fast-check";
import { type BadResponse, ResponseFailed } from "../client.ts";
import { Body, bytes, Line } from "./_support_test.ts";

interface Seen {
  code: number;
  phrase: string;
  headers: [string, string][];
  body: string;
  end: string;
  events: string[];
}

/** Feeds a response in pieces, reading the body as it comes. */
function feed(pieces: Uint8Array[], method = "GET"): Seen {
  const line = new Line();
  const body = new Body();
  const seen: Seen = { code: 0, phrase: "", headers: [], body: "", end: "", events: line.events };
  line.ask(method).addCallbacks((response) => {
    seen.code = response.code;
    seen.phrase = response.phrase;
    seen.headers = [...response.headers];
    response.deliverBody(body);
  }, (failure) => {
    seen.end = failure.type;
  });
  for (const piece of pieces) {
    if (!line.transport.disconnecting) line.connection.dataReceived(piece.slice());
  }
  if (!line.events.includes("idle")) line.lose();
  seen.body = body.text;
  if (body.reason !== null) seen.end = body.reason.type;
  return seen;
}

const GOOD: [name: string, text: string, code: number, body: string, end: string][] = [
  ["a length", "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", "ResponseDone"],
  [
    "equal lengths",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2, 2\r\n\r\nhi",
    200,
    "hi",
    "ResponseDone",
  ],
  [
    "chunks",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
    200,
    "hello",
    "ResponseDone",
  ],
  [
    "trailers",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n",
    200,
    "a",
    "ResponseDone",
  ],
  [
    "chunks and a length",
    "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    200,
    "a",
    "ResponseDone",
  ],
  [
    "identity",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 1\r\n\r\na",
    200,
    "a",
    "ResponseDone",
  ],
  ["no phrase", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, "", "ResponseDone"],
  ["no space after the status", "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", 404, "", "ResponseDone"],
  [
    "a folded header",
    "HTTP/1.1 200 OK\r\nA: b\r\n  c\r\nContent-Length: 1\r\n\r\na",
    200,
    "a",
    "ResponseDone",
  ],
  ["an end by closing", "HTTP/1.1 200 OK\r\n\r\nabc", 200, "abc", "PotentialDataLoss"],
  ["an old server", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", 200, "a", "ResponseDone"],
  [
    "interim answers",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
    201,
    "",
    "ResponseDone",
  ],
];

for (const [name, text, code, body, end] of GOOD) {
  Deno.test(`A response is the same however it is cut: ${name}`, () => {
    const whole = feed([bytes(text)]);
    assertEquals([whole.code, whole.body, whole.end], [code, body, end]);
    assertEquals(feed(byteByByte(bytes(text))), { ...whole, events: feed(byteByByte(bytes(text))).events });
    for (const pieces of everySplit(bytes(text))) {
      const cut = feed(pieces);
      assertEquals({ ...cut, events: [] }, { ...whole, events: [] });
    }
  });
}

Deno.test("A folded header is one value, the fold a space", () => {
  const { headers } = feed([bytes(GOOD.find(([name]) => name === "a folded header")![1])]);
  assertEquals(headers[0]![0], "A");
  assertEquals(headers[0]![1].replace(/ +/g, " "), "b c");
});

const BAD: [name: string, text: string][] = [
  ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n"],
  ["another version", "HTTP/2.0 200 OK\r\n\r\n"],
  ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
  ["a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
  ["a status below 100", "HTTP/1.1 099 OK\r\n\r\n"],
  ["two lengths that differ", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"],
  ["a length with a sign", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nab"],
  ["a length that is no number", "HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n"],
  ["a length beyond all numbers", `HTTP/1.1 200 OK\r\nContent-Length: 9${"0".repeat(30)}\r\n\r\n`],
  ["an unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"],
  [
    "an unknown coding, on a line of its own",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  [
    "a coding with the sign of the kelvin for its k",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chun\u212aed\r\n\r\n0\r\n\r\n",
  ],
  ["a bad chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n"],
  ["a chunk without its end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"],
  ["a header without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"],
  ["a blank before a colon", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n"],
  ["a NUL in a value", "HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n"],
  ["bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"],
  ["a switch nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"],
];

for (const [name, text] of BAD) {
  Deno.test(`A bad response fails and cuts the connection, however it is cut: ${name}`, () => {
    for (const pieces of [[bytes(text)], byteByByte(bytes(text)), ...everySplit(bytes(text))]) {
      const line = new Line();
      const body = new Body();
      let failure: Failure | null = null;
      line.ask().addCallback((response) => response.deliverBody(body)).addErrback((f) => void (failure = f));
      for (const piece of pieces) if (!line.transport.disconnecting) line.connection.dataReceived(piece);
      const reason: Failure | null = failure ?? body.reason;
      assert(reason !== null, "nobody was told");
      assertInstanceOf(reason.value, ResponseFailed);
      assertEquals((reason.value.reasons[0]!.value as BadResponse).code, "BAD_RESPONSE");
      assert(line.transport.aborting);
      assert(!line.events.includes("idle"));
    }
  });
}

Deno.test("Each limit on the head of a response holds", () => {
  const cases: [Record<string, number>, string][] = [
    [{ maxHeaderLineBytes: 50 }, `HTTP/1.1 200 ${"x".repeat(50)}\r\n\r\n`],
    [{ maxHeaderLineBytes: 50 }, `HTTP/1.1 200 OK\r\nA: ${"x".repeat(50)}\r\n\r\n`],
    [{ maxHeaderBytes: 50 }, `HTTP/1.1 200 OK\r\n${"A: bcd\r\n".repeat(10)}\r\n`],
    [{ maxHeaders: 9 }, `HTTP/1.1 200 OK\r\n${"A: bcd\r\n".repeat(10)}\r\n`],
    [{ maxHeaderBytes: 50, maxHeaderLineBytes: 50 }, `HTTP/1.1 200 OK\r\n${"A: bcd\r\n".repeat(100)}`],
  ];
  for (const [limits, text] of cases) {
    const line = new Line(true, limits);
    const d = line.ask();
    line.receive(text);
    failureResultOf(d, ResponseFailed);
    assert(line.transport.aborting);
    assertEquals(
      feed([bytes(text.endsWith("\r\n\r\n") ? text : `${text}\r\n`)]).code,
      200,
      "the defaults accept it",
    );
  }
});

Deno.test("The limits on chunks and bodies hold", () => {
  const cases: [Record<string, number>, string][] = [
    [{ maxChunkLineBytes: 8 }, "Transfer-Encoding: chunked\r\n\r\n1;extension=long\r\na\r\n"],
    [{ maxBodyBytes: 4 }, "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"],
    [{ maxBodyBytes: 4 }, "X: y\r\n\r\nhello"],
    [{ maxBodyBytes: 4 }, "Content-Length: 5\r\n\r\nhello"],
  ];
  for (const [limits, rest] of cases) {
    const line = new Line(true, limits);
    const d = line.ask();
    const body = new Body();
    d.addCallback((response) => response.deliverBody(body)).addErrback((failure) =>
      body.connectionLost(failure)
    );
    line.receive(`HTTP/1.1 200 OK\r\n${rest}`);
    assertInstanceOf(body.reason?.value, ResponseFailed, rest);
    assert(line.transport.aborting);
  }
});

Deno.test("Any bytes give a response or a declared error, and never an exception", () => {
  const pieces = fc.constantFrom(
    "HTTP/1.1 ",
    "HTTP/1.0 200 OK\r\n",
    "HTTP/1.1 200 OK\r\n",
    "Content-Length: 3\r\n",
    "Transfer-Encoding: chunked\r\n",
    "\r\n",
    "\r\n\r\n",
    "3\r\nabc\r\n",
    "0\r\n\r\n",
    "Connection: close\r\n",
    "HTTP/1.1 100 C\r\n\r\n",
    "\n",
    " x",
    "abc",
  );
  const any = fc.oneof(fc.uint8Array({ maxLength: 40 }), pieces.map(bytes));
  fc.assert(
    fc.property(fc.array(any, { maxLength: 12 }), (chunks) => {
      const { end } = feed(chunks);
      return ["ResponseDone", "PotentialDataLoss", "ResponseFailed", "ResponseNeverReceived"].includes(end);
    }),
    { numRuns: 2000, seed: 6 },
  );
});
