import { Failure } from "@ropewalk/deferred";
import { ConnectionDone, ConnectionLost } from "@ropewalk/reactor/core";
import { byteByByte, everySplit, failureResultOf, StringTransport, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Deferred } from "@ropewalk/deferred";
import {
  type BadResponse,
  type ClientResponse,
  HTTPHeaders,
  HTTPTimeoutError,
  PotentialDataLoss,
  ResponseDone,
  ResponseFailed,
  ResponseNeverReceived,
  UNKNOWN_LENGTH,
} from "../client.ts";
import { Body, deliver } from "./_support_test.ts";
import { HTTPConnection } from "./connection.ts";
import { requestTimeouts, responseLimits } from "./options.ts";
import { ClientRequest, type WireBody } from "./request.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** One connection, with no pool behind it. */
class Line {
  readonly transport = new StringTransport({ lenient: true });
  readonly events: string[] = [];
  readonly connection: HTTPConnection;

  constructor(persistent = true, limits = {}) {
    this.connection = new HTTPConnection(
      {
        connectionReady: () => {},
        connectionIdle: () => this.events.push("idle"),
        connectionGone: () => this.events.push("gone"),
      },
      persistent,
      responseLimits(limits),
    );
    this.connection.makeConnection(this.transport);
  }

  ask(method = "GET", headers: Record<string, string> = {}, body: WireBody = null, timeouts = {}) {
    const d = new Deferred<ClientResponse>();
    const given = Object.keys(headers).length === 0 ? null : new HTTPHeaders(headers);
    const request = new ClientRequest(
      method,
      "/path",
      "example.org",
      "",
      given,
      body,
      requestTimeouts(timeouts),
      "http://example.org/path",
    );
    this.connection.send(request, {
      responded: (response) => {
        this.events.push("responded");
        d.callback(response);
      },
      failed: (failure) => d.errback(failure),
    });
    return d;
  }

  receive(text: string): void {
    this.connection.dataReceived(bytes(text));
  }

  lose(reason: Error = new ConnectionDone()): void {
    this.connection.connectionLost(new Failure(reason));
  }
}

Deno.test("A request is its line, Host, framing and headers", () => {
  const line = new Line();
  line.ask("GET", { Accept: "text/html" });
  assertEquals(line.transport.text(), "GET /path HTTP/1.1\r\nHost: example.org\r\nAccept: text/html\r\n\r\n");
});

Deno.test("A Host that is given goes out in place of the address's", () => {
  const line = new Line();
  line.ask("GET", { Host: "other" });
  assertEquals(line.transport.text(), "GET /path HTTP/1.1\r\nHost: other\r\n\r\n");
});

Deno.test("A connection that will not be used again says so", () => {
  const line = new Line(false);
  line.ask();
  assertEquals(line.transport.text(), "GET /path HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");
  line.receive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  assert(line.transport.disconnecting);
  assertEquals(line.events, ["gone", "responded"]);
});

Deno.test("POST without a body has a length all the same, GET has none", () => {
  for (
    const [method, expected] of [["POST", true], ["PUT", true], ["PATCH", true], ["GET", false], [
      "DELETE",
      false,
    ]]
  ) {
    const line = new Line();
    line.ask(method as string);
    assertEquals(line.transport.text().includes("Content-Length: 0\r\n"), expected, method as string);
  }
});

Deno.test("A body of text has its length in bytes", () => {
  const line = new Line();
  line.ask("POST", {}, "é€😀\ud800");
  const body = bytes("é€😀\ufffd");
  assertEquals(
    line.transport.value(),
    bytes(`POST /path HTTP/1.1\r\nHost: example.org\r\nContent-Length: ${body.length}\r\n\r\né€😀\ufffd`),
  );
});

Deno.test("The connection is idle before the response is told of when all of it came at once", () => {
  const line = new Line();
  const d = line.ask();
  line.receive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  assertEquals(line.events, ["idle", "responded"]);
  const response = successResultOf(d);
  assertEquals([response.version, response.code, response.phrase, response.length], [
    "HTTP/1.1",
    200,
    "OK",
    5,
  ]);
  assertEquals(successResultOf(response.text()), "hello");
});

