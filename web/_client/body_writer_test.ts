import { Deferred } from "@ropewalk/deferred";
import type { Consumer } from "@ropewalk/reactor/core";
import { assertNoResult, failureResultOf, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  type BodyProducer,
  BytesBodyProducer,
  type ClientResponse,
  FileBodyProducer,
  HTTPTimeoutError,
  RequestGenerationFailed,
  RequestTransmissionFailed,
  UNKNOWN_LENGTH,
} from "../client.ts";
import { Bench, OK, sent } from "./_support_test.ts";
import { Protocol } from "@ropewalk/protocols";

/** A body that a test makes by hand. */
class ByHand implements BodyProducer {
  readonly done = new Deferred<void>();
  consumer!: Consumer;
  calls: string[] = [];
  constructor(readonly length: number | typeof UNKNOWN_LENGTH = UNKNOWN_LENGTH) {}
  startProducing(consumer: Consumer): Deferred<void> {
    this.calls.push("start");
    this.consumer = consumer;
    return this.done;
  }
  pauseProducing(): void {
    this.calls.push("pause");
  }
  resumeProducing(): void {
    this.calls.push("resume");
  }
  stopProducing(): void {
    this.calls.push("stop");
  }
}

function upload(body: ByHand | BodyProducer, options = {}, headers = {}) {
  const bench = new Bench(options);
  const d = bench.agent.request("POST", "http://a/", headers, body);
  return { bench, d, connection: bench.accept() };
}

