/**
 * The whole program — lines, PB and web over one store — with no socket and no real time.
 */
import { CannotListenError } from "@ropewalk/reactor/core";
import { DeadReferenceError, PBClientFactory, type RemoteReference } from "@ropewalk/spread";
import {
  failureResultOf,
  flushLoggedErrors,
  IOPump,
  type MemoryConnection,
  MemoryReactorClock,
  successResultOf,
} from "@ropewalk/testing";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readCommandLine } from "./command_line.ts";
import type { KeyValueRoot } from "./pb_service.ts";
import { KeyValueServer, PortError } from "./server.ts";
import { KeyError } from "./store.ts";

const OPTIONS = { host: "127.0.0.1", linePort: 11211, pbPort: 8789, webPort: 8000, ttlSeconds: 15 };

/** The program, and a client of each kind. */
class World {
  readonly reactor = new MemoryReactorClock();
  readonly server = new KeyValueServer(this.reactor, OPTIONS);

  constructor() {
    successResultOf(this.server.start());
  }

  connect(index: number): MemoryConnection {
    return this.reactor.tcpServers[index]!.accept()!;
  }

  lines(text: string): string {
    const connection = this.connect(0);
    connection.receive(text);
    const answer = connection.text();
    connection.peerCloses();
    return answer;
  }

  get(target: string, method = "GET", body = ""): { status: string; headers: string; body: string } {
    const connection = this.connect(2);
    const form = body &&
      `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n`;
    connection.receive(`${method} ${target} HTTP/1.1\r\nHost: store.example\r\n${form}\r\n${body}`);
    const [head = "", rest = ""] = connection.text().split("\r\n\r\n", 2);
    const [status = "", ...headers] = head.split("\r\n");
    connection.peerCloses();
    return { status, headers: headers.join("\n"), body: rest };
  }

  /** A PB client of our own, joined to the server by a pump. */
  pb(): { root: RemoteReference<KeyValueRoot>; pump: IOPump } {
    const factory = new PBClientFactory();
    const address = this.reactor.tcpServers[1]!.address;
    const pump = new IOPump(this.server.pb.buildProtocol(address), factory.buildProtocol(address), {
      clock: this.reactor,
    });
    const root = factory.getRootObject<KeyValueRoot>();
    pump.flush();
    return { root: successResultOf(root), pump };
  }
}

Deno.test("what one service sets, every other gets", () => {
  const world = new World();
  const { root, pump } = world.pb();
  assertEquals(world.lines("set a 1\r\n"), "STORED\r\n");
  assertMatch(world.get("/set?key=b&value=2").body, /b is set/);
  const set = root.callRemote("set", "c", "3");
  pump.flush();
  successResultOf(set);

  assertEquals(world.lines("get a\r\nget b\r\nget c\r\n"), "VALUE a 1\r\nVALUE b 2\r\nVALUE c 3\r\n");
  for (const [key, value] of [["a", "1"], ["b", "2"], ["c", "3"]] as const) {
    assertStringIncludes(world.get(`/get?key=${key}`).body, `${key} is ${value}`);
    const got = root.callRemote("get", key);
    pump.flush();
    assertEquals(successResultOf(got), value);
  }
  const entries = root.callRemote("entries");
  pump.flush();
  assertEquals(successResultOf(entries).map(({ key }) => key), ["a", "b", "c"]);
});

Deno.test("a key is there for 15 seconds less a moment, and then nowhere", () => {
  const world = new World();
  const { root, pump } = world.pb();
  world.lines("set color red\r\n");
  world.reactor.advance(14.999);
  assertEquals(world.lines("get color\r\n"), "VALUE color red\r\n");
  world.reactor.advance(0.001);
  assertEquals(world.lines("get color\r\n"), "GET_NOT_FOUND color\r\n");
  assertStringIncludes(world.get("/get?key=color").status, "404");
  const get = root.callRemote("get", "color");
  pump.flush();
  const failure = failureResultOf(get);
  assertEquals(failure.trap(KeyError), KeyError);
  assertEquals(failure.getErrorMessage(), "no such key: color");
});

Deno.test("over PB a wrong method, and what is no text, fail at the caller and leave the connection", () => {
  const world = new World();
  const { root, pump } = world.pb();
  const untyped = root as unknown as RemoteReference;
  const calls = [
    untyped.callRemote("launch"),
    untyped.callRemote("get", 7),
    untyped.callRemote("get", ["a"]),
  ];
  pump.flush();
  assertEquals(calls.map((call) => failureResultOf(call).type), [
    "twisted.spread.flavors.NoSuchMethod",
    "builtins.TypeError",
    "builtins.TypeError",
  ]);
  assertEquals(flushLoggedErrors("twisted.spread.flavors.NoSuchMethod").length, 1);
  const bytes = untyped.callRemote("set", new TextEncoder().encode("raw"), new TextEncoder().encode("bytes"));
  pump.flush();
  successResultOf(bytes);
  assertEquals(world.lines("get raw\r\n"), "VALUE raw bytes\r\n");
  assertEquals(world.server.pb.root.stats.operations, 3);
});

Deno.test("pages escape what they show, and take forms by POST", () => {
  const world = new World();
  assertMatch(world.get("/set", "POST", "key=k&value=%3Cb%3E%26").body, /k is set/);
  assertStringIncludes(world.get("/get?key=k").body, "k is &lt;b&gt;&amp;");
  assertStringIncludes(world.get("/status").body, "<td>&lt;b&gt;&amp;</td>");
  assertMatch(world.get("/delete", "POST", "key=k").body, /k is gone/);
  assertStringIncludes(world.get("/delete?key=%3Ck").body, "no such key: &lt;k");
});

