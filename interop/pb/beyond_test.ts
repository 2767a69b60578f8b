/** What goes beyond Twisted, between two processes of ours: streams, and objects that are taken back. */
import { reactor } from "@ropewalk/reactor";
import { PBClientFactory, RemoteError, type RemoteReference } from "@ropewalk/spread";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Library } from "./library.ts";

const OURS = [Deno.execPath(), "run", "-A", "--no-check", new URL("./library.ts", import.meta.url).pathname];

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
