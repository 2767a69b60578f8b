import { assert, assertEquals, assertRejects } from "@std/assert";
import { Clock } from "@ropewalk/testing";
import { Page, siteClient } from "./_support_test.ts";
import { FetchResource } from "./fetch_resource.ts";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import { type Request as SiteRequest, Resource, Site, siteHandler } from "./mod.ts";

Deno.test("a program of the platform sees the whole request and makes the whole answer", async () => {
  const root = new Resource();
  root.putChild(
    "api",
    new FetchResource(async (request, info) => {
      assertEquals(info.remoteAddr, { transport: "tcp", hostname: "192.168.1.1", port: 54321 });
      const headers = new Headers({ "X-Seen": request.headers.get("x-in")! });
      headers.append("set-cookie", "a=1");
      headers.append("set-cookie", "b=2");
      return new Response(`${request.method} ${request.url} ${await request.text()}`, {
        status: 201,
        headers,
      });
    }),
  );
  const client = siteClient(root);
  client.send("PUT /api/x%20y?q=1 HTTP/1.1\r\nHost: a.example\r\nX-In: v\r\nContent-Length: 4\r\n\r\nbody");
  await client.clock.settle();
  const [answer] = client.answers();
  assertEquals(answer!.body, "PUT http://a.example/api/x%20y?q=1 body");
  assertEquals([answer!.status, answer!.headers.get("x-seen")], [201, "v"]);
  assertEquals(answer!.headers.get("set-cookie"), "a=1, b=2");
});

Deno.test("a program may be kept from seeing where it is mounted", async () => {
  const root = new Resource();
  root.putChild(
    "in",
    new FetchResource((request) => new Response(new URL(request.url).pathname), { stripPrefix: true }),
  );
  const client = siteClient(root);
  client.send("GET /in/a/b HTTP/1.1\r\nHost: a.example\r\n\r\n");
  await client.clock.settle();
  assertEquals(client.answers()[0]!.body, "/a/b");
});

Deno.test("a program is not asked for what is not below the place where it is mounted", async () => {
  const asked: string[] = [];
  const program = (request: Request) => {
    asked.push(new URL(request.url).pathname);
    return new Response("");
  };
  for (const stripPrefix of [false, true]) {
    const root = new Resource();
    root.putChild("public", new FetchResource(program, { stripPrefix }));
    const client = siteClient(root);
    for (
      const path of [
        "/public/../private",
        "/public/%2e%2E/private",
        "/public/x/..\\..\\..\\private",
        "/public/./x",
        "/public/.%2e",
      ]
    ) client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await client.clock.settle();
    assertEquals(client.answers().map(({ status }) => status), [404, 404, stripPrefix ? 200 : 404, 404, 404]);
  }
  assertEquals(asked, ["/x/..%5C..%5C..%5Cprivate"]);
  asked.length = 0;
  const root = new Resource();
  root.putChild("public", new FetchResource(program));
  const client = siteClient(root);
  const paths = [
    "/public",
    "/public/",
    "/public//a//",
    "/public/a%20b%2F%5C",
    "/public/%ff/%zz",
    '/public/"<>|^`{}',
  ];
  for (const path of paths) client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await client.clock.settle();
  assertEquals(client.answers().map(({ status }) => status), paths.map(() => 200));
  assertEquals(asked.slice(0, 5), paths.slice(0, 5));
});

Deno.test("a handler made for Deno.serve fits in a tree, and is told when its answer was sent", async () => {
  const log: string[] = [];
  const handler: Deno.ServeHandler = (request, info) => {
    info.completed.then(() => log.push("sent"), () => log.push("lost"));
    return new URL(request.url).pathname === "/" ? new Response("ok") : new Promise<Response>(() => {});
  };
  const client = siteClient(new FetchResource(handler));
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.clock.settle();
  client.transport.abortConnection();
  await client.clock.settle();
  assertEquals(log, ["sent", "lost"]);
});

Deno.test("a program hears that its client went away", () => {
  let signal!: AbortSignal;
  const client = siteClient(
    new FetchResource((request) => {
      signal = request.signal;
      return new Promise<Response>(() => {});
    }),
  );
  client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  assert(!signal.aborted);
  client.transport.abortConnection();
  assert(signal.aborted);
});

function site(answer: (request: SiteRequest) => ReturnType<Page["render"]>, clock = new Clock()): Site {
  return new Site(new Page(answer), { reactor: clock, maxBodyBytes: 10 });
}

Deno.test("a site as a function answers as it does on a connection", async () => {
  const handler = siteHandler(site((request) => {
    request.setHeader("x-y", "1");
    request.addCookie("a", "1");
    request.addCookie("b", "2");
    return `${request.method} ${request.uri} ${
      request.getHeader("x-in")
    } ${request.content.text()} ${request.getClientIP()}`;
  }));
  const response = await handler(
    new Request("http://a.example/p?q", { method: "POST", headers: { "x-in": "é" }, body: "body" }),
    { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } },
  );
  assertEquals(await response.text(), "POST /p?q é body 127.0.0.1");
  assertEquals([response.status, response.headers.get("x-y")], [200, "1"]);
  assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
});