Deno.test("statuses: missing pages and keys, wrong arguments and methods, HEAD, malformed requests", () => {
  const world = new World();
  assertStringIncludes(world.get("/").status, "200");
  assertStringIncludes(world.get("/nothing").status, "404");
  assertStringIncludes(world.get("/get?key=x").status, "404");
  assertStringIncludes(world.get("/get").status, "400");
  assertStringIncludes(world.get("/set?key=two%20words&value=v").status, "400");
  const refused = world.get("/get?key=x", "PUT");
  assertStringIncludes(refused.status, "405");
  assertMatch(refused.headers, /^Allow: GET, HEAD, POST$/m);
  const head = world.get("/", "HEAD");
  assertStringIncludes(head.status, "200");
  assertMatch(head.headers, /^Content-Length: [1-9]/m);
  assertEquals(head.body, "");
  const garbage = world.connect(2);
  garbage.receive("garbage\r\n\r\n");
  assertStringIncludes(garbage.text(), "HTTP/1.1 400 Bad Request");
  assertEquals(garbage.disconnecting, true);
});

Deno.test("requests in one chunk are answered in order over one connection", () => {
  const world = new World();
  const connection = world.connect(2);
  const one = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
  connection.receive(one("/set?key=k&value=v") + one("/get?key=k") + one("/nothing"));
  assertMatch(connection.text(), /200 OK[^]*k is set[^]*200 OK[^]*k is v[^]*404/);
  assertEquals(connection.disconnecting, false);
});

Deno.test("the status page and its data tell of every service and key", () => {
  const world = new World();
  world.lines("set color red\r\nget color\r\n");
  world.pb();
  world.reactor.advance(2.5);
  const data = world.get("/status.json");
  assertMatch(data.headers, /^Content-Type: application\/json/m);
  assertEquals(JSON.parse(data.body), {
    uptimeSeconds: 2.5,
    services: [
      { name: "lines", connections: 0, connectionsTotal: 1, operations: 2 },
      { name: "PB", connections: 1, connectionsTotal: 1, operations: 0 },
      { name: "web", connections: 1, connectionsTotal: 1, operations: 0 },
    ],
    keys: [{ key: "color", value: "red", secondsLeft: 12.5 }],
  });
  assertMatch(world.get("/status").body, /Up for 2.5 s[^]*<td>color<\/td><td>red<\/td><td>12.5<\/td>/);
});

Deno.test("/later writes A, B and C a second apart, and notices a client that hangs up", () => {
  const world = new World();
  const connection = world.connect(2);
  connection.receive("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  const seen: string[] = [];
  for (const seconds of [0, 0.999, 0.001, 1]) {
    world.reactor.advance(seconds);
    seen.push([...connection.text().matchAll(/^([ABC])$/gm)].map(([letter]) => letter).join(""));
  }
  assertEquals(seen, ["A", "A", "AB", "ABC"]);
  assertMatch(connection.text(), /Transfer-Encoding: chunked[^]*0\r\n\r\n$/);
  connection.peerCloses();

  const pending = () => world.reactor.getDelayedCalls().length;
  const before = pending();
  const impatient = world.connect(2);
  impatient.receive("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  world.reactor.advance(1.5);
  assert(pending() > before);
  impatient.peerCloses();
  assertEquals(pending(), before);
});

Deno.test("a stopping server lets a request in progress end, and leaves nothing behind", () => {
  const world = new World();
  const idle = world.connect(2);
  const busy = world.connect(2);
  busy.receive("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  world.lines("set color red\r\n");
  world.reactor.advance(0.5);
  let stopped = false;
  world.server.stop().addCallback(() => stopped = true);
  assertEquals(idle.connected, false);
  world.reactor.pump([1, 1]);
  assertMatch(busy.text(), /A[^]*B[^]*C/);
  world.reactor.advance(0);
  assertEquals([stopped, busy.connected, world.reactor.getDelayedCalls()], [true, false, []]);
});

Deno.test("a port that is taken is told with its option, and the others are closed again", () => {
  const reactor = new MemoryReactorClock();
  reactor.refuseToListen(8000, new Error("Address already in use"));
  const failure = failureResultOf(new KeyValueServer(reactor, OPTIONS).start(), PortError);
  assertMatch(failure.getErrorMessage(), /Cannot listen on 127\.0\.0\.1:8000: .*in use.*--web-port/);
  assert((failure.value as Error).cause instanceof CannotListenError);
  assertEquals(reactor.tcpServers.map((port) => port.listens), [false, false]);
});

Deno.test("a client that is gone is no reference any more", () => {
  const world = new World();
  const { root, pump } = world.pb();
  pump.clientIO.abortConnection();
  pump.flush();
  let thrown: unknown = null;
  try {
    root.callRemote("get", "k");
  } catch (error) {
    thrown = error;
  }
  assert(thrown instanceof DeadReferenceError);
  assertEquals(world.server.pb.root.stats.connections, 0);
});

Deno.test("command lines are read in words", () => {
  const defaults = { host: "127.0.0.1", "web-port": 8000 };
  assertEquals(readCommandLine(["--web-port", "0", "--host=::1"], defaults), { host: "::1", "web-port": 0 });
  assertEquals(readCommandLine(["--help"], defaults), "help");
  for (
    const args of [
      ["--web-port", "x"],
      ["--web-port=70000"],
      ["--web-port=1.5"],
      ["--nonsense"],
      ["--host="],
      ["extra"],
    ]
  ) {
    let message = "";
    try {
      readCommandLine(args, defaults);
    } catch (error) {
      message = (error as Error).message;
    }
    assertMatch(message, /--web-port takes|unknown argument|needs a value/, args.join(" "));
  }
});
