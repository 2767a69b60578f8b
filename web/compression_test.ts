import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromLatin1 } from "@ropewalk/protocols/bytes";
import { chooseCodec, type CompressionOptions, CompressionResource } from "./compression.ts";
import { type Answer, Client, Page } from "./_support_test.ts";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import type { Request } from "./request.ts";
import { type RenderResult, Resource } from "./resource.ts";
import { Site } from "./site.ts";

const LONG = "many words, ".repeat(1000);

class WatchedSite extends Site {
  done: () => void = () => {};

  override requestDone(request: Request): void {
    super.requestDone(request);
    this.done();
  }
}

function bench(render: (request: Request) => RenderResult, options: CompressionOptions = {}) {
  const root = new Resource();
  root.putChild("page", new Page(render));
  const site = new WatchedSite(new CompressionResource(root, options), { accessLog: "none" });
  const client = new Client(site);
  const ask = async (encoding: string | null = "gzip", method = "GET"): Promise<Answer> => {
    client.transport.clear();
    const done = new Promise<void>((resolve) => site.done = resolve);
    const header = encoding === null ? "" : `Accept-Encoding: ${encoding}\r\n`;
    client.send(`${method} /page HTTP/1.1\r\nHost: a\r\n${header}\r\n`);
    await done;
    return client.answers([method])[0]!;
  };
  return { client, site, ask };
}

async function unzip(body: string): Promise<string> {
  const stream = new Blob([new Uint8Array(fromLatin1(body))]).stream();
  return await new Response(stream.pipeThrough(new DecompressionStream("gzip"))).text();
}

Deno.test("a long page is compressed for those who take that, and caches are told", async () => {
  const { client, ask } = bench((request) => {
    request.setETag("v1");
    return LONG;
  });
  for (let i = 0; i < 2; i++) { // the connection goes on
    const { headers, body } = await ask("deflate, gzip;q=0.5");
    assertEquals(headers.get("content-encoding"), "gzip");
    assertEquals(headers.get("vary"), "Accept-Encoding");
    assertEquals(headers.get("etag"), 'W/"v1"');
    assertEquals(headers.has("content-length"), false);
    assert(body.length < LONG.length / 10);
    assertEquals(await unzip(body), LONG);
  }
  const plain = await ask(null);
  assertEquals([plain.headers.get("vary"), plain.headers.get("etag")], ["Accept-Encoding", '"v1"']);
  assertEquals(plain.headers.has("content-encoding"), false);
  assertEquals(plain.body, LONG);
  assert(!client.closed);
});

Deno.test("what is small, encoded, partial, no text, or not to be changed stays as it is", async () => {
  const cases: [RenderResult, Record<string, string>, number][] = [
    ["short", {}, 200],
    [LONG, { "content-encoding": "br" }, 200],
    [LONG, { "content-type": "image/png" }, 200],
    [LONG, { "content-type": "text/event-stream" }, 200],
    [LONG, { "cache-control": "public, no-transform" }, 200],
    [LONG, { "content-range": "bytes 0-11999/20000" }, 206],
  ];
  for (const [body, headers, code] of cases) {
    const { ask } = bench((request) => {
      request.setResponseCode(code);
      for (const [name, value] of Object.entries(headers)) request.setHeader(name, value);
      return body;
    });
    const answer = await ask();
    assertEquals(answer.body, body, JSON.stringify(headers));
    assertEquals(
      answer.headers.get("content-encoding"),
      headers["content-encoding"],
      JSON.stringify(headers),
    );
  }
});

Deno.test("pieces are compressed as they are written, whatever length was announced", async () => {
  const { ask } = bench((request) => {
    request.setHeader("content-length", LONG.length);
    request.setHeader("vary", "Cookie");
    for (let at = 0; at < LONG.length; at += 1000) request.write(LONG.slice(at, at + 1000));
    request.finish();
    return NOT_DONE_YET;
  });
  const { headers, body } = await ask();
  assertEquals(headers.get("vary"), "Cookie, Accept-Encoding");
  assertEquals(await unzip(body), LONG);
});

