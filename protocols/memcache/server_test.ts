import { Deferred, fail } from "@ropewalk/deferred";
import type { PullProducer, PushProducer } from "@ropewalk/reactor/core";
import { Clock, everySplit, flushLoggedErrors, StringTransport } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { encodeUtf8 } from "../bytes.ts";
import { server } from "./_helpers_test.ts";
import { MemCacheServer } from "./server.ts";
import { type MemCacheStore, MemoryMemCacheStore } from "./store.ts";

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

Deno.test("a store that fails is no answer where none is wanted, and answers stay in step", () => {
  const store = new MemoryMemCacheStore(new Clock());
  store.set = () => fail(new RangeError("disk on fire"));
  const { ask } = server(store);
  assertEquals(
    ask("set a 0 0 1 noreply\r\nx\r\nget a\r\nset a 0 0 1\r\nx\r\n"),
    "END\r\nSERVER_ERROR internal error\r\n",
  );
  assertEquals(flushLoggedErrors(RangeError).length, 2);
});

Deno.test("what stands behind a value that is too long is no command, wherever it is cut", () => {
  for (const chunks of everySplit(encodeUtf8("set a 0 0 1\r\nxyget a\r\nget b\r\n"))) {
    const { protocol, transport } = server(new MemoryMemCacheStore(new Clock()));
    for (const chunk of chunks) protocol.dataReceived(chunk);
    assertEquals(transport.text(), "CLIENT_ERROR bad data chunk\r\nEND\r\n");
  }
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

Deno.test("MemCacheServer takes `noreply` for a key where a key stands, as memcached does", () => {
  const { ask } = server();
  for (
    const [request, answer] of [
      ["get noreply\r\n", "END\r\n"],
      ["delete noreply\r\n", "NOT_FOUND\r\n"],
      ["set noreply 0 0 1\r\n5\r\n", "STORED\r\n"],
      ["get noreply\r\n", "VALUE noreply 0 1\r\n5\r\nEND\r\n"],
      ["get a noreply\r\n", "VALUE noreply 0 1\r\n5\r\nEND\r\n"],
      ["incr noreply 1\r\n", "6\r\n"],
      ["incr noreply 1 noreply\r\n", ""],
      ["touch noreply 4\r\n", "TOUCHED\r\n"],
      ["delete noreply noreply\r\n", ""],
      ["get noreply\r\n", "END\r\n"],
      ["flush_all noreply\r\n", ""],
      ["verbosity 1 noreply\r\n", ""],
    ]
  ) assertEquals(ask(request!), answer, request);
});

Deno.test("MemCacheServer has a key live as long as before through incr, append and prepend", () => {
  const { ask, clock } = server();
  ask("set n 3 10 1\r\n5\r\nset f 0 0 1\r\n1\r\n");
  clock.advance(6);
  assertEquals(
    ask("incr n 1\r\nappend n 9 0 1\r\n0\r\nprepend n 9 0 1\r\n1\r\nget n\r\n"),
    "6\r\nSTORED\r\nSTORED\r\nVALUE n 3 3\r\n160\r\nEND\r\n",
  );
  clock.advance(4);
  assertEquals(ask("get n\r\nincr f 1\r\n"), "END\r\n2\r\n");
  clock.advance(1000);
  assertEquals(ask("get f\r\n"), "VALUE f 0 1\r\n2\r\nEND\r\n");
});

Deno.test("MemCacheServer keeps the identifier of a key that is touched", () => {
  const { ask, clock } = server();
  ask("set a 0 10 1\r\nx\r\n");
  assertEquals(ask("touch a 20\r\ngats 30 a\r\ngets a\r\n").match(/ 1 1\r\n/g)?.length, 2);
  clock.advance(29);
  assertEquals(ask("touch a -1\r\nget a\r\ntouch a 5\r\n"), "TOUCHED\r\nEND\r\nNOT_FOUND\r\n");
  ask("set b 0 0 1\r\nx\r\n");
  assertEquals(ask("gat -1 b\r\nget b\r\n"), "VALUE b 0 1\r\nx\r\nEND\r\nEND\r\n");
});

Deno.test("MemCacheServer serves a store that can neither update nor touch", () => {
  const clock = new Clock();
  const inner = new MemoryMemCacheStore(clock);
  const { ask } = server({
    get: (key) => Promise.resolve(inner.get(key)),
    set: (key, value, flags, seconds) => inner.set(key, value, flags, seconds),
    delete: (key) => inner.delete(key),
    clear: () => inner.clear(),
  });
  assertEquals(ask("set a 0 10 1\r\n5\r\nversion\r\n"), "STORED\r\nVERSION 1.6.0-ropewalk\r\n");
  const sync = server({ ...bound(inner) });
  assertEquals(sync.ask("incr a 1\r\ntouch a 9\r\ntouch z 9\r\n"), "6\r\nTOUCHED\r\nNOT_FOUND\r\n");
  clock.advance(9);
  assertEquals(sync.ask("get a\r\n"), "END\r\n");

  function bound(store: MemoryMemCacheStore): MemCacheStore {
    return {
      get: (key) => store.get(key),
      set: (key, value, flags, seconds) => store.set(key, value, flags, seconds),
      delete: (key) => store.delete(key),
      clear: () => store.clear(),
    };
  }
});

Deno.test("MemCacheServer refuses numbers that are none, or have too many digits, without much ado", () => {
  const { ask } = server();
  const many = "9".repeat(500);
  ask("set a 0 0 1\r\n5\r\nset b 0 0 21\r\n184467440737095516160\r\n");
  for (
    const [request, answer] of [
      [`incr a ${many}`, "CLIENT_ERROR invalid numeric delta argument"],
      ["incr a 18446744073709551616", "CLIENT_ERROR invalid numeric delta argument"],
      ["incr b 1", "CLIENT_ERROR cannot increment or decrement non-numeric value"],
      ["touch a 1e3", "CLIENT_ERROR invalid exptime argument"],
      ["gat 0x10 a", "CLIENT_ERROR invalid exptime argument"],
      ["flush_all x", "CLIENT_ERROR invalid exptime argument"],
      [`set a 0 0 ${many}`, "CLIENT_ERROR bad command line format"],
      ["set a 4294967296 0 1", "CLIENT_ERROR bad command line format"],
      ["set a -1 0 1", "CLIENT_ERROR bad command line format"],
      [`set a 0 ${many} 1`, "CLIENT_ERROR bad command line format"],
      ["get a", "VALUE a 0 1\r\n5\r\nEND"],
    ]
  ) assertEquals(ask(`${request}\r\n`), `${answer}\r\n`, request);
});

/** A transport that behaves as a real one does when the peer reads nothing: it holds its producer back at 64 KiB. */
class SlowTransport extends StringTransport {
  most = 0;
  override registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    super.registerProducer(producer, streaming);
    this.#look();
  }
  protected override accept(bytes: Uint8Array): void {
    super.accept(bytes);
    this.most = Math.max(this.most, this.value().length);
    this.#look();
  }
  #look(): void {
    if (this.value().length > 65536) (this.producer as PushProducer | null)?.pauseProducing();
  }
  /** The peer reads all there is. */
  read(): number {
    const { length } = this.value();
    this.clear();
    this.producer?.resumeProducing();
    return length;
  }
}

