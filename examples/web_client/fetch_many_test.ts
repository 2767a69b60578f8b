import { assertNoResult, MemoryReactor, successResultOf } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { fetchMany } from "./fetch_many.ts";

Deno.test("fetchMany tells of each page, four at a time from each host", () => {
  const reactor = new MemoryReactor();
  const urls = Array.from({ length: 6 }, (_, i) => `http://a.example/${i}`);
  const lines = fetchMany(reactor, [...urls, "http://b.example/"]);
  assertEquals(reactor.tcpClients.length, 5);
  const [first, second, third, fourth, other] = reactor.tcpClients.map((client) =>
    client.address.toString().startsWith("b") ? client.fail() : client.succeed()
  );
  assertEquals(other, undefined);
  for (const connection of [first, second, third, fourth, first, second]) {
    connection!.receive("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  }
  assertEquals(successResultOf(lines), [
    ...urls.map((url) => `200 2 ${url}`),
    "ConnectionRefusedError http://b.example/",
  ]);
});

Deno.test("a server that hangs up, and one that is silent too long, cost their own pages only", () => {
  const reactor = new MemoryReactor();
  const lines = fetchMany(reactor, [
    "http://rude.example/",
    "http://silent.example/",
    "http://good.example/",
  ]);
  const [rude, , good] = reactor.tcpClients.map((client) => client.succeed()!);
  rude!.receive("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh");
  rude!.peerCloses();
  good!.receive("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  reactor.advance(29);
  assertNoResult(lines);
  reactor.advance(1);
  assertEquals(successResultOf(lines), [
    "ResponseFailed http://rude.example/",
    "HTTPTimeoutError http://silent.example/",
    "200 2 http://good.example/",
  ]);
  assertEquals(reactor.getDelayedCalls(), []);
});

Deno.test("what is no address costs its own line only", () => {
  const reactor = new MemoryReactor();
  const lines = fetchMany(reactor, ["nonsense", "ftp://x/", "http://good.example/"]);
  reactor.tcpClients[0]!.succeed()!.receive("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  assertEquals(successResultOf(lines), [
    "TypeError nonsense",
    "SchemeNotSupported ftp://x/",
    "200 2 http://good.example/",
  ]);
});
