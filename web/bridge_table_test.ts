/**
 * One table of requests, and three ways for a site to be asked: on the engine by the byte, as a function of the web
 * platform, and as such a function mounted in another site on the engine. The answers are the same ones.
 */
import { assertEquals } from "@std/assert";
import { Deferred, setErrorReporter, succeed } from "@ropewalk/deferred";
import { latin1 } from "@ropewalk/protocols/bytes";
import { FilePath } from "@ropewalk/reactor/filepath";
import { Clock, MemoryFileSystem } from "@ropewalk/testing";
import { BRIDGE_CASES, type Row } from "./_bridge_cases.ts";
import { Client, Page, parseAnswers } from "./_support_test.ts";
import {
  CACHED,
  Data,
  FetchResource,
  File,
  NOT_DONE_YET,
  Redirect,
  type Request as SiteRequest,
  Resource,
  Site,
  siteHandler,
} from "./mod.ts";
import { html } from "./templates.ts";

interface Outcome {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Fields that are the connection's, or that differ by the second. */
const OF_HOST = ["date", "connection", "transfer-encoding"];

function page(
  root: Resource,
  path: string,
  answer: (request: SiteRequest) => ReturnType<Page["render"]>,
): void {
  root.putChild(path, new Page(answer));
}

class Only extends Resource {
  override isLeaf = true;
  render_GET(): string {
    return "";
  }
}

class Counted extends Resource {
  override isLeaf = true;
  override streamsBody = true;
  render_POST(request: SiteRequest): typeof NOT_DONE_YET {
    let bytes = 0;
    request.deliverBody({
      bodyReceived: (piece) => void (bytes += piece.length),
      bodyComplete: () => {
        request.write(`${bytes}`);
        request.finish();
      },
    });
    return NOT_DONE_YET;
  }
}

function tree(): Resource {
  const root = new Resource();
  root.putChild("", new Data("the index", "text/plain"));
  root.putChild("only", new Only());
  root.putChild("counted", new Counted());
  root.putChild("elsewhere", new Redirect("/there?a=b"));
  const files = new MemoryFileSystem({ "/www/a.txt": "0123456789", "/secret": "s" }, { seconds: () => 1000 });
  root.putChild("files", new File(new FilePath("/www", files)));
  page(root, "hello", () => "hello");
  page(root, "text", () => "Jürgen ☃");
  page(root, "bytes", () => new Uint8Array([0, 255]));
  page(root, "seen", (r) => `${JSON.stringify(r.prepath)} ${JSON.stringify(r.postpath)}`);
  page(root, "args", (r) => r.args.toString());
  page(root, "echo", (r) => r.content.bytes());
  page(root, "header", (r) => r.getHeader("x-in") ?? "none");
  page(root, "where", (r) => `${r.prePathURL()} ${r.getRequestHostname()} ${r.isSecure()}`);
  page(root, "upload", async (r) => {
    const { name, filename, type } = r.files[0]!;
    return `${r.args} ${name} ${filename} ${type} ${await r.files[0]!.text()}`;
  });
  page(root, "headers", (r) => {
    r.setHeader("x-one", 1);
    r.responseHeaders.append("x-two", "2");
    r.responseHeaders.append("x-two", "3");
    return "";
  });
  page(root, "injected", (r) => {
    r.setHeader("x-a", "1\r\nX-B: 2");
    return "";
  });
  page(root, "cookies", (r) => {
    r.addCookie("c", "3", { path: "/" });
    r.addCookie("d", "4", { httpOnly: true });
    return `${r.getCookie("a")} ${r.getCookie("b")}`;
  });
  page(root, "code", (r) => {
    r.setResponseCode(Number(r.query));
    return `code ${r.query}`;
  });
  page(root, "tagged", (r) => r.setETag("v1") === CACHED ? "" : "version 1");
  page(root, "deferred", (r) => {
    const d = new Deferred<string>();
    r.reactor.callLater(1, () => d.callback("later"));
    return d;
  });
  page(root, "promise", () => Promise.resolve("promised"));
  page(root, "iterable", async function* () {
    yield "one ";
    yield new TextEncoder().encode("two");
  });
  page(root, "template", () => html`<p>${"<b>"} ${Promise.resolve(html`<i>${succeed("later")}</i>`)}</p>`);
  page(root, "stream", () => new Response("streamed").body!);
  page(root, "response", () => new Response("made", { status: 201, headers: { "x-y": "1" } }));
  page(root, "pieces", (r) => {
    for (let i = 1; i <= 3; i++) r.write(`${i}\n`);
    r.finish();
    return NOT_DONE_YET;
  });
  page(root, "pulled", (r) => {
    let left = 50;
    r.registerProducer({
      resumeProducing() {
        r.write("x");
        if (--left > 0) return;
        r.unregisterProducer();
        r.finish();
      },
      stopProducing() {},
    }, false);
    return NOT_DONE_YET;
  });
  page(root, "throws", () => {
    throw new Error("boom");
  });
  page(root, "fails", () => {
    const d = new Deferred<string>();
    d.errback(new Error("boom"));
    return d;
  });
  page(root, "undefined", () => undefined as unknown as string);
  return root;
}

type Carrier = (row: Row, clock: Clock) => Promise<Outcome>;

const LIMIT = { maxBodyBytes: 100_000, accessLog: "none" } as const;

/** The same request for all: what `fetch` would make of it. */
function requestOf({ path, init }: Row): Request {
  return new Request(`http://a.example${path}`, init);
}

// A site on the engine, asked by the byte.
function wired(root: Resource): Carrier {
  return async (row, clock) => {
    const request = requestOf(row);
    const body = new Uint8Array(await request.arrayBuffer());
    const client = new Client(new Site(root, LIMIT), clock);
    let head = `${request.method} ${row.path} HTTP/1.1\r\nHost: a.example\r\n`;
    for (const [name, value] of request.headers) head += `${name}: ${value}\r\n`;
    if (row.init?.body !== undefined) head += `Content-Length: ${body.length}\r\n`;
    client.send(`${head}\r\n${latin1(body)}`);
    await settle(clock);
    const [answer] = parseAnswers(client.wire, [request.method]);
    const text = new TextDecoder().decode(Uint8Array.from(answer!.body, (c) => c.charCodeAt(0)));
    client.transport.abortConnection();
    return { status: answer!.status, headers: Object.fromEntries(answer!.headers), body: text };
  };
}

// A site as a function of the platform.
function called(root: Resource): Carrier {
  return async (row, clock) => {
    const answered = siteHandler(new Site(root, { ...LIMIT, reactor: clock }))(requestOf(row));
    await settle(clock);
    const response = await answered;
    const headers = Object.fromEntries(response.headers);
    const cookies = response.headers.getSetCookie();
    if (cookies.length > 0) headers["set-cookie"] = cookies.join(", ");
    const text = response.text();
    await settle(clock);
    return { status: response.status, headers, body: await text };
  };
}

async function settle(clock: Clock): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await clock.settle();
    clock.advance(1);
  }
  await clock.settle();
}