Deno.test("MemCacheServer sends long answers no faster than they are taken, and does nothing else meanwhile", async () => {
  for (const later of [false, true]) {
    const clock = new Clock();
    const transport = new SlowTransport({ reactor: clock });
    const store = new MemoryMemCacheStore(clock);
    const slow: MemCacheStore = Object.assign(new MemoryMemCacheStore(clock), {
      get: (key: string) => Promise.resolve(store.get(key)),
    });
    const protocol = new MemCacheServer(later ? slow : store);
    protocol.makeConnection(transport);
    const value = "x".repeat(50_000);
    store.set("a", encodeUtf8(value), 0, 0);
    // One command of many keys, and many commands.
    protocol.dataReceived(encodeUtf8(`get${" a".repeat(50)}\r\n${"get a\r\n".repeat(50)}quit\r\n`));
    let read = 0;
    for (let turns = 0; turns < 300; turns++) {
      for (let i = 0; later && i < 20; i++) await null;
      read += transport.read();
    }
    assert(transport.most < 200_000, `${transport.most} bytes waited`);
    assertEquals(read, 100 * ("VALUE a 0 50000\r\n\r\n".length + value.length) + 51 * "END\r\n".length);
    assert(transport.disconnecting && transport.producer === null);
  }
});

Deno.test("MemCacheServer reads no more commands while its answers are not taken, and lets go when it is closed", () => {
  const clock = new Clock();
  const transport = new SlowTransport({ reactor: clock });
  const store = new MemoryMemCacheStore(clock);
  const protocol = new MemCacheServer(store);
  protocol.makeConnection(transport);
  store.set("a", new Uint8Array(70_000), 0, 0);
  protocol.dataReceived(encodeUtf8("version\r\n"));
  assertEquals(transport.producer, null); // nothing holds up a loseConnection
  protocol.dataReceived(encodeUtf8("get a\r\nversion\r\n"));
  assertEquals(transport.producerState, "paused");
  transport.read();
  assertEquals([transport.text(), transport.producerState], ["VERSION 1.6.0-ropewalk\r\n", "producing"]);
  protocol.dataReceived(encodeUtf8("get a\r\nversion\r\n"));
  transport.loseConnection();
  assert(transport.producer !== null);
  transport.read();
  assertEquals([transport.text(), transport.producer], ["", null]);
});
