import { type Deferred, Failure, TimeoutError } from "@ropewalk/deferred";
import { ConnectionDone } from "@ropewalk/reactor/core";
import { assertNoResult, everySplit, failureResultOf, successResultOf } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { decodeUtf8, encodeUtf8 } from "../bytes.ts";
import { client, server } from "./_helpers_test.ts";
import { MemCacheProtocol } from "./client.ts";
import { ClientError, MemCacheProtocolError, NoSuchCommand, ServerError } from "./errors.ts";

const text = (value: Uint8Array | null) => value === null ? null : decodeUtf8(value);

Deno.test("MemCacheProtocol gets a value, with and without its identifier, however the answer is cut", () => {
  for (
    const chunks of everySplit("VALUE a 7 5\r\nb\r\n c\r\nEND\r\nVALUE b 0 0 99\r\n\r\nEND\r\nEND\r\nEND\r\n")
  ) {
    const { cache, transport } = client();
    const all = [cache.get("a"), cache.get("b", true), cache.get("c"), cache.get("d", true)];
    assertEquals(transport.text(), "get a\r\ngets b\r\nget c\r\ngets d\r\n");
    for (const chunk of chunks) {
      cache.dataReceived(chunk);
      chunk.fill(0x58);
    }
    const [a, b, c, d] = all.map((each) => successResultOf<unknown>(each as Deferred<unknown>));
    assertEquals([a, b, c, d], [[7, encodeUtf8("b\r\n c")], [0, "99", new Uint8Array(0)], [0, null], [
      0,
      "",
      null,
    ]]);
  }
});

Deno.test("MemCacheProtocol gets several keys at once", () => {
  const { cache, transport, say } = client();
  const d = cache.getMultiple(["a", "__proto__", "c"]);
  const e = cache.getMultiple(["x"], true);
  assertEquals(successResultOf(cache.getMultiple([])), {});
  assertEquals(transport.text(), "get a __proto__ c\r\ngets x\r\n");
  say("VALUE c 1 1\r\nC\r\nVALUE __proto__ 2 1\r\nP\r\nEND\r\nVALUE x 0 1 5\r\nX\r\nEND\r\n");
  const found = successResultOf(d);
  assertEquals(Object.keys(found), ["a", "__proto__", "c"]);
  assertEquals(["a", "__proto__", "c"].map((key) => text(found[key]![1])), [null, "P", "C"]);
  assertEquals(successResultOf(e)["x"], [0, "5", encodeUtf8("X")]);
});

Deno.test("MemCacheProtocol stores, counts and deletes", () => {
  const { cache, transport, say } = client();
  const calls: [Deferred<unknown>, string, string, unknown][] = [
    [cache.set("k", "żó", 3, 60), "set k 3 60 4\r\nżó\r\n", "STORED", true],
    [cache.set("k", Uint8Array.of(13, 10)), "set k 0 0 2\r\n\r\n\r\n", "STORED", true],
    [cache.add("k", "v"), "add k 0 0 1\r\nv\r\n", "NOT_STORED", false],
    [cache.replace("k", "v"), "replace k 0 0 1\r\nv\r\n", "STORED", true],
    [cache.append("k", "v"), "append k 0 0 1\r\nv\r\n", "NOT_STORED", false],
    [cache.prepend("k", "v"), "prepend k 0 0 1\r\nv\r\n", "STORED", true],
    [cache.checkAndSet("k", "v", "12"), "cas k 0 0 1 12\r\nv\r\n", "EXISTS", false],
    [cache.checkAndSet("k", "v", "12"), "cas k 0 0 1 12\r\nv\r\n", "NOT_FOUND", false],
    [cache.increment("n"), "incr n 1\r\n", "8", 8],
    [cache.increment("n", 5), "incr n 5\r\n", "18446744073709551615", 18446744073709551615n],
    [cache.decrement("n"), "decr n 1\r\n", "9 ", 9],
    [cache.decrement("m", 2), "decr m 2\r\n", "NOT_FOUND", false],
    [cache.delete("k"), "delete k\r\n", "DELETED", true],
    [cache.delete("k"), "delete k\r\n", "NOT_FOUND", false],
    [cache.touch("k", 9), "touch k 9\r\n", "TOUCHED", true],
    [cache.flushAll(), "flush_all\r\n", "OK", true],
    [cache.version(), "version\r\n", "VERSION 1.6.18", "1.6.18"],
  ];
  assertEquals(transport.text(), calls.map((call) => call[1]).join(""));
  say(calls.map((call) => call[2] + "\r\n").join(""));
  for (const [d, , , expected] of calls) assertEquals(successResultOf(d), expected);
});

