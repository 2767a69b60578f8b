import { ConnectionLost, ConnectionRefusedError, type PushProducer } from "@ropewalk/reactor/core";
import { fromLatin1, latin1 } from "@ropewalk/protocols/bytes";
import { MemoryReactor } from "@ropewalk/testing";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Client, Page } from "./_support_test.ts";
import { CompressionResource } from "./compression.ts";
import { FetchResource } from "./fetch_resource.ts";
import { ProxyFactory } from "./forward_proxy.ts";
import { NameVirtualHost } from "./name_virtual_host.ts";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import type { BodyReceiver } from "./_request_body.ts";
import type { Request } from "./request.ts";
import { type RenderResult, Resource } from "./resource.ts";
import { ReverseProxyResource } from "./reverse_proxy.ts";
import { Site } from "./site.ts";
import { siteHandler } from "./site_handler.ts";

/** Keeps what comes, and says when. */
class Taker extends Resource implements BodyReceiver {
  override isLeaf = true;
  override streamsBody = true;
  readonly events: string[] = [];
  request!: Request;
  take = true;

  override render(request: Request): RenderResult {
    this.request = request;
    this.events.push(`render ${request.streaming} ${request.contentLength}`);
    request.notifyFinish().addErrback(() => void this.events.push("gone"));
    if (this.take) request.deliverBody(this);
    return NOT_DONE_YET;
  }

  bodyReceived(bytes: Uint8Array): void {
    this.events.push(latin1(bytes));
  }

  bodyComplete(): void {
    this.events.push(`complete ${JSON.stringify([...this.request.trailers])}`);
    if (this.request.finished) return;
    this.request.write("done");
    this.request.finish();
  }
}

function taking(): { taker: Taker; client: Client } {
  const taker = new Taker();
  const root = new Resource();
  root.putChild("t", taker);
  root.putChild("other", new Page((request) => request.content.text()));
  return { taker, client: new Client(new Site(root, { accessLog: "none" })) };
}

const HEAD = "POST /t HTTP/1.1\r\nHost: a\r\n";

Deno.test("a resource that takes bodies as streams is rendered before they are here", () => {
  const { taker, client } = taking();
  client.send(`${HEAD}Content-Length: 6\r\n\r\nab`);
  assertEquals(taker.events, ["render true 6", "ab"]);
  client.send("c").send("def");
  assertEquals(taker.events.slice(2), ["c", "def", "complete []"]);
  client.send("POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx").send("y"); // the connection goes on
  assertEquals(client.answers().map(({ body }) => body), ["done", "xy"]);
});

Deno.test("chunks are taken apart, and trailers are there at the end", () => {
  const { taker, client } = taking();
  client.send(`${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n`);
  client.send("1\r\nc\r\n0\r\nX-Sum: 1\r\n\r\n");
  assertEquals(taker.events, [
    "render true -1",
    "ab",
    "c",
    'complete [["x-sum","1"]]'.replace("x-sum", "X-Sum"),
  ]);
});

Deno.test("a body that came with its head is delivered at once, in pieces", () => {
  const { taker, client } = taking();
  client.send(`${HEAD}Content-Length: 3\r\n\r\nabc`);
  assertEquals(taker.events, ["render false 3", "abc", "complete []"]);
  assertThrows(() => taker.request.deliverBody(taker), TypeError, "somebody takes it already");
});

Deno.test("nothing is read of a body before somebody takes it, nor while it is paused", () => {
  const { taker, client } = taking();
  taker.take = false;
  client.send(`${HEAD}Content-Length: 9\r\n\r\nabc`);
  assertEquals(client.transport.producerState, "paused");
  client.clock.advance(3600); // it takes its time; the client is not to blame
  assert(!client.closed);
  taker.request.deliverBody(taker);
  assertEquals(client.transport.producerState, "producing");
  taker.request.pauseBody();
  assertEquals(client.transport.producerState, "paused");
  client.send("def"); // what was on its way
  assertEquals(taker.events, ["render true 9", "abc"]);
  taker.request.resumeBody();
  assertEquals(taker.events.at(-1), "def");
  client.clock.advance(61); // now the client is slow
  assertStringIncludes(client.wire, " 408 ");
  assertEquals(taker.events.at(-1), "gone");
});

