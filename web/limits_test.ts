/** How much and how long: what a connection accepts. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Client, GET, held, Page, pageClient, statuses } from "./_support_test.ts";
import { Resource } from "./resource.ts";
import { Site } from "./site.ts";

Deno.test("a request line of exactly the limit is answered, one more byte is 414", () => {
  const line = (length: number) => `GET /${"a".repeat(length - 14)} HTTP/1.1\r\n`;
  const options = { maxRequestLineBytes: 40 };
  const client = pageClient(() => "ok", options).send(`${line(40)}Host: a\r\n\r\n`);
  assertEquals(client.answers()[0]!.status, 200);
  assertEquals(statuses(options, `${line(41)}Host: a\r\n\r\n`), [414]);
  assertEquals(statuses(options, `GET /${"a".repeat(60)}`), [414]); // and not only once it is complete
});

Deno.test("a header line beyond its limit is 431", () => {
  assertEquals(
    statuses({ maxHeaderLineBytes: 20 }, `GET / HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(18)}\r\n\r\n`),
    [431],
  );
  const client = pageClient(() => "ok", { maxHeaderLineBytes: 20 });
  client.send(`GET / HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(17)}\r\n\r\n`);
  assertEquals(client.answers()[0]!.status, 200);
});

Deno.test("headers that are too long together are 431, complete or not", () => {
  const many = `GET / HTTP/1.1\r\nHost: a\r\n${"X: 1234567\r\n".repeat(10)}`;
  assertEquals(statuses({ maxHeaderBytes: 100 }, `${many}\r\n`), [431]);
  assertEquals(statuses({ maxHeaderBytes: 100 }, many), [431]);
});

Deno.test("one header too many is 431", () => {
  const head = (count: number) => `GET / HTTP/1.1\r\nHost: a\r\n${"X: 1\r\n".repeat(count - 1)}\r\n`;
  assertEquals(statuses({ maxHeaders: 5 }, head(6)), [431]);
  assertEquals(pageClient(() => "ok", { maxHeaders: 5 }).send(head(5)).answers()[0]!.status, 200);
});

Deno.test("a body beyond the limit is 413, by its length before it is sent, by its chunks as they come", () => {
  const options = { maxBodyBytes: 4 };
  assertEquals(statuses(options, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"), [413]);
  const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  assertEquals(statuses(options, `${chunked}3\r\nabc\r\n2\r\n`), [413]);
  assertEquals(
    pageClient(() => "ok", options).send(`${chunked}4\r\nabcd\r\n0\r\n\r\n`).answers()[0]!.status,
    200,
  );
});

Deno.test("a chunk's size line beyond the limit is 400, and so are extensions that never end", () => {
  const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  assertEquals(statuses({ maxChunkLineBytes: 8 }, `${chunked}1;abcdefghij`), [400]);
  assertEquals(statuses({ maxHeaderBytes: 64 }, chunked + "1;aaaaaaaaaa\r\nx\r\n".repeat(10)), [400]);
});

Deno.test("trailers beyond the limit are 431", () => {
  const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  assertEquals(statuses({ maxHeaderBytes: 64 }, `${chunked}${"X: 1234567\r\n".repeat(10)}`), [431]);
});

Deno.test("a limit that is no number is refused when the site is made", () => {
  let message = "";
  try {
    new Site(new Resource(), { maxBodyBytes: -1 });
  } catch (error) {
    message = (error as RangeError).message;
  }
  assertStringIncludes(message, "maxBodyBytes");
});

Deno.test("an idle connection is closed after its time, and not before", () => {
  const client = pageClient(() => "ok", { timeoutSeconds: 60 });
  client.clock.advance(59);
  client.send(GET);
  client.clock.advance(59);
  assert(!client.closed);
  client.clock.advance(1);
  assert(client.closed);
  assertEquals(client.answers().length, 1); // no word about it: there was no request
  assertEquals(client.clock.getDelayedCalls(), []);
});

Deno.test("a head that trickles in is 408 after its time, however busy the client looks", () => {
  const client = pageClient(() => "ok", { headerTimeoutSeconds: 30 });
  client.send("GET / HTTP/1.1\r\n");
  for (let i = 0; i < 29; i++) {
    client.clock.advance(1);
    client.send("X: 1\r\n");
  }
  assert(!client.closed);
  client.clock.advance(1);
  assert(client.closed);
  assertEquals(client.answers()[0]!.status, 408);
});

Deno.test("a body that stands still is 408; one that goes on is waited for", () => {
  const client = pageClient((request) => request.content.text(), { timeoutSeconds: 10 });
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n");
  for (const letter of "abcde") {
    client.clock.advance(9);
    client.send(letter);
  }
  assert(!client.closed);
  client.clock.advance(10);
  assertEquals(client.answers()[0]!.status, 408);
});

Deno.test("a request that is being answered has all the time of its resource", () => {
  const { client, requests } = held({ timeoutSeconds: 10 });
  client.send(GET);
  client.clock.advance(3600);
  assert(!client.closed);
  requests[0]!.finish();
  assertEquals(client.answers()[0]!.status, 200);
  client.clock.advance(10);
  assert(client.closed);
});

Deno.test("a client that does not read its answers is cut off", () => {
  const client = pageClient(() => "ok", { timeoutSeconds: 10 });
  client.channel.pauseProducing(); // as the transport says when it has enough
  client.send(GET);
  assertEquals(client.wire, "");
  client.clock.advance(10);
  assert(client.transport.aborting);
});

Deno.test("a connection that does not drain is cut off", () => {
  const client = new Client(new Site(new Page(() => "ok"), { abortSeconds: 15 }));
  client.transport.protocol = { makeConnection() {}, dataReceived() {}, connectionLost() {} };
  client.send("GET / HTTP/1.0\r\n\r\n");
  client.clock.advance(15);
  assert(client.transport.disconnecting);
});