const CARRIERS: Readonly<Record<string, Carrier>> = {
  "on the engine": wired(tree()),
  "as a function of the platform": called(tree()),
  "as a function that is mounted in a site on the engine": (row, clock) =>
    wired(new FetchResource(siteHandler(new Site(tree(), { ...LIMIT, reactor: clock }))))(row, clock),
};

for (const [where, carrier] of Object.entries(CARRIERS)) {
  Deno.test(`a site answers every request of the table ${where}`, async () => {
    for (const row of BRIDGE_CASES) {
      const errors: unknown[] = [];
      const previous = setErrorReporter((failure) => void errors.push(failure));
      const { status, headers, body } = await carrier(row, new Clock()).finally(() =>
        setErrorReporter(previous)
      );
      assertEquals(status, row.status ?? 200, row.what);
      if (row.body instanceof RegExp) assertEquals(row.body.test(body), true, `${row.what}: ${body}`);
      else if (row.body !== undefined) assertEquals(body, row.body, row.what);
      for (const [name, value] of Object.entries(row.headers ?? {})) {
        assertEquals(headers[name] ?? null, value, `${row.what}: ${name}`);
      }
      assertEquals(errors.length, row.errors ?? 0, `${row.what}: ${errors}`);
    }
  });
}

Deno.test("the heads of all answers are the same however a site is asked, but for what is the connection's", async () => {
  const previous = setErrorReporter(() => {});
  try {
    for (const row of BRIDGE_CASES) {
      const heads = await Promise.all(
        Object.values(CARRIERS).map(async (carrier) => {
          const { status, headers } = await carrier(row, new Clock());
          for (const name of OF_HOST) delete headers[name];
          return { status, headers };
        }),
      );
      for (const head of heads) assertEquals(head, heads[0], row.what);
    }
  } finally {
    setErrorReporter(previous);
  }
});
