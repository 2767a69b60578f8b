/** Bodies of responses, taken in every way there is. */
import { failureResultOf, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals, assertInstanceOf, assertNotEquals, assertThrows } from "@std/assert";
import { PartialDownloadError, readBody, ResponseFailed } from "../client.ts";
import { Bench, Body, deliver, OK } from "./_support_test.ts";

// ---------------------------------------------------------------------------------------------------- bodies

Deno.test("readBody fails where nothing tells whether a body is complete, and hands over what came", () => {
  const bench = new Bench();
  const d = bench.agent.request("GET", "http://h/");
  const connection = bench.accept();
  connection.receive("HTTP/1.1 200 Fine\r\n\r\nall of it");
  const body = readBody(successResultOf(d));
  connection.peerCloses();
  const error = failureResultOf(body, PartialDownloadError).value as PartialDownloadError;
  assertEquals([error.status, error.phrase, new TextDecoder().decode(error.response)], [
    200,
    "Fine",
    "all of it",
  ]);
});

Deno.test("text() and its kin take such a body as it is", () => {
  const bench = new Bench();
  const d = bench.agent.request("GET", "http://h/");
  const connection = bench.accept();
  connection.receive("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n");
  const text = successResultOf(d).text();
  connection.receive(new Uint8Array([0x66, 0xfc, 0x72]));
  connection.peerCloses();
  assertEquals(successResultOf(text), "für");
});

Deno.test("json() gives the value, or fails", () => {
  for (const [text, check] of [['{"a":1}', true], ["{", false]] as const) {
    const bench = new Bench();
    const d = bench.agent.request("GET", "http://h/");
    bench.accept().receive(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
    const value = successResultOf(d).json<{ a: number }>();
    if (check) assertEquals(successResultOf(value), { a: 1 });
    else failureResultOf(value, SyntaxError);
  }
});

Deno.test("A body larger than is accepted fails, whole or in pieces", () => {
  const whole = new Bench();
  const first = whole.agent.request("GET", "http://h/");
  whole.accept().receive(OK);
  failureResultOf(successResultOf(first).bytes({ maxBytes: 4 }));

  const pieces = new Bench();
  const second = pieces.agent.request("GET", "http://h/");
  const connection = pieces.accept();
  connection.receive("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
  const body = readBody(successResultOf(second), { maxBytes: 4 });
  connection.receive("hello");
  failureResultOf(body);
  assert(connection.aborting);
});

Deno.test("A body as a stream of the platform holds the server back", async () => {
  const bench = new Bench();
  const d = bench.agent.request("GET", "http://h/");
  const connection = bench.accept();
  connection.receive("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n");
  const reader = successResultOf(d).body.getReader();
  connection.receive(new Uint8Array(50_000));
  assertEquals(connection.producerState, "producing");
  connection.receive(new Uint8Array(50_000));
  assertEquals(connection.producerState, "paused");
  let length = 0;
  while (length < 100_000) length += (await reader.read()).value!.length;
  assertEquals(connection.producerState, "producing");
  connection.receive(new Uint8Array(100_000));
  while (length < 200_000) length += (await reader.read()).value!.length;
  assertEquals((await reader.read()).done, true);
});

Deno.test("Cancelling a stream of the platform cuts the connection, and a loss errors it", async () => {
  const bench = new Bench();
  const first = bench.agent.request("GET", "http://h/");
  const one = bench.accept();
  one.receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
  await successResultOf(first).body.cancel();
  assert(one.aborting);

  const second = bench.agent.request("GET", "http://h/");
  const two = bench.accept();
  two.receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
  const reader = successResultOf(second).body.getReader();
  two.peerCloses();
  await reader.read().then(() => assert(false), (error) => assertInstanceOf(error, ResponseFailed));
});

Deno.test("A body's protocol that gives up cuts the connection and hears of it", () => {
  const bench = new Bench();
  const d = bench.agent.request("GET", "http://h/");
  const connection = bench.accept();
  connection.receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  const body = deliver(successResultOf(d));
  body.transport.loseConnection();
  assertInstanceOf(body.reason!.value, ResponseFailed);
  assert(!connection.connected);
  assertNotEquals(bench.pool.stats.open, 1);
});

Deno.test("A body's protocol that throws loses the connection", () => {
  const bench = new Bench();
  const d = bench.agent.request("GET", "http://h/");
  const connection = bench.accept();
  connection.receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
  class Broken extends Body {
    override dataReceived(): void {
      throw new RangeError("no");
    }
  }
  const body = new Broken();
  successResultOf(d).deliverBody(body);
  assertThrows(() => connection.receive("abc"), RangeError); // a real transport loses the connection for it
  connection.peerCloses(new RangeError("no"));
  assertInstanceOf(body.reason!.value, ResponseFailed);
});
