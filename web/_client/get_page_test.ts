import { failureResultOf, MemoryReactor, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BodyTooLarge,
  downloadPage,
  get,
  getPage,
  HTTPClient,
  MultipartBody,
  post,
  UNKNOWN_LENGTH,
  WebError,
} from "../client.ts";
import { OK, sent } from "./_support_test.ts";

/** Answers the newest request on a reactor. */
function answer(reactor: MemoryReactor, text: string): string {
  const connection = reactor.tcpClients.at(-1)!.succeed()!;
  const head = sent(connection);
  connection.receive(text);
  return head;
}

Deno.test("getPage gives the body", () => {
  const reactor = new MemoryReactor();
  const page = getPage("http://a/x", { reactor });
  const head = answer(reactor, OK);
  assert(head.startsWith("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"));
  assertEquals(successResultOf(page), new TextEncoder().encode("hello"));
  assertEquals(reactor.getDelayedCalls(), []);
});

Deno.test("getPage fails for a status that is no success, with the page that came with it", () => {
  for (const status of [400, 404, 500]) {
    const reactor = new MemoryReactor();
    const page = getPage("http://a/", { reactor });
    answer(reactor, `HTTP/1.1 ${status} Sorry\r\nContent-Length: 4\r\n\r\nwhy?`);
    const error = failureResultOf(page, WebError).value as WebError;
    assertEquals([error.status, error.phrase, new TextDecoder().decode(error.response)], [
      status,
      "Sorry",
      "why?",
    ]);
    assertEquals(error.message, `${status} Sorry`);
  }
});

