/** A program of Hono inside a tree, and a site under `Deno.serve`: the same requests to both. */
import { reactor } from "@ropewalk/reactor";
import { FetchResource, NOT_DONE_YET, type Request, Resource, Site, siteHandler } from "@ropewalk/web";
import { assertEquals } from "@std/assert";
import { Hono } from "npm:hono@^4.6.0";

/** What every program here answers. */
const TABLE: [what: string, path: string, init: RequestInit, status: number, body: string][] = [
  ["a page", "/app/hello", {}, 200, "hello"],
  ["the query", "/app/hello?name=J%C3%BCrgen%20X", {}, 200, "hello Jürgen X"],
  ["a segment", "/app/items/a%20b", {}, 200, "item a b"],
  ["a form", "/app/form", { method: "POST", body: new URLSearchParams({ a: "1 2" }) }, 200, "a is 1 2"],
  ["a large body", "/app/length", { method: "POST", body: "x".repeat(300_000) }, 200, "300000"],
  ["a header", "/app/header", { headers: { "X-Asked": "yes" } }, 200, "yes"],
  ["a stream", "/app/stream", {}, 200, "one two three"],
  ["nothing", "/app/nowhere", {}, 404, ""],
  ["no body", "/app/empty", {}, 204, ""],
  ["HEAD", "/app/hello", { method: "HEAD" }, 200, ""],
];

const honoApp = new Hono().basePath("/app")
  .get("/hello", (c) => c.text(["hello", c.req.query("name") ?? ""].join(" ").trim()))
  .get("/items/:name", (c) => c.text(`item ${c.req.param("name")}`))
  .post("/form", async (c) => c.text(`a is ${(await c.req.parseBody()).a}`))
  .post("/length", async (c) => c.text(String((await c.req.text()).length)))
  .get("/header", (c) => c.text(c.req.header("x-asked") ?? ""))
  .get(
    "/stream",
    () => new Response(ReadableStream.from(["one ", "two ", "three"]).pipeThrough(new TextEncoderStream())),
  )
  .get("/empty", (c) => c.body(null, 204))
  .notFound((c) => c.text("", 404));

class Answer extends Resource {
  override isLeaf = true;
  constructor(readonly method: string, readonly answer: (request: Request) => string | typeof NOT_DONE_YET) {
    super();
  }
  override render(request: Request): string | typeof NOT_DONE_YET {
    if (request.method !== this.method && request.method !== "HEAD") request.setResponseCode(405);
    return this.answer(request);
  }
}

function tree(): Resource {
  const app = new Resource();
  app.putChild("hello", new Answer("GET", ({ args }) => `hello ${args.get("name") ?? ""}`.trim()));
  app.putChild("items", new Answer("GET", ({ postpath }) => `item ${postpath[0]}`));
  app.putChild("form", new Answer("POST", ({ args }) => `a is ${args.get("a")}`));
  app.putChild("length", new Answer("POST", ({ content }) => String(content.length)));
  app.putChild("header", new Answer("GET", (request) => request.getHeader("x-asked") ?? ""));
  app.putChild(
    "stream",
    new Answer("GET", (request) => {
      for (const piece of ["one ", "two ", "three"]) request.write(piece);
      request.finish();
      return NOT_DONE_YET;
    }),
  );
  app.putChild(
    "empty",
    new Answer("GET", (request) => {
      request.setResponseCode(204);
      return "";
    }),
  );
  const root = new Resource();
  root.putChild("app", app);
  return root;
}

async function check(base: string, client: Deno.HttpClient): Promise<void> {
  for (const [what, path, init, status, body] of TABLE) {
    const response = await fetch(base + path, { ...init, redirect: "manual", client });
    const text = await response.text();
    assertEquals([response.status, status === 404 ? "" : text], [status, body], what);
  }
}

async function overReactor(root: Resource): Promise<void> {
  const site = new Site(root, { accessLog: "none" });
  await using port = reactor.listenTCP(0, site, { hostname: "127.0.0.1" });
  await port.ready;
  const client = Deno.createHttpClient({}); // closed with its connections
  try {
    await check(`http://127.0.0.1:${(port.getHost() as { port: number }).port}`, client);
  } finally {
    client.close();
    await site.drain(5);
  }
}

async function underServe(root: Resource): Promise<void> {
  const handler = siteHandler(new Site(root, { accessLog: "none" }));
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  const client = Deno.createHttpClient({});
  try {
    await check(`http://127.0.0.1:${server.addr.port}`, client);
  } finally {
    client.close();
    await server.shutdown();
  }
}

Deno.test("a Hono app answers the same mounted in a site on a port", () =>
  overReactor(new FetchResource((request) => honoApp.fetch(request))));

Deno.test("a Hono app answers the same mounted in a site under Deno.serve", () =>
  underServe(new FetchResource((request) => honoApp.fetch(request))));

Deno.test("a tree of resources answers the same on a port", () => overReactor(tree()));

Deno.test("a tree of resources answers the same under Deno.serve", () => underServe(tree()));