Deno.test("MemCacheProtocol reads statistics", () => {
  const { cache, transport, say } = client();
  const [all, items] = [cache.stats(), cache.stats("items")];
  assertEquals(transport.text(), "stats\r\nstats items\r\n");
  say("STAT pid 7\r\nSTAT empty \r\nSTAT v a b\r\nEND\r\nEND\r\n");
  assertEquals(successResultOf(all), { pid: "7", empty: "", v: "a b" });
  assertEquals(successResultOf(items), {});
});

Deno.test("MemCacheProtocol refuses keys and numbers at the caller, with nothing sent", () => {
  const { cache, transport } = client();
  for (
    const key of [
      "",
      "a b",
      "a\r\nflush_all",
      "\x7f",
      "x".repeat(251),
      "ż".repeat(126),
      5 as unknown as string,
    ]
  ) {
    failureResultOf(cache.get(key), ClientError);
    failureResultOf(cache.set(key, "v"), ClientError);
    failureResultOf(cache.getMultiple(["ok", key]), ClientError);
    failureResultOf(cache.delete(key), ClientError);
    failureResultOf(cache.increment(key), ClientError);
    failureResultOf(cache.touch(key, 1), ClientError);
  }
  failureResultOf(cache.set("k", "v", 0.5), ClientError);
  failureResultOf(cache.increment("k", NaN), ClientError);
  failureResultOf(cache.checkAndSet("k", "v", "1\r\nflush_all"), ClientError);
  failureResultOf(cache.stats("a b"), ClientError);
  assertEquals(transport.text(), "");
  cache.get("x".repeat(250));
  cache.get("ż".repeat(125));
});

Deno.test("MemCacheProtocol goes on after an error of one request", () => {
  const { cache, transport, say } = client();
  const [a, b, c, d] = [cache.set("a", "v"), cache.get("b"), cache.get("c"), cache.get("d")];
  say("SERVER_ERROR object too large for cache\r\nERROR\r\nCLIENT_ERROR bad\r\nEND\r\n");
  assertEquals(failureResultOf(a, ServerError).getErrorMessage(), "object too large for cache");
  failureResultOf(b, NoSuchCommand);
  assertEquals(failureResultOf(c, ClientError).getErrorMessage(), "bad");
  assertEquals(successResultOf(d), [0, null]);
  assert(!transport.disconnecting);
});

