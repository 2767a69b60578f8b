import type { Failure } from "@ropewalk/deferred";
import { byteByByte, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  BodyTooLarge,
  ContentDecoderAgent,
  ResponseDone,
  ResponseFailed,
  UNKNOWN_LENGTH,
} from "../client.ts";
import { Bench, Body, sent } from "./_support_test.ts";

async function compress(format: string, text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream(format as CompressionFormat));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Requests a page through the decoder, and answers with a body. */
function answer(headers: string, body: Uint8Array, method = "GET", options = {}) {
  const bench = new Bench();
  const d = new ContentDecoderAgent(bench.agent, options).request(method, "http://a/");
  const connection = bench.accept();
  const head = sent(connection);
  connection.receive(`HTTP/1.1 200 OK\r\n${headers}Content-Length: ${body.length}\r\n\r\n`);
  const response = successResultOf(d);
  return { response, connection, head, body };
}

Deno.test("Encodings are asked for, unless the caller asks for some himself", () => {
  assert(/Accept-Encoding: gzip, deflate(, br)?\r\n/.test(answer("", new Uint8Array()).head));
  const bench = new Bench();
  new ContentDecoderAgent(bench.agent).request("GET", "http://a/", { "Accept-Encoding": "identity" });
  assert(sent(bench.accept()).includes("Accept-Encoding: identity\r\n"));
});

for (
  const [encoding, format] of [["gzip", "gzip"], ["x-gzip", "gzip"], ["deflate", "deflate"], [
    "deflate",
    "deflate-raw",
  ], ["br", "brotli"]] as const
) {
  Deno.test(`A body in ${encoding} (${format}) is delivered as it was, whole and byte by byte`, async () => {
    const text = "one two three ".repeat(200);
    const body = await compress(format, text);
    for (const pieces of [[body], byteByByte(body)]) {
      const { response, connection } = answer(`Content-Encoding: ${encoding}\r\nX: y\r\n`, body);
      assertEquals(response.length, UNKNOWN_LENGTH);
      assertEquals([...response.headers].map(([name]) => name), ["X"]);
      const decoded = response.text();
      for (const piece of pieces) connection.receive(piece);
      assertEquals(await decoded, text);
    }
  });
}

Deno.test("Several encodings are undone from the last to the first, up to one that is not known", async () => {
  const inner = await compress("deflate", "hello");
  const stream = new Blob([inner as Uint8Array<ArrayBuffer>]).stream().pipeThrough(
    new CompressionStream("gzip"),
  );
  const both = new Uint8Array(await new Response(stream).arrayBuffer());
  const known = answer("Content-Encoding: deflate, gzip\r\n", both);
  const text = known.response.text();
  known.connection.receive(both);
  assertEquals(await text, "hello");

  const unknown = answer("Content-Encoding: other\r\nContent-Encoding: gzip\r\n", both);
  assertEquals(unknown.response.headers.get("content-encoding"), "other");
  const bytes = unknown.response.bytes();
  unknown.connection.receive(both);
  assertEquals(await bytes, inner);
});

Deno.test("A body in no encoding, or an unknown one, is left alone", async () => {
  for (const headers of ["", "Content-Encoding: other\r\n"]) {
    const { response, connection } = answer(headers, new Uint8Array(2));
    assertEquals(response.length, 2);
    const bytes = response.bytes();
    connection.receive(new Uint8Array(2));
    assertEquals(await bytes, new Uint8Array(2));
  }
});

Deno.test("The answer to HEAD is left alone", () => {
  const { response } = answer("Content-Encoding: gzip\r\n", new Uint8Array(7), "HEAD");
  assertEquals([response.length, response.headers.get("content-encoding")], [7, "gzip"]);
});

Deno.test("A broken body fails, and so does one that is cut short", async () => {
  const broken = answer("Content-Encoding: gzip\r\n", new Uint8Array(20));
  const first = broken.response.bytes();
  broken.connection.receive(new Uint8Array(20).fill(7));
  await assertRejects(() => first.toPromise(), ResponseFailed);

  const whole = await compress("gzip", "hello hello hello");
  const short = answer("Content-Encoding: gzip\r\n", whole.subarray(0, 12));
  const second = short.response.bytes();
  short.connection.receive(whole.subarray(0, 12));
  await assertRejects(() => second.toPromise(), ResponseFailed);

  const lost = answer("Content-Encoding: gzip\r\n", whole);
  const third = lost.response.bytes();
  lost.connection.receive(whole.subarray(0, 12));
  lost.connection.peerCloses();
  await assertRejects(() => third.toPromise(), ResponseFailed);
});

Deno.test("A small body that is large when decoded meets the reader's limit", async () => {
  const bomb = await compress("gzip", "\0".repeat(5_000_000));
  const { response, connection } = answer("Content-Encoding: gzip\r\n", bomb);
  const bytes = response.bytes({ maxBytes: 100_000 });
  connection.receive(bomb);
  await assertRejects(() => bytes.toPromise(), BodyTooLarge);
});

Deno.test("A reader that pauses gets nothing more until it resumes", async () => {
  const body = await compress("gzip", "x".repeat(2_000_000));
  const { response, connection } = answer("Content-Encoding: gzip\r\n", body);
  const ended = Promise.withResolvers<void>();
  class Slow extends Body {
    pauses = 0;
    paused = false;
    override dataReceived(data: Uint8Array): void {
      assert(!this.paused);
      super.dataReceived(data);
      if (this.pauses++ > 3) return;
      this.paused = true;
      this.transport.pauseProducing();
      queueMicrotask(() => {
        this.paused = false;
        this.transport.resumeProducing();
      });
    }
    override connectionLost(reason: Failure): void {
      super.connectionLost(reason);
      ended.resolve();
    }
  }
  const slow = new Slow();
  response.deliverBody(slow);
  connection.receive(body);
  await ended.promise;
  assertEquals(slow.text.length, 2_000_000);
  assertInstanceOf(slow.reason!.value, ResponseDone);
});

Deno.test("Decoders of one's own take the place of the platform's", async () => {
  const upper = () =>
    new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => controller.enqueue(chunk.map((byte) => byte - 32)),
    });
  const { response, connection, head } = answer("Content-Encoding: loud\r\n", new Uint8Array(3), "GET", {
    decoders: [["loud", upper]],
  });
  assert(head.includes("Accept-Encoding: loud\r\n"));
  const text = response.text();
  connection.receive("abc");
  assertEquals(await text, "ABC");
});