Deno.test("getPage follows redirects, unless told not to", () => {
  const reactor = new MemoryReactor();
  const page = getPage("http://a/", { reactor, method: "POST", body: "x" });
  answer(reactor, "HTTP/1.1 302 F\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
  assert(answer(reactor, OK).startsWith("GET /b "));
  assertEquals(successResultOf(page).length, 5);

  const other = getPage("http://a/", { reactor, redirectLimit: 0 });
  answer(reactor, "HTTP/1.1 302 F\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
  failureResultOf(other, WebError);
});

Deno.test("Without a reactor, in a program that has none, the short ways say what is missing", () => {
  assertThrows(() => getPage("http://a/"), TypeError, "import @ropewalk/reactor");
});

Deno.test("downloadPage writes into a stream, one piece at a time, and closes it", async () => {
  const reactor = new MemoryReactor();
  const pieces: number[] = [];
  let closed = false;
  const stream = new WritableStream<Uint8Array>({
    write: (chunk) => void pieces.push(chunk.length),
    close: () => void (closed = true),
  });
  const done = downloadPage("http://a/", stream, { reactor });
  const connection = reactor.tcpClients[0]!.succeed()!;
  connection.receive("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nabc");
  assertEquals(connection.producerState, "paused", "held back while the piece is written");
  while (connection.producerState === "paused") await Promise.resolve();
  connection.receive("defg");
  assertEquals(await done, 7);
  assertEquals([pieces, closed], [[3, 4], true]);
});

Deno.test("downloadPage writes into a file that takes a little at a time", async () => {
  const reactor = new MemoryReactor();
  let text = "";
  let closed = 0;
  const file = {
    write(data: Uint8Array) {
      text += new TextDecoder().decode(data.subarray(0, 2));
      return Promise.resolve(Math.min(2, data.length));
    },
    close: () => closed++,
  };
  const done = downloadPage("http://a/", file, { reactor });
  answer(reactor, OK);
  assertEquals(await done, 5);
  assertEquals([text, closed], ["hello", 1]);
});

Deno.test("downloadPage closes its file whatever goes wrong", async () => {
  const closes: string[] = [];
  const file = (name: string, fails = false) => ({
    write: (data: Uint8Array) =>
      fails ? Promise.reject(new Error("disk full")) : Promise.resolve(data.length),
    close: () => void closes.push(name),
  });
  const reactor = new MemoryReactor();
  const status = downloadPage("http://a/", file("status"), { reactor });
  answer(reactor, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
  await assertRejects(() => status.toPromise(), WebError);

  const disk = downloadPage("http://a/", file("disk", true), { reactor });
  answer(reactor, OK);
  await assertRejects(() => disk.toPromise(), Error, "disk full");

  const lost = downloadPage("http://a/", file("lost"), { reactor });
  answer(reactor, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
  reactor.tcpClients.at(-1)!.connection!.peerCloses();
  await assertRejects(() => lost.toPromise());

  const large = downloadPage("http://a/", file("large"), { reactor, maxBytes: 4 });
  answer(reactor, OK);
  await assertRejects(() => large.toPromise(), BodyTooLarge);
  assertEquals(closes, ["status", "disk", "lost", "large"]);
});

Deno.test("Everyday requests send JSON, forms, parameters and passwords", () => {
  const reactor = new MemoryReactor();
  const cases: [Parameters<typeof post>[1], RegExp[]][] = [
    [{ json: { a: [1, "ü"] } }, [/Content-Type: application\/json\r\n/, /\r\n\r\n\{"a":\[1,"ü"\]\}$/]],
    [{ form: { a: "1 2", b: "ü" } }, [
      /Content-Type: application\/x-www-form-urlencoded\r\n/,
      /\r\n\r\na=1\+2&b=%C3%BC$/,
    ]],
    [{ json: 1, headers: { "content-type": "application/x+json" } }, [
      /Content-Type: application\/x\+json\r\n/,
    ]],
    [{ params: { q: "a b" } }, [/^POST \/\?z=1&q=a\+b /]],
    [{ auth: ["user", "pass"] }, [/Authorization: Basic dXNlcjpwYXNz\r\n/]],
    [{ body: "plain" }, [/Content-Length: 5\r\n/, /\r\n\r\nplain$/]],
  ];
  for (const [options, patterns] of cases) {
    post("http://a/?z=1", { reactor, ...options });
    const head = answer(reactor, OK);
    for (const pattern of patterns) assert(pattern.test(head), head);
  }
  assertThrows(() => post("http://a/", { reactor, json: 1, body: "x" }), TypeError, "more than one of");
});

Deno.test("A client keeps its connections, and closes them in the end", async () => {
  const reactor = new MemoryReactor();
  {
    await using client = new HTTPClient({ reactor });
    const first = client.get("http://a/");
    answer(reactor, OK);
    successResultOf(first);
    client.delete("http://a/2");
    const connection = reactor.tcpClients[0]!.connection!;
    assert(sent(connection).startsWith("DELETE /2"));
    connection.receive(OK);
    assertEquals(reactor.tcpClients.length, 1);
  }
  assertEquals(reactor.tcpClients[0]!.connection, null);
  assertEquals(reactor.getDelayedCalls(), []);
});

Deno.test("One request alone keeps nothing", () => {
  const reactor = new MemoryReactor();
  const response = successResultOf((() => {
    const d = get("http://a/", { reactor });
    answer(reactor, OK);
    return d;
  })());
  assertEquals(response.code, 200);
  assertEquals(reactor.tcpClients[0]!.connection, null);
});

Deno.test("A form with files is as RFC 7578 has it", async () => {
  const body = new MultipartBody({
    title: 'a "title"\r\n',
    'na"me': ["1", "2"],
    raw: new Uint8Array([1]),
    photo: { filename: 'cät".png', contentType: "image/png", data: "PNG" },
    blob: new File(["x"], "x.txt", { type: "text/plain" }),
  }, "B");
  let text = "";
  await body.startProducing({
    write: (data) => void (text += typeof data === "string" ? data : new TextDecoder().decode(data)),
    registerProducer() {},
    unregisterProducer() {},
  });
  assertEquals(
    text,
    [
      '--B\r\nContent-Disposition: form-data; name="title"\r\n\r\na "title"\r\n\r\n',
      '--B\r\nContent-Disposition: form-data; name="na%22me"\r\n\r\n1\r\n',
      '--B\r\nContent-Disposition: form-data; name="na%22me"\r\n\r\n2\r\n',
      '--B\r\nContent-Disposition: form-data; name="raw"\r\n\r\n\x01\r\n',
      '--B\r\nContent-Disposition: form-data; name="photo"; filename="cät%22.png"\r\nContent-Type: image/png\r\n\r\nPNG\r\n',
      '--B\r\nContent-Disposition: form-data; name="blob"; filename="x.txt"\r\nContent-Type: text/plain\r\n\r\nx\r\n',
      "--B--\r\n",
    ].join(""),
  );
  assertEquals(body.length, new TextEncoder().encode(text).length);
  assertEquals(new MultipartBody({ a: { data: (async function* () {})() } }).length, UNKNOWN_LENGTH);
  assertThrows(() => new MultipartBody({}, "a\r\nb"), TypeError);
});