Deno.test("MemCacheProtocol gives each request its time, and then fails all of them", () => {
  const { cache, transport, clock, say } = client();
  const first = cache.get("a");
  clock.advance(6);
  const second = cache.get("b");
  clock.advance(3);
  say("END\r\n");
  successResultOf(first);
  clock.advance(6);
  assertNoResult(second);
  const third = cache.get("c");
  clock.advance(1);
  failureResultOf(second, TimeoutError);
  failureResultOf(third, TimeoutError);
  assert(transport.disconnecting);
  failureResultOf(cache.get("d"), TimeoutError);
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("MemCacheProtocol keeps no timer while nothing is asked", () => {
  const { cache, clock, say } = client();
  cache.get("a");
  assertEquals(clock.getDelayedCalls().length, 1);
  say("END\r\n");
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("MemCacheProtocol fails what is pending when the connection is lost, and what comes after", () => {
  const { cache, clock } = client();
  const pending = cache.get("a");
  cache.connectionLost(new Failure(new ConnectionDone()));
  failureResultOf(pending, ConnectionDone);
  failureResultOf(cache.set("a", "b"), ConnectionDone);
  assertEquals(clock.getDelayedCalls(), []);
  failureResultOf(new MemCacheProtocol().get("a"), ClientError);
});

for (
  const [name, answer] of [
    ["an answer that is none", "WHAT\r\n"],
    ["a surplus answer", "END\r\nEND\r\n"],
    ["a value that is too long", "VALUE a 0 1001\r\n"],
    ["a length that is none", "VALUE a 0 -1\r\n"],
    ["a value that does not end", "VALUE a 0 1\r\nxyz\r\n"],
    ["an endless line", "x".repeat(8193)],
  ]
) {
  Deno.test(`MemCacheProtocol loses the connection on ${name}`, () => {
    const { cache, transport, say } = client();
    const d = cache.get("a");
    say(answer!);
    assert(transport.disconnecting);
    if (name !== "a surplus answer") failureResultOf(d, MemCacheProtocolError);
    say("END\r\n");
  });
}

Deno.test("MemCacheProtocol takes any bytes", () => {
  fc.assert(fc.property(chunked(), ({ chunks }) => {
    const { cache } = client();
    const d = cache.getMultiple(["a", "b"]);
    d.addErrback(() => null);
    for (const chunk of chunks) cache.dataReceived(chunk);
  }));
});

Deno.test("MemCacheProtocol and MemCacheServer understand each other", () => {
  const { cache, transport } = client();
  const { protocol, transport: back } = server();
  const pump = () => {
    protocol.dataReceived(transport.value());
    transport.clear();
    cache.dataReceived(back.value());
    back.clear();
  };
  const value = Uint8Array.from({ length: 100 }, (_, i) => i + 100);
  const all: [Deferred<unknown>, unknown][] = [
    [cache.set("ключ", value, 9), true],
    [cache.get("ключ"), [9, value]],
    [cache.increment("none"), false],
    [cache.set("n", "41"), true],
    [cache.increment("n"), 42],
    [cache.getMultiple(["n", "m"]), { n: [0, encodeUtf8("42")], m: [0, null] }],
  ];
  pump();
  for (const [d, expected] of all) assertEquals(successResultOf(d), expected);
  const stats = cache.stats();
  pump();
  assertEquals(successResultOf(stats)["curr_items"], "2");
});

Deno.test("MemCacheProtocol sends no flags, times, numbers or identifiers that would make a command of a value", () => {
  const { cache, transport } = client();
  for (const flags of [-1, 2 ** 32, 0.5, NaN]) {
    failureResultOf(cache.set("k", "flush_all", flags), ClientError);
  }
  for (const expire of [2 ** 31, -(2 ** 31) - 1, 0.5, Infinity]) {
    failureResultOf(cache.add("k", "flush_all", 0, expire), ClientError);
    failureResultOf(cache.touch("k", expire), ClientError);
  }
  for (const cas of ["", "-1", "1 2", "18446744073709551616", "9".repeat(30)]) {
    failureResultOf(cache.checkAndSet("k", "flush_all", cas), ClientError);
  }
  for (const n of [-1, 0.5, 2 ** 53]) failureResultOf(cache.increment("k", n), ClientError);
  failureResultOf(cache.get("half \ud83d".replace(" ", "")), ClientError);
  assertEquals(transport.text(), "");
  cache.set("k", "v", 2 ** 32 - 1, 2 ** 31 - 1);
  cache.checkAndSet("k", "v", "18446744073709551615", 0, -1);
  assertEquals(
    transport.text(),
    "set k 4294967295 2147483647 1\r\nv\r\ncas k 0 -1 1 18446744073709551615\r\nv\r\n",
  );
});

Deno.test("MemCacheProtocol takes no value that it did not ask for: the answers are out of step", () => {
  for (const many of [false, true]) {
    const { cache, transport, say } = client();
    const result = many ? cache.getMultiple(["mine", "too"]) : cache.get("mine");
    say("VALUE other 0 6\r\nsecret\r\nEND\r\n");
    failureResultOf(result as Deferred<unknown>, MemCacheProtocolError);
    assert(transport.disconnecting);
  }
});

Deno.test("MemCacheProtocol takes keys with spaces that are none to memcached", () => {
  const { cache, say } = client();
  const found = cache.get("a\u00a0b\u3000c");
  say("VALUE a\u00a0b\u3000c 0 1\r\nx\r\nEND\r\n");
  assertEquals(successResultOf(found), [0, encodeUtf8("x")]);
});

Deno.test("MemCacheProtocol reads no numbers that are none", () => {
  for (
    const line of ["VALUE a 0 1e3", "VALUE a 0 0x1", "VALUE a Infinity 1", "VALUE a 0 ", "VALUE a 0 1 x"]
  ) {
    const { cache, say, transport } = client();
    failureAfter(cache.get("a"), () => say(`${line}\r\n`));
    assert(transport.disconnecting, line);
  }
  function failureAfter(d: Deferred<unknown>, f: () => void) {
    f();
    failureResultOf(d, MemCacheProtocolError);
  }
});

Deno.test("MemCacheProtocol bounds the figures of a server that never ends them", () => {
  const { cache, say, transport } = client();
  const stats = cache.stats();
  for (let i = 0; i < 10; i++) {
    say(Array.from({ length: 1000 }, (_, j) => `STAT ${i}.${j} 0\r\n`).join(""));
  }
  assertNoResult(stats);
  say("STAT last 0\r\n");
  failureResultOf(stats, MemCacheProtocolError);
  assert(transport.disconnecting);
});

Deno.test("MemCacheProtocol can be asked again from inside an answer, on a transport that answers at once", () => {
  const { cache, transport, say } = client();
  const write = transport.write.bind(transport);
  transport.write = (data) => {
    write(data);
    if (data === "get b\r\n") say("END\r\n");
  };
  const both = cache.get("a").addCallback(() => cache.get("b"));
  say("END\r\n");
  assertEquals(successResultOf(both), [0, null]);
});
