/** References over a WebSocket: a site serves them to this process's platform socket, and to a page in a browser. */
import { reactor } from "@ropewalk/reactor";
import {
  connectWebSocket,
  PBClientFactory,
  PBServerFactory,
  PBWebSocket,
  Referenceable,
  type RemoteReference,
  Root,
} from "@ropewalk/spread";
import { type IPv4Address, type ListeningPort, PipeAddress } from "@ropewalk/reactor/core";
import { Data, Resource, Site, WebSocketResource } from "@ropewalk/web";
import { assertEquals } from "@std/assert";

const BROWSER = "/usr/bin/chromium";
const PAGE = new URL("./page.ts", import.meta.url).pathname;
const HTML = '<!doctype html><title>a page</title><script type="module" src="/page.js"></script>';
const encoder = new TextEncoder();

class Counter extends Referenceable {
  #count = 0;
  remote_add(by: number): number {
    return this.#count += by;
  }
}

/** What a page offers. */
export interface Titled {
  remote_title(): string;
}

/** What is served. */
export class Store extends Root {
  readonly reported = Promise.withResolvers<[unknown, string]>();
  remote_get(key: string): string {
    return `the value of ${key}`;
  }
  remote_counter(): Counter {
    return new Counter();
  }
  remote_long(parts: number): Uint8Array[] {
    // More than a WebSocket message may hold by default, in strings that banana takes.
    return Array.from({ length: 3 }, () => new Uint8Array(parts / 3));
  }
  async remote_report(found: unknown, page: RemoteReference<Titled>): Promise<void> {
    this.reported.resolve([found, await page.callRemote("title")]);
  }
}

async function serve(store: Store, script = ""): Promise<{ port: ListeningPort; site: Site; host: string }> {
  const factory = new PBServerFactory(store);
  const root = new Resource();
  root.putChild("", new Data(encoder.encode(HTML), "text/html"));
  root.putChild("page.js", new Data(encoder.encode(script), "text/javascript"));
  root.putChild("pb", new WebSocketResource(() => new PBWebSocket(factory.buildProtocol(new PipeAddress()))));
  const site = new Site(root);
  const port = reactor.listenTCP(0, site, { hostname: "127.0.0.1" });
  await port.ready;
  return { port, site, host: `127.0.0.1:${(port.getHost() as IPv4Address).port}` };
}

async function stop({ port, site }: { port: ListeningPort; site: Site }): Promise<void> {
  await port.stopListening();
  await site.drain(5);
  while (reactor.stats().connections > 0) {
    await new Promise<void>((resolve) => reactor.callLater(0.01, resolve));
  }
}

Deno.test("a platform WebSocket carries calls, references and long answers", async () => {
  const served = await serve(new Store());
  const socket = new WebSocket(`ws://${served.host}/pb`);
  const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
  const factory = new PBClientFactory();
  connectWebSocket(socket, factory.buildProtocol(new PipeAddress()));
  const root = await factory.getRootObject<Store>();
  assertEquals(await root.proxy.get("k"), "the value of k");
  const counter = await root.callRemote("counter");
  await counter.callRemote("add", 1);
  assertEquals(await counter.callRemote("add", 2), 3);
  assertEquals((await root.proxy.long(1_500_000)).map((part) => part.length), [500_000, 500_000, 500_000]);
  factory.disconnect();
  await closed;
  await stop(served);
});

Deno.test("a text message costs its sender the connection", async () => {
  const served = await serve(new Store());
  const socket = new WebSocket(`ws://${served.host}/pb`);
  const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
  socket.addEventListener("open", () => socket.send("text"));
  await closed;
  await stop(served);
});

Deno.test("a page in a browser holds references, and the server one to the page", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", PAGE],
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  const store = new Store();
  const served = await serve(store, new TextDecoder().decode(stdout));
  const profile = await Deno.makeTempDir();
  const browser = new Deno.Command(BROWSER, {
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--remote-debugging-port=0", // it stays until it is told to end
      `--user-data-dir=${profile}`,
      `http://${served.host}/`,
    ],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const silent = browser.stderr.pipeTo(new WritableStream());
  try {
    const ended = browser.status.then(({ code }) => {
      throw new Error(`The browser ended with ${code} before the page had told anything`);
    });
    assertEquals(await Promise.race([store.reported.promise, ended]), [
      { first: "the value of k", second: 3, long: 3 },
      "a page",
    ]);
    ended.catch(() => {}); // it ends below
  } finally {
    browser.kill("SIGTERM");
    await browser.status;
    await silent; // no process of it is left that could write into its profile
    await stop(served);
    await Deno.remove(profile, { recursive: true });
  }
});
