import { Deferred, Failure, TimeoutError } from "@ropewalk/deferred";
import { ConnectionDone } from "@ropewalk/reactor/core";
import {
  assertNoResult,
  Clock,
  everySplit,
  failureResultOf,
  flushLoggedErrors,
  StringTransport,
  successResultOf,
} from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { decodeUtf8, encodeUtf8 } from "../bytes.ts";
import { MemCacheProtocol } from "./client.ts";
import { ClientError, MemCacheProtocolError, NoSuchCommand, ServerError } from "./errors.ts";
import { MemCacheServer } from "./server.ts";
import { type MemCacheStore, MemoryMemCacheStore } from "./store.ts";

function client() {
  const clock = new Clock();
  const transport = new StringTransport({ reactor: clock });
  const cache = new MemCacheProtocol({ timeoutSeconds: 10, maxValueBytes: 1000 });
  cache.makeConnection(transport);
  const say = (text: string) => {
    const borrowed = encodeUtf8(text);
    cache.dataReceived(borrowed);
    borrowed.fill(0x58);
  };
  return { clock, transport, cache, say };
}

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

// ---- the server

function server(store?: MemCacheStore) {
  const clock = new Clock();
  const transport = new StringTransport({ reactor: clock });
  const protocol = new MemCacheServer(store ?? new MemoryMemCacheStore(clock), {
    maxValueBytes: 100,
    maxLineBytes: 600,
  });
  protocol.makeConnection(transport);
  const ask = (request: string) => {
    transport.clear();
    const borrowed = encodeUtf8(request);
    protocol.dataReceived(borrowed);
    borrowed.fill(0x58);
    return transport.text();
  };
  return { clock, transport, protocol, ask };
}

const CONVERSATION: [string, string][] = [
  ["set a 5 0 1\r\nxyz\r\n", "CLIENT_ERROR bad data chunk\r\n"],
  ["set a 5 0 3\r\nabc\r\n", "STORED\r\n"],
  ["get a b\r\n", "VALUE a 5 3\r\nabc\r\nEND\r\n"],
  ["gets a\n", "VALUE a 5 3 1\r\nabc\r\nEND\r\n"],
  ["cas a 0 0 1 1\r\nz\r\n", "STORED\r\n"],
  ["cas a 0 0 1 1\r\ny\r\n", "EXISTS\r\n"],
  ["cas b 0 0 1 1\r\ny\r\n", "NOT_FOUND\r\n"],
  ["add a 0 0 1\r\nq\r\n", "NOT_STORED\r\n"],
  ["add b 0 0 1\r\n5\r\n", "STORED\r\n"],
  ["append a 0 0 1\r\n>\r\n", "STORED\r\n"],
  ["prepend a 0 0 1\r\n<\r\n", "STORED\r\n"],
  ["append c 0 0 1\r\n>\r\n", "NOT_STORED\r\n"],
  ["replace c 0 0 1\r\n>\r\n", "NOT_STORED\r\n"],
  ["get a\r\n", "VALUE a 0 3\r\n<z>\r\nEND\r\n"],
  ["incr b 10\r\n", "15\r\n"],
  ["decr b 20\r\n", "0\r\n"],
  ["incr a 1\r\n", "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n"],
  ["incr c 1\r\n", "NOT_FOUND\r\n"],
  ["incr b x\r\n", "CLIENT_ERROR invalid numeric delta argument\r\n"],
  ["set n 0 0 20\r\n18446744073709551615\r\n", "STORED\r\n"],
  ["incr n 2\r\n", "1\r\n"],
  ["touch b 100\r\n", "TOUCHED\r\n"],
  ["touch c 100\r\n", "NOT_FOUND\r\n"],
  ["gat 50 b\r\n", "VALUE b 0 1\r\n0\r\nEND\r\n"],
  ["delete b\r\n", "DELETED\r\n"],
  ["delete b\r\n", "NOT_FOUND\r\n"],
  ["set q 0 0 1 noreply\r\n1\r\n", ""],
  ["delete q noreply\r\n", ""],
  ["get q\r\n", "END\r\n"],
  ["version\r\n", "VERSION 1.6.0-ropewalk\r\n"],
  ["verbosity 1\r\n", "OK\r\n"],
  ["flush_all\r\n", "OK\r\n"],
  ["get a\r\n", "END\r\n"],
  ["nonsense\r\n", "ERROR\r\n"],
  ["get\r\n", "ERROR\r\n"],
  ["delete\r\n", "ERROR\r\n"],
  ["set a 0 0\r\n", "CLIENT_ERROR bad command line format\r\n"],
  [`get ${"k".repeat(251)}\r\n`, "CLIENT_ERROR bad command line format\r\n"],
  [`set a 0 0 101\r\n${"v".repeat(101)}\r\n`, "SERVER_ERROR object too large for cache\r\n"],
  ["get a\r\n", "END\r\n"],
  [`set a 0 0 60\r\n${"v".repeat(60)}\r\n`, "STORED\r\n"],
  [`append a 0 0 41\r\n${"v".repeat(41)}\r\n`, "SERVER_ERROR object too large for cache\r\n"],
  [`prepend a 0 0 40\r\n${"v".repeat(40)}\r\n`, "STORED\r\n"],
];

