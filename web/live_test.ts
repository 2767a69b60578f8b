import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { defaultClock, setDefaultClock } from "@ropewalk/reactor/core";
import { Clock, MemoryReactor } from "@ropewalk/testing";
import { siteClient } from "./_support_test.ts";
import { Counter, Figures, Gauge } from "./counter.ts";
import { EventSourceResource, formatEvent } from "./event_source.ts";
import { ringSink } from "./ring_sink.ts";
import { StatusResource } from "./status_resource.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.example\r\n";

Deno.test("an event keeps its lines and cannot forge fields", () => {
  assertEquals(formatEvent("a\nb", { event: "x\ny", id: "1" }), "event: x y\nid: 1\ndata: a\ndata: b\n\n");
  assertEquals(formatEvent("", { retrySeconds: 1.5 }), "retry: 1500\ndata: \n\n");
});

Deno.test("events go to every client, with a comment now and then, and a client that left is forgotten", () => {
  const events = new EventSourceResource({ heartbeatSeconds: 15 });
  const one = siteClient(events).send(`${GET}\r\n`);
  const two = siteClient(events).send(`${GET}\r\n`);
  events.send("hello");
  for (const client of [one, two]) {
    assertStringIncludes(client.wire, "Content-Type: text/event-stream");
    assertStringIncludes(client.wire, "id: 1\ndata: hello\n\n");
  }
  two.transport.abortConnection();
  assertEquals(events.connections, 1);
  one.transport.clear();
  one.clock.advance(15);
  assertStringIncludes(one.wire, ": \n\n");
  events.closeAll();
  assert(one.wire.endsWith("0\r\n\r\n"));
  assertEquals([events.connections, two.clock.getDelayedCalls().length], [0, 0]);
});

Deno.test("a client that comes back is sent what it missed", () => {
  const events = new EventSourceResource({ history: 3 });
  for (const text of ["a", "b", "c", "d"]) events.send(text);
  const client = siteClient(events).send(`${GET}Last-Event-ID: 2\r\n\r\n`);
  assertStringIncludes(client.wire, "data: c\n\n");
  assertStringIncludes(client.wire, "data: d\n\n");
  assert(!client.wire.includes("data: b"));
});

Deno.test("a client that reads slowly is sent the rest later, and cut off when that is too much", () => {
  const events = new EventSourceResource({ maxBacklogBytes: 100 });
  const client = siteClient(events).send(`${GET}\r\n`);
  client.channel.pauseProducing();
  client.transport.clear();
  events.send("a");
  assertEquals(client.wire, "");
  client.channel.resumeProducing();
  assertStringIncludes(client.wire, "data: a\n\n");
  client.channel.pauseProducing();
  events.send("x".repeat(120));
  assert(client.transport.aborting);
});

function statusPage(): { figures: Figures; page: StatusResource } {
  const figures = new Figures();
  const counter = new Counter("store", "<keys>", figures);
  counter.add(3);
  counter.add(-1);
  new Gauge("store", "broken", () => {
    throw new Error("no figure");
  }, figures);
  const log = ringSink(2);
  const record = (message: string) => ({
    category: ["app"],
    level: "info" as const,
    message: [message],
    rawMessage: message,
    timestamp: 0,
    properties: {},
  });
  for (const text of ["one", "two", "<three>"]) log(record(text));
  const reactor = {
    stats: () => ({
      uptimeSeconds: 90_061,
      ports: ["127.0.0.1:80"],
      connections: 1,
      connectionsTotal: 2,
      bytesIn: 2048,
      bytesOut: 0,
      pendingCalls: 3,
      errors: 0,
    }),
  };
  return { figures, page: new StatusResource({ figures, log, reactor, title: "A & B", now: () => 0 }) };
}

Deno.test("the status page tells figures, reactor and log, escaped, and works without scripts", () => {
  const { body } = siteClient(statusPage().page).ask("GET /");
  for (
    const part of [
      "<title>A &amp; B</title>",
      '<noscript><meta http-equiv="refresh" content="2"></noscript>',
      "&lt;keys&gt;</th><td>2</td>",
      "no figure",
      "1 d 1 h 1 min 1 s",
      "2.0 KiB",
      "app: two",
      "&lt;three&gt;",
    ]
  ) assertStringIncludes(body, part);
  assert(!body.includes("app: one"));
});

Deno.test("the status page as data", () => {
  const client = siteClient(statusPage().page);
  const data = JSON.parse(client.ask("GET /?format=json").body);
  assertEquals(data.figures.store["<keys>"], 2);
  assertEquals(data.reactor.connectionsTotal, 2);
  assertEquals(data.log.map((line: { message: string }) => line.message), ["two", "<three>"]);
  assertEquals(client.ask("GET /\nAccept: application/json").headers.get("content-type"), "application/json");
  assertEquals(client.ask("GET /\nAccept: text/html").headers.get("cache-control"), "no-store");
});

Deno.test("StatusResource shows the program's reactor without being told of it", () => {
  const reactor = new MemoryReactor();
  const before = programClock();
  try {
    setDefaultClock(reactor);
    assertEquals(new StatusResource().read().reactor, reactor.stats());
    setDefaultClock(new Clock()); // tells the time, and nothing of itself
    assertEquals(new StatusResource().read().reactor, null);
  } finally {
    setDefaultClock(before as Clock);
  }
});

function programClock(): unknown {
  try {
    return defaultClock();
  } catch {
    return null; // none was set
  }
}