Deno.test("a stream is compressed at the pace of the client", async () => {
  let made = 0;
  const { client, ask } = bench(
    async function* () {
      for (; made < 200; made++) {
        yield crypto.getRandomValues(new Uint8Array(8192)); // does not get smaller
      }
    } as unknown as () => RenderResult,
  );
  client.channel.pauseProducing();
  const answer = ask();
  const { promise, resolve } = Promise.withResolvers<void>();
  const channel = new MessageChannel(); // lets all that can go on go on, without a clock
  let turns = 0;
  channel.port1.onmessage = () => ++turns < 50 ? channel.port2.postMessage(0) : resolve();
  channel.port2.postMessage(0);
  await promise;
  channel.port1.close();
  channel.port2.close();
  assert(made < 100, `${made} pieces were made for a client that does not read`);
  client.channel.resumeProducing();
  const { headers } = await answer;
  assertEquals(headers.get("content-encoding"), "gzip");
  assertEquals(made, 200);
});

Deno.test("HEAD tells what GET would, without a body", async () => {
  const { ask } = bench(() => LONG);
  const { status, headers, body } = await ask("gzip", "HEAD");
  assertEquals([status, headers.get("content-encoding"), headers.has("content-length"), body], [
    200,
    "gzip",
    false,
    "",
  ]);
});

Deno.test("a client that leaves while its page is compressed ends the request once", async () => {
  const { client, site } = bench(() => LONG);
  client.send("GET /page HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
  client.transport.abortConnection();
  assertEquals(site.requestsInProgress, 0);
  await new Response(LONG).text(); // some turns
  assertEquals(site.requestsInProgress, 0);
});

Deno.test("requests that are sent ahead are answered in order", async () => {
  const { client, site } = bench(() => LONG);
  let left = 3;
  const done = new Promise<void>((resolve) => site.done = () => --left === 0 && resolve());
  client.send("GET /page HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n".repeat(2));
  client.send("GET /nope HTTP/1.1\r\nHost: a\r\n\r\n");
  await done;
  const answers = client.answers();
  assertEquals(answers.map(({ status }) => status), [200, 200, 404]);
  assertEquals(await unzip(answers[1]!.body), LONG);
});

Deno.test("Accept-Encoding is read with its qualities", () => {
  const make = () => new CompressionStream("gzip");
  const [br, gzip] = [{ name: "br", make }, { name: "gzip", make }];
  const cases: [header: string | undefined, ofBoth: string | undefined, ofGzip: string | undefined][] = [
    ["gzip", "gzip", "gzip"],
    ["GZIP", "gzip", "gzip"],
    ["x-gzip", "gzip", "gzip"],
    ["gzip, br", "br", "gzip"],
    ["br;q=0.5, gzip;q=0.8", "gzip", "gzip"],
    ["br;q=0, *", "gzip", "gzip"],
    ["*", "br", "gzip"],
    ["gzip;q=0.1", "gzip", "gzip"],
    ["*;q=0, gzip", "gzip", "gzip"],
    ["identity, gzip;q=0.5", undefined, undefined],
    ["identity;q=0.5, gzip", "gzip", "gzip"],
    ["br", "br", undefined],
    ["gzip; q=0.0, *", "br", undefined],
    ["gzip;q=x", undefined, undefined],
    ["*;q=0", undefined, undefined],
    ["gzipped", undefined, undefined],
    ["", undefined, undefined],
    [undefined, undefined, undefined],
  ];
  for (const [header, ofBoth, ofGzip] of cases) {
    assertEquals(chooseCodec(header, [br, gzip])?.name, ofBoth, header);
    assertEquals(chooseCodec(header, [gzip])?.name, ofGzip, header);
  }
  assertThrows(() => new CompressionResource(new Resource(), { minBytes: -1 }), RangeError);
});

Deno.test("brotli is used where it is there, gzip where it is not, and nothing where nothing is", async () => {
  const upper = () =>
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array>({
      transform: (bytes, out) => out.enqueue(bytes.map((byte) => byte ^ 0x20)),
    });
  const gzip = () => new CompressionStream("gzip");
  const both = await bench(() => LONG, { codecs: [["br", upper], ["gzip", gzip]] }).ask("gzip, br");
  assertEquals([both.headers.get("content-encoding"), both.headers.get("vary")], ["br", "Accept-Encoding"]);
  assert(both.body.startsWith("MANY"));
  const one = await bench(() => LONG, { codecs: [["gzip", gzip]] }).ask("gzip, br");
  assertEquals([one.headers.get("content-encoding"), await unzip(one.body)], ["gzip", LONG]);
  const none = await bench(() => LONG, { codecs: [] }).ask("gzip, br");
  assertEquals([none.headers.get("content-encoding"), none.body], [undefined, LONG]);
});