Deno.test("100-continue is said when the body is wanted, and not when the answer is there already", () => {
  const { taker, client } = taking();
  taker.take = false;
  client.send(`${HEAD}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n`);
  assertEquals(client.wire, "");
  taker.request.deliverBody(taker);
  assertEquals(client.wire, "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  assertEquals(taker.events.at(-1), "complete []");

  const refused = taking();
  refused.taker.take = false;
  refused.client.send(`${HEAD}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n`);
  refused.taker.request.setResponseCode(403);
  refused.taker.request.finish();
  assert(refused.client.wire.startsWith("HTTP/1.1 403 "));
  assert(refused.client.closed); // whether a body follows, nobody can tell
});

Deno.test("a mounted program has 100-continue said when it reads the body, and not when it does without", async () => {
  const program = new FetchResource(async (request) =>
    new URL(request.url).pathname === "/read"
      ? new Response(await request.text())
      : new Response(null, { status: 403 })
  );
  const ask = async (path: string) => {
    const client = new Client(new Site(program, { accessLog: "none" }));
    client.send(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n`);
    await turns();
    return client;
  };
  const reading = await ask("/read");
  assertEquals(reading.wire, "HTTP/1.1 100 Continue\r\n\r\n");
  reading.send("abc");
  await turns();
  assertStringIncludes(reading.wire, "abc");
  assert((await ask("/refuse")).wire.startsWith("HTTP/1.1 403 "));
});

Deno.test("what is left of a body whose answer is there is dropped, and the connection goes on, unless it is much", () => {
  const { taker, client } = taking();
  taker.take = false;
  client.send(`${HEAD}Content-Length: 60000\r\n\r\nabc`);
  taker.request.write("no");
  taker.request.finish();
  client.send("x".repeat(59_997) + "GET /other HTTP/1.1\r\nHost: a\r\n\r\n");
  assertEquals(client.answers().map(({ status }) => status), [200, 200]);
  assert(!client.closed);

  const much = taking();
  much.taker.take = false;
  much.client.send(`${HEAD}Content-Length: 100000\r\n\r\n`);
  much.taker.request.finish();
  much.client.send("x".repeat(65_536));
  assert(!much.client.closed);
  much.client.send("x");
  assert(much.client.closed);

  const slow = taking();
  slow.taker.take = false;
  slow.client.send(`${HEAD}Content-Length: 9\r\n\r\n`);
  slow.taker.request.finish();
  slow.client.clock.advance(61);
  assert(slow.client.closed);
});

Deno.test("a body that is malformed, too large or broken off is told of as a client that left", () => {
  for (const [wire, status] of [["zz\r\n", " 400 "], ["ffffffff\r\n", " 413 "]] as const) {
    const { taker, client } = taking();
    client.send(`${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n`).send(wire);
    assertStringIncludes(client.wire, status);
    assertEquals(taker.events.slice(1), ["a", "gone"]);
  }
  const { taker, client } = taking();
  client.send(`${HEAD}Content-Length: 9\r\n\r\nabc`);
  client.transport.abortConnection();
  assertEquals(taker.events.at(-1), "gone");
});

Deno.test("hosts and compression let bodies through as streams; a resource that finds children in its own way does not", () => {
  const taker = new Taker();
  const tree = new Resource();
  tree.putChild("t", taker);
  const hosts = new NameVirtualHost();
  hosts.addHost("a", new CompressionResource(tree));
  const client = new Client(new Site(hosts, { accessLog: "none" }));
  client.send(`${HEAD}Content-Length: 6\r\n\r\nab`);
  assertEquals(taker.events[0], "render true 6");

  class Guard extends Resource {
    override getChildWithDefault(path: string, request: Request): ReturnType<Resource["getChild"]> {
      return request.content.text() === "secret" ? super.getChildWithDefault(path, request) : this;
    }
  }
  const guard = new Guard();
  const guarded = new Taker();
  guard.putChild("t", guarded);
  new Client(new Site(guard, { accessLog: "none" })).send(`${HEAD}Content-Length: 6\r\n\r\nsec`).send("ret");
  assertEquals(guarded.events, ["render false 6", "secret", "complete []"]);
});

function proxied(): { reactor: MemoryReactor; client: Client } {
  const reactor = new MemoryReactor();
  const root = new Resource();
  root.putChild("t", new ReverseProxyResource("backend", 81, "", reactor));
  return { reactor, client: new Client(new Site(root, { accessLog: "none" })) };
}

Deno.test("a reverse proxy passes a body on as it comes, and holds the client back for a server that does not read", () => {
  const { reactor, client } = proxied();
  client.send(`${HEAD}Content-Length: 9\r\n\r\nabc`);
  assertEquals(client.transport.producerState, "paused"); // until the server is there
  const backend = reactor.tcpClients[0]!.succeed()!;
  assertStringIncludes(backend.text(), "Content-Length: 9\r\n");
  assert(backend.text().endsWith("\r\n\r\nabc"));
  backend.clear();
  (backend.producer as PushProducer).pauseProducing();
  assertEquals(client.transport.producerState, "paused");
  client.send("def");
  assertEquals(backend.text(), "");
  backend.producer!.resumeProducing();
  assertEquals(backend.text(), "def");
  assertEquals(client.transport.producerState, "producing");
  backend.receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"); // both ways at once
  assertStringIncludes(client.wire, "2\r\nhi\r\n");
  client.send("ghi");
  assertEquals(backend.text(), "defghi");
  backend.receive("0\r\n\r\n");
  assertEquals(client.answers()[0]!.body, "hi");
  assert(!client.closed);
});

Deno.test("a body in chunks goes on in chunks", () => {
  const { reactor, client } = proxied();
  client.send(`${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`);
  const backend = reactor.tcpClients[0]!.succeed()!;
  assertStringIncludes(backend.text(), "Transfer-Encoding: chunked\r\n");
  client.send("1\r\nd\r\n0\r\n\r\n");
  assert(backend.text().endsWith("\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"), backend.text());
});

Deno.test("a server that refuses is 502 though the body is not here yet, and the rest of it is dropped", () => {
  const { reactor, client } = proxied();
  client.send(`${HEAD}Content-Length: 9\r\n\r\nabc`);
  reactor.tcpClients[0]!.fail(new ConnectionRefusedError());
  client.send("defghi").send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
  assertEquals(client.answers().map(({ status }) => status), [502, 404]);
});

Deno.test("a server that answers before the body is through gets no more of it", () => {
  const { reactor, client } = proxied();
  client.send(`${HEAD}Content-Length: 9\r\n\r\nabc`);
  const backend = reactor.tcpClients[0]!.succeed()!;
  backend.receive("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  backend.clear();
  client.send("defghi");
  assertEquals(backend.text(), "");
  assertEquals(client.answers()[0]!.body, "no");
  assert(!client.closed);
});

Deno.test("a client that leaves in the middle of a body ends the connection to the server", () => {
  const { reactor, client } = proxied();
  client.send(`${HEAD}Content-Length: 9\r\n\r\nabc`);
  const backend = reactor.tcpClients[0]!.succeed()!;
  client.transport.abortConnection();
  assert(!backend.connected || backend.aborting);
});

Deno.test("a server that leaves in the middle of a body is 502", () => {
  const { reactor, client } = proxied();
  client.send(`${HEAD}Content-Length: 9\r\n\r\nabc`);
  reactor.tcpClients[0]!.succeed()!.peerCloses(new ConnectionLost());
  assertEquals(client.answers()[0]!.status, 502);
});

Deno.test("a forward proxy passes a body on as it comes", () => {
  const reactor = new MemoryReactor();
  const client = new Client(new ProxyFactory(reactor, { accessLog: "none" }));
  client.send("PUT http://b.example/x HTTP/1.1\r\nHost: b.example\r\nContent-Length: 6\r\n\r\nabc");
  const backend = reactor.tcpClients[0]!.succeed()!;
  assert(backend.text().endsWith("\r\n\r\nabc"), backend.text());
  client.send("def");
  assert(backend.text().endsWith("\r\n\r\nabcdef"));
});

Deno.test("a proxy refuses what is no reactor when it is made", () => {
  const none = {} as unknown as MemoryReactor;
  assertThrows(
    () => new ReverseProxyResource("a", 1, "", none),
    TypeError,
    "the reactor makes no connections",
  );
  assertThrows(() => new ProxyFactory(none), TypeError, "the reactor makes no connections");
});

Deno.test("a program of the web platform reads bodies as they come, and hears of clients that leave", async () => {
  const seen: string[] = [];
  let failed: unknown;
  const program = new FetchResource(async (request) => {
    try {
      for await (const piece of request.body!) seen.push(latin1(piece));
    } catch (error) {
      failed = error;
      throw error;
    }
    return new Response("done");
  });
  const client = new Client(new Site(program, { accessLog: "none" }));
  client.send(`${HEAD}Content-Length: 6\r\n\r\nabc`);
  await turns();
  assertEquals(seen, ["abc"]);
  client.send("def");
  await turns();
  assertEquals(seen, ["abc", "def"]);
  assertEquals(client.answers()[0]!.body, "done");
  client.send(`${HEAD}Content-Length: 6\r\n\r\nabc`);
  await turns();
  client.transport.abortConnection();
  await turns();
  assert(failed instanceof Error);
});

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

Deno.test("under a fetch handler bodies are streams too, read no faster than they are taken", async () => {
  const taker = new Taker();
  const handler = siteHandler(new Site(taker, { accessLog: "none" }));
  let pulled = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (++pulled > 5) controller.close();
      else controller.enqueue(fromLatin1(String(pulled)) as Uint8Array<ArrayBuffer>);
    },
  }, { highWaterMark: 0 });
  taker.take = false;
  const answer = handler(
    new globalThis.Request("http://a/t", { method: "POST", body, duplex: "half" } as RequestInit),
  );
  await turns();
  assertEquals([taker.events.join(), pulled <= 1], ["render true -1", true]);
  taker.request.deliverBody({
    bodyReceived: (bytes) => {
      taker.bodyReceived(bytes);
      if (latin1(bytes) === "2") taker.request.pauseBody();
    },
    bodyComplete: () => taker.bodyComplete(),
  });
  await turns();
  assertEquals(taker.events.at(-1), "2");
  taker.request.resumeBody();
  assertEquals(await (await answer).text(), "done");
  assertEquals(taker.events.slice(1), ["1", "2", "3", "4", "5", "complete []"]);
});

Deno.test("under a fetch handler a body has its limit, and refusals have their date", async () => {
  const site = new Site(new Taker(), { accessLog: "none", maxBodyBytes: 4, now: () => 0 });
  const page = new Site(new Page(() => "x"), { accessLog: "none", maxBodyBytes: 4, now: () => 0 });
  for (const one of [site, page]) {
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        controller.enqueue(new Uint8Array(3));
        controller.enqueue(new Uint8Array(3));
      },
    });
    const request = new globalThis.Request(
      "http://a/t",
      { method: "POST", body, duplex: "half" } as RequestInit,
    );
    const answer = await siteHandler(one)(request);
    assertEquals([answer.status, answer.headers.get("date")], [413, "Thu, 01 Jan 1970 00:00:00 GMT"]);
    assertEquals(answer.headers.get("server"), "Ropewalk");
    assertEquals(one.requestsInProgress, 0);
    await answer.text();
  }
});
