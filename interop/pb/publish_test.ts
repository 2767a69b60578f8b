/** Published objects against Twisted's, both ways round; and between two processes of ours streams and taking back. */
import { reactor } from "@ropewalk/reactor";
import type { IPv4Address } from "@ropewalk/reactor/core";
import {
  PBClientFactory,
  type PublishedState,
  RemoteError,
  RemotePublished,
  type RemoteReference,
  setUnjellyableForClass,
  whenReady,
} from "@ropewalk/spread";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Library, serveLibrary } from "./library.ts";

const PYTHON = "/usr/bin/python3";
const here = (name: string) => new URL(name, import.meta.url).pathname;
const TWISTED = [PYTHON, here("publish.py"), "server"];
const OURS = [Deno.execPath(), "run", "-A", "--no-check", here("library.ts")];

const disk = new Map<string, PublishedState>();
class RemotePage extends RemotePublished {
  text = "";
  protected override load(name: string): PublishedState | null {
    return disk.get(name) ?? null;
  }
  protected override save(name: string, kept: PublishedState): void {
    disk.set(name, kept);
  }
}
setUnjellyableForClass("interop.Page", RemotePage);

/** Runs `use` with the port of a server in another process. */
async function withServer([program, ...args]: string[], use: (port: number) => Promise<void>): Promise<void> {
  const child = new Deno.Command(program!, { args, stdout: "piped", stderr: "null" }).spawn();
  const reader = child.stdout.getReader();
  try {
    const { value } = await reader.read();
    await use(Number(new TextDecoder().decode(value)));
  } finally {
    child.kill("SIGKILL");
    await reader.cancel();
    await child.status;
  }
}

/** Runs `use` with the root of one connection. */
async function session(port: number, use: (root: RemoteReference<Library>) => Promise<void>): Promise<void> {
  const factory = new PBClientFactory();
  reactor.connectTCP("127.0.0.1", port, factory);
  try {
    await use(await factory.getRootObject<Library>());
  } finally {
    factory.disconnect();
    while (reactor.stats().connections > 0) {
      await new Promise<void>((resolve) => reactor.callLater(0.01, resolve));
    }
  }
}

async function readPages(port: number): Promise<void> {
  disk.clear();
  const page = async (root: RemoteReference<Library>) =>
    (await whenReady(root.callRemote("page") as never) as RemotePage).text;
  await session(port, async (root) => {
    assertEquals(await page(root), "one");
    assertEquals(await root.callRemote("fetched"), 1);
  });
  await session(port, async (root) => {
    assertEquals(await page(root), "one");
    assertEquals(await root.callRemote("fetched"), 1); // from what was kept
    await root.callRemote("change", "two", 2000);
  });
  await session(port, async (root) => {
    assertEquals(await page(root), "two");
    assertEquals(await root.callRemote("fetched"), 2);
  });
}

Deno.test("what Twisted publishes is fetched once, and again when it was changed", () =>
  withServer(TWISTED, readPages));

Deno.test("what another Ropewalk publishes is fetched once, and again when it was changed", () =>
  withServer(OURS, readPages));

Deno.test("Twisted fetches once what we publish, and again when it was changed", async () => {
  const port = serveLibrary();
  await port.ready;
  const { stdout } = await new Deno.Command("/usr/bin/timeout", {
    args: ["20", PYTHON, here("publish.py"), "client", String((port.getHost() as IPv4Address).port)],
    stderr: "null",
  }).output();
  await port.stopListening();
  while (reactor.stats().connections > 0) {
    await new Promise<void>((resolve) => reactor.callLater(0.01, resolve));
  }
  assertEquals(new TextDecoder().decode(stdout).trim(), "one 1 one 1 two 2");
});

Deno.test("a stream of another process comes whole, and ends there when the reader stops", () =>
  withServer(OURS, (port) =>
    session(port, async (root) => {
      const numbers: number[] = [];
      for await (const number of await root.callRemote("count", 1000)) numbers.push(number);
      assertEquals(numbers, Array.from({ length: 1000 }, (_, i) => i));
      assertEquals(await root.callRemote("counted"), [1000, 1]);
      for await (const number of await root.callRemote("count", 1_000_000)) if (number === 9) break;
      // Its end is told, not waited for: look until it has come.
      let made = 0;
      for (let ended = 1; ended < 2;) [made, ended] = await root.callRemote("counted") as [number, number];
      assert(made < 2000, `${made} numbers were made for a reader of ten`);
    })));

Deno.test("an object of another process that was taken back answers nobody any more", () =>
  withServer(OURS, (port) =>
    session(port, async (root) => {
      const key = await root.callRemote("key");
      assertEquals(await key.callRemote("turn"), "open");
      await root.callRemote("takeBack");
      const error = await assertRejects(async () => await key.callRemote("turn"), RemoteError);
      assertEquals(error.remoteType, "ropewalk.Revoked");
    })));