Deno.test("The connection is idle before the end of a body is told", () => {
  const line = new Line();
  const d = line.ask();
  line.receive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
  const body = deliver(successResultOf(d));
  line.receive("llo");
  assertEquals(line.events, ["responded", "idle"]);
  assertEquals(body.text, "hello");
  assertInstanceOf(body.reason!.value, ResponseDone);
});

Deno.test("Nothing is read while nobody has asked for the body", () => {
  const line = new Line();
  const d = line.ask();
  line.receive("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
  assertEquals(line.transport.producerState, "paused");
  const body = deliver(successResultOf(d));
  assertEquals(line.transport.producerState, "producing");
  assertEquals(body.text, "hello");
  line.receive("world");
  assertEquals(body.text, "helloworld");
});

Deno.test("A body's protocol that pauses holds the server back", () => {
  const line = new Line();
  const d = line.ask();
  line.receive("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
  const body = deliver(successResultOf(d));
  body.transport.pauseProducing();
  assertEquals(line.transport.producerState, "paused");
  body.transport.resumeProducing();
  assertEquals(line.transport.producerState, "producing");
  line.receive("helloworld");
  assertEquals(body.text, "helloworld");
});

Deno.test("A body can be asked for once", () => {
  const line = new Line();
  const d = line.ask();
  line.receive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const response = successResultOf(d);
  response.bytes();
  assertThrows(() => response.deliverBody(new Body()), TypeError, "asked for before");
  assertThrows(() => response.bytes(), TypeError, "asked for before");
});

Deno.test("A body's protocol cannot write", () => {
  const line = new Line();
  const d = line.ask();
  line.receive("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
  const body = deliver(successResultOf(d));
  assertThrows(() => body.transport.write("x"), TypeError);
});

Deno.test("Answers that are none yet are swallowed", () => {
  const line = new Line();
  const d = line.ask();
  line.receive("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n");
  assertEquals(line.events, []);
  line.receive("HTTP/1.1 204 No Content\r\n\r\n");
  assertEquals(successResultOf(d).code, 204);
  assertEquals(line.events, ["idle", "responded"]);
});

Deno.test("HEAD, 204 and 304 have no body whatever their headers say", () => {
  for (const [method, status, length] of [["HEAD", 200, 10], ["GET", 204, 0], ["GET", 304, 0]] as const) {
    const line = new Line();
    const d = line.ask(method);
    line.receive(`HTTP/1.1 ${status} X\r\nContent-Length: 10\r\n\r\n`);
    const response = successResultOf(d);
    assertEquals(response.length, length);
    assertEquals(successResultOf(response.bytes()).length, 0);
    assertEquals(line.events, ["idle", "responded"]);
  }
});

Deno.test("A body without a length ends with the connection, and nobody knows whether it is complete", () => {
  const line = new Line();
  const d = line.ask();
  line.receive("HTTP/1.1 200 OK\r\n\r\nsome");
  const response = successResultOf(d);
  assertEquals(response.length, UNKNOWN_LENGTH);
  const body = deliver(response);
  line.receive(" of it");
  line.lose();
  assertEquals(body.text, "some of it");
  assertInstanceOf(body.reason!.value, PotentialDataLoss);
});

Deno.test("A body that breaks off fails", () => {
  for (const head of ["Content-Length: 10", "Transfer-Encoding: chunked", "X: y"]) {
    const line = new Line();
    const d = line.ask();
    line.receive(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${head.startsWith("T") ? "a\r\n" : ""}some`);
    const body = deliver(successResultOf(d));
    line.lose(new ConnectionLost());
    assertInstanceOf(body.reason!.value, ResponseFailed, head);
    assertInstanceOf(body.reason!.value.reasons[0]!.value, ConnectionLost);
  }
});

Deno.test("A connection lost before a response, and in its head, are told apart", () => {
  const none = new Line();
  const first = none.ask();
  none.lose();
  failureResultOf(first, ResponseNeverReceived);

  const some = new Line();
  const second = some.ask();
  some.receive("HTTP/1.1 200 OK\r\n");
  some.lose();
  failureResultOf(second, ResponseFailed);
});

Deno.test("A loss is told once", () => {
  const line = new Line();
  line.ask().addErrback(() => {});
  line.lose();
  assertEquals(line.events, ["gone"]);
});

Deno.test("What comes to an idle connection cuts it: it would be taken for the next answer", () => {
  const line = new Line();
  const d = line.ask();
  line.receive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  successResultOf(d);
  line.receive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  assert(line.transport.aborting);
  assertEquals(line.events, ["idle", "responded", "gone"]);
});

Deno.test("A connection with more after its response is not used again", () => {
  const line = new Line();
  line.ask();
  line.receive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n");
  assertEquals(line.events, ["gone", "responded"]);
});

Deno.test("Whether a connection is used again depends on version and Connection", () => {
  const cases: [string, string][] = [
    ["HTTP/1.1 200 OK\r\n", "idle"],
    ["HTTP/1.1 200 OK\r\nConnection: close\r\n", "gone"],
    ["HTTP/1.1 200 OK\r\nConnection: foo, Close\r\n", "gone"],
    ["HTTP/1.0 200 OK\r\n", "gone"],
    ["HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", "idle"],
  ];
  for (const [head, expected] of cases) {
    const line = new Line();
    line.ask();
    line.receive(`${head}Content-Length: 0\r\n\r\n`);
    assertEquals(line.events[0], expected, head);
  }
});

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

Deno.test("A response that does not come is waited for as long as it may take", () => {
  const line = new Line();
  const d = line.ask("GET", {}, null, { responseTimeoutSeconds: 10 });
  const clock = line.transport.reactor as unknown as { advance(seconds: number): void };
  clock.advance(9.9);
  clock.advance(0.2);
  const { value } = failureResultOf(d, HTTPTimeoutError);
  assertEquals([(value as HTTPTimeoutError).phase, (value as HTTPTimeoutError).seconds], ["response", 10]);
  assert(line.transport.aborting);
});

Deno.test("A body may take for ever, as long as it does not stand still", () => {
  const line = new Line();
  const clock = line.transport.reactor as unknown as { advance(seconds: number): void };
  const d = line.ask("GET", {}, null, { bodyTimeoutSeconds: 10 });
  line.receive("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
  const body = deliver(successResultOf(d));
  for (let i = 0; i < 10; i++) {
    clock.advance(9);
    line.receive("x");
  }
  assertEquals(body.reason, null);
  clock.advance(11);
  assertInstanceOf(body.reason!.value, ResponseFailed);
  assertEquals((body.reason!.value.reasons[0]!.value as HTTPTimeoutError).phase, "body");
});

Deno.test("A reader that takes its time is no time-out of the server", () => {
  const line = new Line();
  const clock = line.transport.reactor as unknown as { advance(seconds: number): void };
  const d = line.ask("GET", {}, null, { bodyTimeoutSeconds: 10 });
  line.receive("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na");
  const response = successResultOf(d);
  clock.advance(1000);
  const body = deliver(response);
  body.transport.pauseProducing();
  clock.advance(1000);
  body.transport.resumeProducing();
  clock.advance(9);
  line.receive("b");
  assertInstanceOf(body.reason!.value, ResponseDone);
});

Deno.test("The time for all of it runs on, whatever moves", () => {
  const line = new Line();
  const clock = line.transport.reactor as unknown as { advance(seconds: number): void; seconds(): number };
  const d = new Deferred<ClientResponse>();
  const request = new ClientRequest(
    "GET",
    "/",
    "a",
    "",
    null,
    null,
    requestTimeouts({ totalTimeoutSeconds: 20 }),
    "",
  );
  request.deadline = clock.seconds() + 20;
  line.connection.send(request, { responded: (r) => d.callback(r), failed: (f) => d.errback(f) });
  line.receive("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
  const body = deliver(successResultOf(d));
  for (let i = 0; i < 5; i++) {
    clock.advance(5);
    if (!line.transport.disconnecting) line.receive("x");
  }
  assertEquals(
    (body.reason!.value as ResponseFailed).reasons[0]!.getErrorMessage(),
    "The request took longer than 20 s",
  );
});