Deno.test("a site as a function streams, with back-pressure", async () => {
  const clock = new Clock();
  const log: string[] = [];
  const handler = siteHandler(site((request) => {
    request.registerProducer({
      pauseProducing: () => void log.push("pause"),
      resumeProducing: () => void log.push("resume"),
      stopProducing: () => void log.push("stop"),
    }, true);
    request.write(new Uint8Array(70_000));
    return NOT_DONE_YET;
  }, clock));
  const response = await handler(new Request("http://a.example/"));
  const reader = response.body!.getReader();
  assertEquals(log, ["pause"]);
  assertEquals((await reader.read()).value!.length, 70_000);
  assertEquals(log, ["pause", "resume"]);
  await reader.cancel();
  assertEquals(log, ["pause", "resume", "stop"]);
});

Deno.test("a site as a function keeps to its limits, and to the rules for bodies", async () => {
  const handler = siteHandler(site((request) => {
    if (request.path === "/204") request.setResponseCode(204);
    return "hello";
  }));
  assertEquals(
    (await handler(new Request("http://a/", { method: "POST", body: "x".repeat(11) }))).status,
    413,
  );
  assertEquals((await handler(new Request("http://a/204"))).body, null);
  const head = await handler(new Request("http://a/", { method: "HEAD" }));
  assertEquals([head.body, head.headers.get("content-length")], [null, "5"]);
});

Deno.test("a request that is aborted fails, and its page hears of it", async () => {
  const controller = new AbortController();
  let gone = false;
  const handler = siteHandler(site((request) => {
    request.notifyFinish().addErrback(() => void (gone = true));
    return NOT_DONE_YET;
  }));
  const answer = handler(new Request("http://a/", { signal: controller.signal }));
  await Promise.resolve();
  controller.abort();
  await assertRejects(() => answer);
  assert(gone);
});

Deno.test("a request that was aborted before it is answered fails at once, and what takes no time is answered", async () => {
  const seen: string[] = [];
  const handler = siteHandler(site((request) => {
    seen.push(request.path);
    return request.path === "/now" ? "hello" : NOT_DONE_YET;
  }));
  const signal = AbortSignal.abort();
  assertEquals(await (await handler(new Request("http://a/now", { signal }))).text(), "hello");
  await assertRejects(() => handler(new Request("http://a/later", { signal })), Error, "went away");
  await assertRejects(() => handler(new Request("http://a/post", { method: "POST", body: "x", signal })));
  assertEquals(seen, ["/now", "/later"]);
});

Deno.test("of a body that nobody takes some is read, so that its client reads the answer, and no more", async () => {
  const handler = siteHandler(site(() => "hello"));
  const taken = async (pieces: number) => {
    let given = 0;
    const { promise: over, resolve } = Promise.withResolvers<string>();
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (given++ < pieces) return controller.enqueue(new Uint8Array(65_536));
        controller.close();
        resolve("read to its end");
      },
      cancel: () => resolve("given up"),
    });
    const { status } = await handler(new Request("http://a/", { method: "POST", body }));
    return [status, await over, given < 30];
  };
  assertEquals(await taken(5), [413, "read to its end", true]);
  assertEquals(await taken(1000), [413, "given up", true]);
});

Deno.test("a site as a function answers a page that fails with 500", async () => {
  const { setErrorReporter } = await import("@ropewalk/deferred");
  const errors: unknown[] = [];
  const previous = setErrorReporter((failure) => void errors.push(failure.value));
  const response = await siteHandler(site(() => {
    throw new Error("boom");
  }))(new Request("http://a/"));
  setErrorReporter(previous);
  assertEquals([response.status, errors.length], [500, 1]);
  await response.body?.cancel();
});

Deno.test("a site as a function answers 500 where the host cannot carry the status", async () => {
  const { setErrorReporter } = await import("@ropewalk/deferred");
  const errors: unknown[] = [];
  const previous = setErrorReporter((failure) => void errors.push(failure));
  const statuses: number[] = [];
  for (const code of [100, 600, 299]) {
    const handler = siteHandler(site((request) => {
      request.setResponseCode(code, "all ☃ good");
      return "";
    }));
    statuses.push((await handler(new Request("http://a/"))).status);
  }
  setErrorReporter(previous);
  assertEquals([statuses, errors.length], [[500, 500, 299], 2]);
});

Deno.test("an answer that is broken off under a host is told to its page, once", async () => {
  const heard: string[] = [];
  const handler = siteHandler(site((request) => {
    request.notifyFinish().addErrback(() => void heard.push("lost"));
    request.registerProducer({
      pauseProducing: () => {},
      resumeProducing: () => {},
      stopProducing: () => void heard.push("stopped"),
    }, true);
    request.write("some");
    request.channel.abortResponse();
    return NOT_DONE_YET;
  }));
  const response = await handler(new Request("http://a/"));
  await assertRejects(() => response.text());
  assertEquals(heard, ["lost", "stopped"]);
});

Deno.test("the body of an answer that comes after its client left is given up", async () => {
  let cancelled = false;
  const { promise, resolve } = Promise.withResolvers<Response>();
  const client = siteClient(new FetchResource(() => promise));
  client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  client.transport.abortConnection();
  resolve(new Response(new ReadableStream({ cancel: () => void (cancelled = true) })));
  await client.clock.settle();
  assert(cancelled);
});