Deno.test("A body of unknown length goes in chunks", () => {
  const body = new ByHand();
  const { d, connection } = upload(body);
  assertEquals(sent(connection), "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  body.consumer.write("hello");
  body.consumer.write("");
  body.consumer.write(new Uint8Array(16).fill(120));
  assertEquals(sent(connection), `5\r\nhello\r\n10\r\n${"x".repeat(16)}\r\n`);
  body.done.callback();
  assertEquals(sent(connection), "0\r\n\r\n");
  assertEquals(connection.producer, null);
  connection.receive(OK);
  assertEquals(successResultOf(d).code, 200);
  assert(connection.connected);
});

Deno.test("A body of known length goes as it is", () => {
  const body = new ByHand(5);
  const { connection } = upload(body);
  assertEquals(sent(connection), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  body.consumer.write("hello");
  body.done.callback();
  assertEquals(sent(connection), "hello");
});

Deno.test("A body of another length than it said fails the request and cuts the connection", () => {
  for (const [text, kind] of [["hell", "WrongBodyLength"], ["hello!", "ExcessWrite"]] as const) {
    const body = new ByHand(5);
    const { d, connection } = upload(body);
    body.consumer.write(text);
    if (kind === "WrongBodyLength") body.done.callback();
    const { value } = failureResultOf(d, RequestGenerationFailed);
    assertEquals((value as RequestGenerationFailed).reasons[0]!.type, kind);
    assert(connection.aborting);
    assertEquals(body.calls.includes("stop"), kind === "ExcessWrite");
  }
});

Deno.test("A producer that fails, or throws, fails the request", () => {
  const body = new ByHand();
  const { d, connection } = upload(body);
  body.done.errback(new RangeError("no more"));
  const { value } = failureResultOf(d, RequestGenerationFailed);
  assertInstanceOf((value as RequestGenerationFailed).reasons[0]!.value, RangeError);
  assert(connection.aborting);

  const broken = new ByHand();
  broken.startProducing = () => {
    throw new RangeError("at once");
  };
  failureResultOf(upload(broken).d, RequestGenerationFailed);
});

Deno.test("The connection's pace is the producer's", () => {
  const body = new ByHand();
  const { connection } = upload(body);
  const producer = connection.producer as unknown as ByHand;
  producer.pauseProducing();
  producer.resumeProducing();
  assertEquals(body.calls, ["start", "pause", "resume"]);
});

Deno.test("A connection that is lost stops the producer, once", () => {
  const body = new ByHand();
  const { d, connection } = upload(body);
  connection.peerCloses();
  failureResultOf(d, RequestTransmissionFailed);
  body.consumer.write("late");
  assertEquals(body.calls, ["start", "stop"]);
});

Deno.test("A server that answers before it has all of the body gets no more of it, and no other request", () => {
  const body = new ByHand();
  const { d, connection, bench } = upload(body);
  connection.receive(OK);
  assertEquals(successResultOf(d).code, 200);
  assertEquals(body.calls, ["start", "stop"]);
  assert(!connection.connected);
  assertEquals(bench.pool.stats.open, 0);
});

Deno.test("A server that finishes sending in the middle of an upload ends it", () => {
  const body = new ByHand();
  const { d, connection } = upload(body);
  connection.protocol.readConnectionLost!();
  failureResultOf(d, RequestTransmissionFailed);
  assertEquals(body.calls, ["start", "stop"]);
  assert(!connection.connected);
});

Deno.test("A body may go on while the response comes", () => {
  const body = new ByHand();
  const { d, connection } = upload(body);
  connection.receive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  const text = successResultOf(d).text();
  body.consumer.write("x");
  body.done.callback();
  connection.receive("hello");
  assertEquals(successResultOf(text), "hello");
  assert(connection.connected, "all was sent: the connection is good");
});

Deno.test("Cancelling stops the producer", () => {
  const body = new ByHand();
  const { d, connection } = upload(body);
  d.cancel();
  failureResultOf(d);
  assertEquals(body.calls, ["start", "stop"]);
  assert(connection.aborting);
});

Deno.test("A server that takes nothing is waited for as long as it may take", () => {
  const body = new ByHand();
  const { d, bench } = upload(body, { sendTimeoutSeconds: 10, responseTimeoutSeconds: 20 });
  for (let i = 0; i < 3; i++) {
    bench.reactor.advance(9);
    body.consumer.write("x");
  }
  bench.reactor.advance(11);
  assertEquals((failureResultOf(d, HTTPTimeoutError).value as HTTPTimeoutError).phase, "send");

  const sentBody = new ByHand();
  const waiting = upload(sentBody, { sendTimeoutSeconds: 10, responseTimeoutSeconds: 20 });
  sentBody.done.callback();
  waiting.bench.reactor.advance(19);
  assertNoResult(waiting.d);
  waiting.bench.reactor.advance(2);
  assertEquals((failureResultOf(waiting.d).value as HTTPTimeoutError).phase, "response");
});

Deno.test("With Expect the body waits for the server's word, for a second at most", () => {
  const headers = { Expect: "100-continue" };
  const told = new ByHand(1);
  const first = upload(told, {}, headers);
  assert(sent(first.connection).includes("Expect: 100-continue"));
  assertEquals(told.calls, []);
  first.connection.receive("HTTP/1.1 100 Continue\r\n\r\n");
  assertEquals(told.calls, ["start"]);

  const silent = new ByHand(1);
  const second = upload(silent, {}, headers);
  second.bench.reactor.advance(1);
  assertEquals(silent.calls, ["start"]);

  const refused = new ByHand(1);
  const third = upload(refused, {}, headers);
  third.connection.receive("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
  assertEquals(successResultOf(third.d).code, 417);
  assert(!refused.calls.includes("start"));
  assert(!third.connection.connected);
});

Deno.test("Streams and generators are bodies", async () => {
  async function* pieces() {
    yield "one ";
    yield new Uint8Array([116, 119, 111]);
  }
  for (
    const body of [
      pieces(),
      ReadableStream.from(pieces()).pipeThrough(
        new TransformStream<string | Uint8Array, Uint8Array>({
          transform: (piece, controller) =>
            controller.enqueue(typeof piece === "string" ? new TextEncoder().encode(piece) : piece),
        }),
      ),
    ]
  ) {
    const bench = new Bench();
    bench.agent.request("PUT", "http://a/", null, body);
    const connection = bench.accept();
    while (connection.producer !== null) await new Promise((resolve) => queueMicrotask(() => resolve(null)));
    assertEquals(sent(connection).split("\r\n\r\n")[1], "4\r\none \r\n3\r\ntwo\r\n0");
  }
});

Deno.test("A file is sent in constant memory, at its own length, and closed", async () => {
  let left = 10;
  let closed = false;
  const file = {
    read(buffer: Uint8Array) {
      const length = Math.min(left, buffer.length, 4);
      left -= length;
      buffer.fill(97, 0, length);
      return Promise.resolve(length === 0 ? null : length);
    },
    close: () => void (closed = true),
  };
  const bench = new Bench();
  bench.agent.request("PUT", "http://a/", null, new FileBodyProducer(file, { length: 10 }));
  const connection = bench.accept();
  while (connection.producer !== null) await Promise.resolve();
  assert(sent(connection).endsWith(`Content-Length: 10\r\n\r\n${"a".repeat(10)}`));
  assert(closed);
});

Deno.test("Bytes are a body, as they are and as a producer", () => {
  for (const body of [new Uint8Array([97, 98]), new BytesBodyProducer(new Uint8Array([97, 98])), "ab"]) {
    const bench = new Bench();
    bench.agent.request("PUT", "http://a/", null, body);
    assert(sent(bench.accept()).endsWith("Content-Length: 2\r\n\r\nab"));
  }
});

Deno.test("After 101 the connection is another protocol's, with what had come by then", () => {
  const bench = new Bench();
  const d = bench.agent.request("GET", "http://a/", { Connection: "Upgrade", Upgrade: "echo" });
  const connection = bench.accept();
  sent(connection);
  connection.receive("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\nfirst");
  const response: ClientResponse = successResultOf(d);
  class Echo extends Protocol {
    override dataReceived(data: Uint8Array): void {
      this.transport.write(data);
    }
  }
  response.upgrade(new Echo());
  connection.receive(" second");
  assertEquals(sent(connection), "first second");
  assertEquals(bench.pool.stats, { open: 0, idle: 0 });
});

Deno.test("A switch that nobody goes on with closes the connection", () => {
  const bench = new Bench();
  const d = bench.agent.request("GET", "http://a/", { Connection: "Upgrade", Upgrade: "echo" });
  const connection = bench.accept();
  connection.receive("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\n");
  assertEquals(successResultOf(successResultOf(d).bytes()).length, 0);
  assert(!connection.connected);
});
