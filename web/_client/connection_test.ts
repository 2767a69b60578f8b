import { ConnectionLost } from "@ropewalk/reactor/core";
import { failureResultOf, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { Deferred } from "@ropewalk/deferred";
import {
  type ClientResponse,
  HTTPTimeoutError,
  PotentialDataLoss,
  ResponseDone,
  ResponseFailed,
  ResponseNeverReceived,
  UNKNOWN_LENGTH,
} from "../client.ts";
import { Body, bytes, deliver, Line } from "./_support_test.ts";
import { requestTimeouts } from "./options.ts";
import { ClientRequest } from "./request.ts";

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
