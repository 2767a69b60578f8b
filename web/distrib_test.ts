import { FilePath } from "@ropewalk/reactor/filepath";
import { connectedServerAndClient, MemoryFileSystem, MemoryReactor } from "@ropewalk/testing";
import { ConnectionRefusedError, IPv4Address } from "@ropewalk/reactor/core";
import type { PBClientFactory } from "@ropewalk/spread";
import { PBServerFactory } from "@ropewalk/spread";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Client, Page } from "./_support_test.ts";
import { ResourcePublisher, ResourceSubscription } from "./distrib.ts";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import type { Request } from "./request.ts";
import { type RenderResult, Resource } from "./resource.ts";
import { Site, type SiteOptions } from "./site.ts";

function bench(answer: (request: Request) => RenderResult, options: SiteOptions = {}) {
  const reactor = new MemoryReactor();
  const root = new Resource();
  root.putChild("app", new ResourceSubscription("behind", 8787, { reactor }));
  const client = new Client(new Site(root, { accessLog: "none", ...options }));
  const behind = new Site(new Page(answer), { accessLog: "none", reactor });
  const connect = () => {
    const factory = reactor.tcpClients.at(-1)!.factory as unknown as PBClientFactory;
    const address = new IPv4Address("TCP", "10.0.0.1", 1);
    const server = new PBServerFactory(new ResourcePublisher(behind)).buildProtocol(address);
    return connectedServerAndClient(server, factory.buildProtocol(address));
  };
  return { reactor, client, behind, connect };
}

Deno.test("another process answers, over one connection, with all that an answer has", () => {
  const { client, connect, behind, reactor } = bench((request) => {
    request.setResponseCode(203, "Fine");
    request.setHeader("x-a", "é");
    request.addCookie("a", "1");
    request.addCookie("b", "2");
    const { method, postpath, host } = request;
    return `${method} ${postpath} ${request.args} ${request.content.text()} ${host} ${request.getClientIP()}`;
  });
  client.send(
    "POST /app/x%2Fy/?q=1 HTTP/1.1\r\nHost: front\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
      "Content-Length: 3\r\n\r\nb=2",
  );
  const { pump } = connect();
  pump.flush();
  const [answer] = client.answers();
  assertEquals([answer!.status, answer!.phrase, answer!.headers.get("x-a")], [203, "Fine", "\xc3\xa9"]);
  assertEquals(answer!.headers.get("set-cookie"), "a=1, b=2");
  assert(answer!.body.startsWith("POST x/y, q=1&b=2 b=2 front "), answer!.body);
  client.send("GET /app HTTP/1.1\r\nHost: front\r\n\r\n");
  pump.flush();
  assertEquals(client.answers().length, 2);
  assertEquals([reactor.tcpClients.length, behind.requestsInProgress], [1, 0]);
});

Deno.test("an answer longer than a string on the wire comes in pieces", () => {
  const { client, connect } = bench(() => "x".repeat(1_500_000));
  client.send("GET /app HTTP/1.1\r\nHost: front\r\n\r\n");
  connect().pump.flush();
  assertEquals(client.answers()[0]!.body.length, 1_500_000);
});

Deno.test("without the other process the answer is 502, and the next request tries again", () => {
  const { client, reactor, connect } = bench(() => "there");
  client.send("GET /app HTTP/1.1\r\nHost: front\r\n\r\n");
  reactor.tcpClients[0]!.fail(new ConnectionRefusedError());
  assertEquals(client.answers()[0]!.status, 502);
  client.send("GET /app HTTP/1.1\r\nHost: front\r\n\r\n");
  connect().pump.flush();
  assertEquals(client.answers()[1]!.body, "there");
});

Deno.test("a process that takes the connection and says nothing is 502 after its time", () => {
  const { client, reactor } = bench(() => "never");
  client.send("GET /app HTTP/1.1\r\nHost: front\r\n\r\n");
  const connection = reactor.tcpClients[0]!.succeed()!;
  client.clock.advance(9);
  assertEquals(client.wire, "");
  client.clock.advance(1);
  assertEquals(client.answers()[0]!.status, 502);
  assert(connection.disconnecting);
  assertEquals(client.clock.getDelayedCalls().length, 1, "that of the idle connection");
});

Deno.test("a body on disk goes over too, and one that is longer than a string on the wire is 413", async () => {
  const files = new MemoryFileSystem({ "/up": null });
  const { client, connect } = bench((request) => `${request.content.length} ${request.args}`, {
    uploadDirectory: new FilePath("/up", files),
    uploadMemoryBytes: 100,
  });
  const post = (value: string) => {
    const body = `--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n${value}\r\n--b--\r\n`;
    client.send(
      "POST /app HTTP/1.1\r\nHost: front\r\nContent-Type: multipart/form-data; boundary=b\r\n" +
        `Content-Length: ${body.length}\r\n\r\n${body}`,
    );
    return body.length;
  };
  const length = post("x".repeat(1000));
  await client.clock.settle();
  const { pump } = connect();
  pump.flush();
  await client.clock.settle();
  pump.flush();
  assertEquals(client.answers()[0]!.body, `${length} a=${"x".repeat(1000)}`);
  post("x".repeat(640 * 1024));
  await client.clock.settle();
  pump.flush();
  assertEquals([client.answers()[1]!.status, client.closed, files.openFiles], [413, false, 0]);
});

Deno.test("when the other process is lost, what was begun is cut off and what was not is 502", () => {
  for (const begun of [true, false]) {
    let behind!: Request;
    const { client, connect } = bench((request) => {
      behind = request;
      if (begun) request.write("some");
      return NOT_DONE_YET;
    });
    client.send("GET /app HTTP/1.1\r\nHost: front\r\n\r\n");
    const { pump, client: broker } = connect();
    pump.flush();
    broker.transport.loseConnection();
    pump.flush();
    assert(behind.disconnected);
    if (begun) assert(client.closed);
    else assertEquals(client.answers()[0]!.status, 502);
  }
});

Deno.test("a client that hangs up stops the producer in the other process, and one that is slow pauses it", () => {
  const told: string[] = [];
  const { client, connect } = bench((request) => {
    request.registerProducer({
      pauseProducing: () => void told.push("pause"),
      resumeProducing: () => void told.push("resume"),
      stopProducing: () => void told.push("stop"),
    }, true);
    return NOT_DONE_YET;
  });
  client.send("GET /app HTTP/1.1\r\nHost: front\r\n\r\n");
  const { pump } = connect();
  pump.flush();
  client.channel.pauseProducing();
  pump.flush();
  client.channel.resumeProducing();
  pump.flush();
  client.transport.abortConnection();
  pump.flush();
  assertEquals(told, ["pause", "resume", "stop"]);
});

Deno.test("a subscription refuses what is no reactor when it is made", () => {
  const reactor = {} as unknown as MemoryReactor;
  assertThrows(() => new ResourceSubscription("a", 1, { reactor }), TypeError, "makes no connections");
});
