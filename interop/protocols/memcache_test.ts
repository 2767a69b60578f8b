import { Factory } from "@ropewalk/protocols";
import {
  ClientError,
  MemCacheProtocol,
  MemCacheServer,
  MemoryMemCacheStore,
  NoSuchCommand,
  ServerError,
} from "@ropewalk/protocols/memcache";
import { reactor } from "@ropewalk/reactor";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Running, runToEnd } from "../_process.ts";
import { connect, freePort, listen, untilClosed, untilListening } from "./_net.ts";

const text = (bytes: Uint8Array | null) => bytes === null ? null : new TextDecoder().decode(bytes);

async function memcached(): Promise<{ process: Running; port: number }> {
  const port = freePort();
  const process = new Running("memcached", ["-u", "nobody", "-l", "127.0.0.1", "-p", `${port}`, "-U", "0"]);
  await untilListening(port);
  return { process, port };
}

Deno.test("MemCacheProtocol speaks to memcached", async () => {
  const { process, port } = await memcached();
  await using _ = process;
  const cache = new MemCacheProtocol();
  const { lost } = await connect(cache, port);
  const binary = Uint8Array.from({ length: 70_000 }, (_, i) => i % 251);
  assertEquals(await cache.set("a", "one", 7), true);
  assertEquals(await cache.set("ключ", binary), true);
  assertEquals((await cache.get("a")).map((part) => part instanceof Uint8Array ? text(part) : part), [
    7,
    "one",
  ]);
  assertEquals(await cache.get("ключ"), [0, binary]);
  assertEquals(await cache.get("missing"), [0, null]);
  assertEquals(await cache.get("missing", true), [0, "", null]);
  assertEquals([await cache.add("a", "x"), await cache.replace("b", "x")], [false, false]);
  assertEquals([await cache.append("a", ">"), await cache.prepend("a", "<"), await cache.append("b", "x")], [
    true,
    true,
    false,
  ]);
  const [, cas, value] = await cache.get("a", true);
  assertEquals(text(value), "<one>");
  assertEquals(await cache.checkAndSet("a", "two", cas), true);
  assertEquals(await cache.checkAndSet("a", "three", cas), false);
  assertEquals(await cache.checkAndSet("none", "x", cas), false);
  assertEquals(await cache.set("n", "41"), true);
  assertEquals([await cache.increment("n"), await cache.decrement("n", 100), await cache.increment("m")], [
    42,
    0,
    false,
  ]);
  assertEquals([await cache.touch("n", 100), await cache.touch("m", 100)], [true, false]);
  const many = await cache.getMultiple(["a", "b", "n"]);
  assertEquals(Object.entries(many).map(([key, [, found]]) => [key, text(found)]), [
    ["a", "two"],
    ["b", null],
    ["n", "0 "],
  ]);
  await assertRejects(async () => await cache.increment("a"), ClientError);
  await assertRejects(async () => await cache.set("big", new Uint8Array(2_000_000)), ServerError);
  assertEquals([await cache.delete("a"), await cache.delete("a")], [true, false]);
  const stats = await cache.stats();
  assertEquals(stats["curr_items"], "2");
  assert("chunk_size" in await cache.stats("settings") || "maxbytes" in await cache.stats("settings"));
  assertEquals(await cache.version(), stats["version"]);
  // Many at once: one line after the other, answers in order.
  const all = await Promise.all(Array.from({ length: 2000 }, (_, i) => cache.set(`k${i}`, `v${i}`)));
  assert(all.every((stored) => stored));
  const got = await Promise.all(Array.from({ length: 2000 }, (_, i) => cache.get(`k${i}`)));
  assertEquals(got.map(([, found]) => text(found)), Array.from({ length: 2000 }, (_, i) => `v${i}`));
  assertEquals(await cache.flushAll(), true);
  assertEquals(await cache.get("ключ"), [0, null]);
  await cache.set("x", "1", 0, -1);
  assertEquals(await cache.get("x"), [0, null]);
  await assertRejects(async () => await cache.stats("detail"), Error);
  cache.transport.loseConnection();
  await lost;
  assert(NoSuchCommand);
});

Deno.test("MemCacheServer serves memcp, memcat, memstat, memrm (of libmemcached) and a stock client", async () => {
  const store = new MemoryMemCacheStore(reactor);
  const { port, listening } = await listen(Factory.forProtocol(MemCacheServer, store));
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/greeting`, "hello from a file\n");
    const servers = `--servers=127.0.0.1:${port}`;
    const tool = async (name: string, ...args: string[]) => {
      const { code, output, errors } = await runToEnd(name, [servers, ...args]);
      assertEquals([code, errors], [0, ""], name);
      return output;
    };
    await tool("memccp", `${folder}/greeting`);
    assertEquals(new TextDecoder().decode(store.get("greeting")!.value), "hello from a file\n");
    assertEquals(await tool("memccat", "greeting"), "hello from a file\n\n");
    assert((await tool("memcstat")).includes("curr_items: 1"));
    await tool("memcrm", "greeting");
    assertEquals(store.get("greeting"), null);

    const peer = new URL("memcached_client.mjs", import.meta.url).pathname;
    const { code, output, errors } = await runToEnd(Deno.execPath(), [
      "run",
      "--lock=peers.lock",
      "-A",
      "-q",
      "--unsafe-proto",
      peer,
      `127.0.0.1:${port}`,
    ]);
    assertEquals([code, errors], [0, ""]);
    assertEquals(JSON.parse(output), {
      set: true,
      get: "välue",
      add: "refused",
      incr: 42,
      multi: { a: "välue", n: 42 },
      cas: true,
      append: "välue+",
      del: true,
      gone: true,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
    await listening.stopListening();
    await untilClosed();
  }
});

Deno.test("MemCacheServer serves pymemcache", async () => {
  const { port, listening } = await listen(
    Factory.forProtocol(MemCacheServer, new MemoryMemCacheStore(reactor)),
  );
  try {
    const peer = new URL("pymemcache_peer.py", import.meta.url).pathname;
    const { code, output, errors } = await runToEnd("/usr/bin/python3", [peer, `${port}`]);
    assertEquals([code, errors], [0, ""]);
    assertEquals(JSON.parse(output), {
      set: true,
      quiet: true,
      get: ["hello", "x", null],
      unicode: [true, "значение"],
      noreply: [true, "a key", true],
      add: [false, false],
      append: [true, true],
      cas: ["<hello>", true, false, null],
      count: [42, 40, null],
      touch: [true, false],
      many: { greeting: "new", n: "40" },
      all: 500,
      big: [true, true],
      "bad key": "MemcacheIllegalInputError",
      huge: "object too large for cache",
      "goes on": "40",
      version: "1.6.0-ropewalk",
      items: 505,
      flush: [true, null],
    });
  } finally {
    await listening.stopListening();
    await untilClosed();
  }
});