Deno.test("MemCacheServer answers as memcached does", () => {
  const { ask } = server();
  for (const [request, answer] of CONVERSATION) assertEquals(ask(request), answer, request);
});

Deno.test("MemCacheServer answers the same however the commands are cut", () => {
  const wire = encodeUtf8(CONVERSATION.slice(1, 12).map(([request]) => request).join(""));
  const expected = CONVERSATION.slice(1, 12).map(([, answer]) => answer).join("");
  for (const chunks of everySplit(wire)) {
    const { protocol, transport } = server();
    for (const chunk of chunks) {
      protocol.dataReceived(chunk);
      chunk.fill(0x58);
    }
    assertEquals(transport.text(), expected);
  }
});

Deno.test("MemCacheServer lets keys expire", () => {
  const { ask, clock } = server();
  ask("set a 0 10 1\r\nx\r\nset b 0 0 1\r\ny\r\nset c 0 -1 1\r\nz\r\n");
  clock.advance(9);
  assertEquals(ask("get a b c\r\n"), "VALUE a 0 1\r\nx\r\nVALUE b 0 1\r\ny\r\nEND\r\n");
  clock.advance(1);
  assertEquals(ask("get a b\r\n"), "VALUE b 0 1\r\ny\r\nEND\r\n");
});

Deno.test("MemCacheServer takes a moment since 1970 for what it is", () => {
  const clock = new Clock();
  const transport = new StringTransport({ reactor: clock });
  const protocol = new MemCacheServer(new MemoryMemCacheStore(clock), {
    unixSeconds: () => 2_000_000_000 + clock.seconds(),
  });
  protocol.makeConnection(transport);
  protocol.dataReceived(encodeUtf8("set a 0 2000000005 1\r\nx\r\nset b 0 1999999999 1\r\nx\r\n"));
  transport.clear();
  clock.advance(4);
  protocol.dataReceived(encodeUtf8("get a b\r\n"));
  clock.advance(1);
  protocol.dataReceived(encodeUtf8("get a\r\n"));
  assertEquals(transport.text(), "VALUE a 0 1\r\nx\r\nEND\r\nEND\r\n");
});

Deno.test("MemCacheServer shows statistics and ends on quit", () => {
  const { ask, transport } = server();
  ask("set a 0 0 1\r\nx\r\nget a b\r\n");
  const stats = ask("stats\r\n");
  for (const line of ["STAT cmd_get 2", "STAT get_hits 1", "STAT curr_items 1"]) {
    assert(stats.includes(line + "\r\n"));
  }
  assert(stats.endsWith("END\r\n"));
  assertEquals(ask("quit\r\nget a\r\n"), "");
  assert(transport.disconnecting);
});

Deno.test("MemCacheServer closes on an endless line", () => {
  const { ask, transport } = server();
  assertEquals(ask("x".repeat(601)), "CLIENT_ERROR line too long\r\n");
  assert(transport.disconnecting);
});

Deno.test("MemCacheServer waits for a store that takes its time, and keeps the order", () => {
  const waiting: Deferred<null>[] = [];
  const store: MemCacheStore = {
    get() {
      const d = new Deferred<null>();
      waiting.push(d);
      return d;
    },
    set: () => null,
    delete: () => Promise.resolve(true),
    clear: () => null,
  };
  const { ask, transport } = server(store);
  assertEquals(ask("get a b\r\nset c 0 0 1\r\nx\r\nget d\r\n"), "");
  assertEquals(transport.producerState, "paused");
  waiting[0]!.callback(null);
  assertEquals(transport.text(), "");
  waiting[1]!.callback(null);
  assertEquals(transport.text(), "END\r\nSTORED\r\n");
  waiting[2]!.errback(new RangeError("disk on fire"));
  assertEquals(transport.text(), "END\r\nSTORED\r\nSERVER_ERROR internal error\r\n");
  assertEquals(flushLoggedErrors(RangeError).length, 1);
  assertEquals(transport.producerState, "producing");
});

Deno.test("MemoryMemCacheStore keeps a bounded number of keys, the newest", () => {
  const store = new MemoryMemCacheStore(new Clock(), 2);
  for (const key of ["a", "b", "a", "c"]) store.set(key, new Uint8Array(0), 0, 0);
  assertEquals(["a", "b", "c"].map((key) => store.get(key) !== null), [true, false, true]);
  const small = new MemoryMemCacheStore(new Clock(), 100, 10);
  for (const key of ["a", "b", "c"]) small.set(key, new Uint8Array(4), 0, 0);
  assertEquals(["a", "b", "c"].map((key) => small.get(key) !== null), [false, true, true]);
  small.delete("b");
  assertEquals(small.stats(), { curr_items: 1, bytes: 4 });
});

Deno.test("MemCacheServer takes any bytes", () => {
  fc.assert(fc.property(chunked(), ({ chunks }) => {
    const { protocol } = server();
    for (const chunk of chunks) protocol.dataReceived(chunk);
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
