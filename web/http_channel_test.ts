import { assert, assertEquals } from "@std/assert";
import { Client, GET, held, Page, pageClient, siteClient, statuses } from "./_support_test.ts";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import type { Request } from "./request.ts";
import { Resource } from "./resource.ts";

Deno.test("a pipelined request waits until the one before it is answered", () => {
  const { client, requests } = held();
  client.send(GET + GET.replace("/", "/second"));
  assertEquals(requests.length, 1);
  requests[0]!.write("one");
  assertEquals(requests.length, 1);
  requests[0]!.finish();
  assertEquals(requests.length, 2);
  requests[1]!.finish();
  assertEquals(client.answers().map((answer) => answer.body), ["one", ""]);
});

Deno.test("all answers to one chunk leave in one write", () => {
  const client = pageClient(() => "ok").send(GET.repeat(16));
  assertEquals(client.answers().length, 16);
  assertEquals(client.transport.io.pieces.length, 1);
});

Deno.test("a head that comes again is read as at first, whatever came in between and however it is cut", () => {
  const plain = "GET /a?b HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n";
  const other = "GET /a?b HTTP/1.1\r\nHost: a\r\nX: 2\r\n\r\n";
  const post = "POST /a HTTP/1.1\r\nHost: b\r\nX: 3\r\nContent-Length: 2\r\n\r\nhi";
  const empty = "POST /a HTTP/1.1\r\nHost: b\r\nX: 4\r\nContent-Length: 0\r\n\r\n";
  const wires = [plain, plain, other, plain, post, plain, plain, post, post, empty, empty, plain];
  const client = pageClient((request) =>
    `${request.method} ${request.uri} ${request.host} ${request.getHeader("x")} ${request.content.text()}`
  );
  const expected = wires.map((wire) =>
    wire === post
      ? "POST /a b 3 hi"
      : wire === empty
      ? "POST /a b 4 "
      : `GET /a?b a ${wire === plain ? "1" : "2"} `
  );
  for (const wire of wires) client.send(wire);
  for (const wire of wires) client.send(wire.slice(0, 20)).send(wire.slice(20));
  client.send(wires.join(""));
  assertEquals(client.answers().map(({ body }) => body), [...expected, ...expected, ...expected]);
});

Deno.test("a head that asks to close does so each time, and one byte more is another head", () => {
  const wire = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  assertEquals(statuses({}, wire + wire), [200]);
  assertEquals(statuses({}, `${GET}${GET.slice(0, -2)} X: 1\r\n\r\n`), [200, 400]);
});

Deno.test("a client that pipelines more than is held is not read until it has been answered", () => {
  const { client, requests } = held({ maxHeldBytes: 100 });
  client.send(GET);
  client.send(GET.repeat(2));
  assertEquals(client.transport.producerState, "producing");
  client.send(GET.repeat(2));
  assertEquals(client.transport.producerState, "paused");
  for (let i = 0; i < 5; i++) requests[i]!.finish();
  assertEquals(client.transport.producerState, "producing");
  assertEquals(client.answers().length, 5);
});

Deno.test("no further request is answered while the client does not read", () => {
  const client = pageClient(() => "ok");
  client.channel.pauseProducing();
  client.send(GET.repeat(3));
  assertEquals(client.wire, "");
  client.channel.resumeProducing();
  assertEquals(client.answers().length, 3);
});

Deno.test("100 Continue is sent once, before the body, and only to who asks for it", () => {
  const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n";
  const client = pageClient((request) => request.content.text());
  client.send(`${head}Expect: 100-continue\r\n\r\n`);
  assertEquals(client.wire, "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hi");
  assertEquals(client.answers().map((answer) => answer.status), [100, 200]);
  client.transport.clear();
  client.send(`${head}Expect: 100-continue\r\n\r\nhi`); // it did not wait
  assertEquals(client.answers().map((answer) => answer.status), [200]);
  client.transport.clear();
  client.send(`POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n`);
  assertEquals(client.wire, "");
});

Deno.test("a body that is too large is refused before it is asked for", () => {
  const client = pageClient(() => "ok", { maxBodyBytes: 1 });
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  assertEquals(client.answers().map((answer) => answer.status), [413]);
});

Deno.test("what a client sends after a fault is not looked at", () => {
  const client = pageClient(() => "ok").send("GARBAGE\r\n\r\n");
  client.transport.connected = true; // a transport that still delivers
  client.channel.dataReceived(new TextEncoder().encode(GET));
  assertEquals(client.answers().length, 1);
});

Deno.test("an upgraded connection belongs to the other protocol, with all that came behind the request", () => {
  const log: string[] = [];
  const root = new Resource();
  root.putChild(
    "up",
    new Page((request) => {
      request.setHeader("upgrade", "shout");
      request.upgrade({
        makeConnection: (transport) => transport.write("hello "),
        dataReceived: (data) => void log.push(new TextDecoder().decode(data)),
        connectionLost: () => void log.push("lost"),
      });
      return NOT_DONE_YET;
    }),
  );
  const client = siteClient(root);
  client.send("GET /up HTTP/1.1\r\nHost: a\r\nUpgrade: shout\r\nConnection: upgrade\r\n\r\nfirst");
  client.send("second");
  client.clock.advance(3600); // the server's time-outs are not for it
  client.transport.loseConnection();
  assertEquals(log, ["first", "second", "lost"]);
  assert(client.wire.startsWith("HTTP/1.1 101 Switching Protocols\r\n"));
  assert(client.wire.endsWith("\r\n\r\nhello "));
});

Deno.test("a site counts its connections and requests", () => {
  const { client, requests } = held();
  const { site } = client;
  client.send(GET);
  assertEquals([site.connections, site.connectionsTotal, site.requestsTotal, site.requestsInProgress], [
    1,
    1,
    1,
    1,
  ]);
  requests[0]!.finish();
  assertEquals(site.requestsInProgress, 0);
  client.send(GET);
  client.transport.loseConnection();
  assertEquals([site.connections, site.connectionsTotal, site.requestsTotal, site.requestsInProgress], [
    0,
    1,
    2,
    0,
  ]);
});

Deno.test("draining closes idle connections at once, busy ones after their answer, and takes no new ones", () => {
  const { client: busy, requests } = held();
  const { site } = busy;
  const idle = new Client(site, busy.clock);
  busy.send(GET);
  const drained = site.drain(5);
  assert(idle.closed);
  assert(!busy.closed);
  assertEquals(site.buildProtocol(busy.transport.getPeer()), null);
  let done = false;
  drained.addCallback(() => void (done = true));
  requests[0]!.write("late but whole");
  requests[0]!.finish();
  assert(busy.closed);
  assert(done);
  assertEquals(busy.answers()[0]!.headers.get("connection"), "close");
  assertEquals(busy.clock.getDelayedCalls(), []);
});

Deno.test("what is left after the time for draining is cut off", () => {
  const { client } = held();
  client.send(GET);
  let done = false;
  client.site.drain(5).addCallback(() => void (done = true));
  client.clock.advance(5);
  assert(client.transport.aborting);
  assert(done);
});

Deno.test("a connection that has much to send asks to be told when it is too much", () => {
  const client = pageClient(() => "x".repeat(20_000));
  client.send(GET);
  assertEquals(client.transport.producer, null);
  client.send(GET.repeat(3));
  assertEquals(client.transport.producer, client.channel);
  client.send("GET / HTTP/1.0\r\n\r\n");
  assertEquals(client.transport.producer, null); // so that closing does not wait for it
  assert(client.closed);
});

Deno.test("a tunnel's head says nothing of a body, whatever the page set", () => {
  const other = { makeConnection() {}, dataReceived() {}, connectionLost() {} };
  const client = pageClient((request) => {
    request.setHeader("content-length", 5);
    request.upgrade(other);
    return NOT_DONE_YET;
  });
  client.send("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n");
  const [answer] = client.answers();
  assertEquals(answer!.status, 200);
  for (const name of ["content-length", "transfer-encoding", "connection", "content-type"]) {
    assert(!answer!.headers.has(name), name);
  }
});

Deno.test("CONNECT that is answered by a page, and not by a tunnel, ends with its connection", () => {
  const client = pageClient(() => "page");
  for (let i = 0; i < 3; i++) assertEquals(client.ask("GET /").body, "page");
  client.transport.clear();
  client.send(`CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n${GET}`);
  assert(client.closed);
  assertEquals(client.answers().map(({ headers, body }) => [headers.has("content-length"), body]), [
    [false, "page"],
  ]);
});

Deno.test("a Transfer-Encoding that a page sets is not sent: the connection frames its answers", () => {
  const client = pageClient((request) => {
    request.setHeader("Transfer-Encoding", "gzip");
    return "ok";
  });
  for (let i = 0; i < 3; i++) {
    const answer = client.ask("GET /");
    assertEquals([answer.body, answer.headers.has("transfer-encoding")], ["ok", false]);
  }
});

Deno.test("the client's end of input is answered by closing, once what is held is answered", () => {
  const { client, requests } = held();
  client.send(GET);
  client.channel.readConnectionLost();
  assert(client.transport.disconnecting);
  assertEquals(requests.length, 1);
});

Deno.test("the end of input of an upgraded connection is the other protocol's", () => {
  let ended = 0;
  const other = {
    makeConnection() {},
    dataReceived() {},
    connectionLost() {},
    readConnectionLost: () => void ended++,
  };
  const client = pageClient((request) => {
    request.upgrade(other);
    return NOT_DONE_YET;
  });
  client.send(GET);
  client.channel.readConnectionLost();
  assertEquals(ended, 1);
  assert(!client.transport.disconnecting);
});

Deno.test("an answer that comes again is the same, dated anew, and another body is told apart", () => {
  let now = 0;
  let body = "one";
  const client = pageClient(() => body, { now: () => now });
  const seen = (): string[] => {
    const { headers, body } = client.ask("GET /");
    return [headers.get("date")!.slice(17, 25), headers.get("content-length")!, body];
  };
  for (let i = 0; i < 3; i++) assertEquals(seen(), ["00:00:00", "3", "one"]);
  now = 1000;
  for (let i = 0; i < 3; i++) assertEquals(seen(), ["00:00:01", "3", "one"]);
  body = "three";
  for (let i = 0; i < 3; i++) assertEquals(seen(), ["00:00:01", "5", "three"]);
  body = "é";
  for (let i = 0; i < 3; i++) assertEquals(seen(), ["00:00:01", "2", "\xc3\xa9"]);
  body = "";
  for (let i = 0; i < 3; i++) assertEquals(seen(), ["00:00:01", "0", ""]);
});

Deno.test("heads that share their headers with the one before are read as by themselves", () => {
  const rest = "Host: a\r\nX: 1\r\n\r\n";
  const lines = [
    "GET /a",
    "GET /b?c",
    "POST /a",
    "GET /",
    "GET http://z/q",
    "HEAD /a",
    "GET /" + "y".repeat(300),
    "GET /b",
  ];
  const versions = ["1.1", "1.0"];
  const tell = (request: Request) =>
    `${request.method} ${request.uri} ${request.host} ${request.clientproto}`;
  for (const first of lines) {
    for (const second of lines) {
      for (const version of versions) {
        const wire = `${first} HTTP/1.1\r\n${rest}${second} HTTP/${version}\r\n${rest}`;
        const told: string[] = [];
        pageClient((request) => {
          told.push(tell(request));
          return "";
        }).send(wire);
        const host = (line: string) => line.includes("//z") ? "z" : "a";
        assertEquals(told, [`${first} ${host(first)} HTTP/1.1`, `${second} ${host(second)} HTTP/${version}`]);
      }
    }
  }
  for (
    const bad of [
      "GET  HTTP/1.1",
      "GET /a b HTTP/1.1",
      "GET /\x01 HTTP/1.1",
      "GET a HTTP/1.1",
      "GET /a HTTP/1.1 ",
    ]
  ) {
    assertEquals(statuses({}, `GET /a HTTP/1.1\r\n${rest}${bad}\r\n${rest}`), [200, 400]);
  }
});

Deno.test("a length that a page says wrongly, or twice, is not sent", () => {
  for (const lengths of [["5, 5"], ["+5"], ["5", "5"], [""]]) {
    const client = pageClient((request) => {
      for (const length of lengths) request.responseHeaders.append("content-length", length);
      request.write("hello");
      request.finish();
      return NOT_DONE_YET;
    }).send(GET + GET);
    const answers = client.answers();
    assertEquals(answers.map(({ body }) => body), ["hello", "hello"], JSON.stringify(lengths));
    assertEquals(answers[0]!.headers.get("content-length"), undefined);
  }
});

Deno.test("a status below 200 that a page ends with ends the connection: nothing is taken for its answer", () => {
  const client = pageClient((request) => {
    request.setResponseCode(101);
    return "";
  }).send(GET + GET);
  assert(client.closed);
  assertEquals(client.answers().length, 1);
});

Deno.test("what a producer writes when it is stopped is let pass, and the site forgets the connection", () => {
  const client = pageClient((request) => {
    const producer = {
      pauseProducing: () => {},
      resumeProducing: () => {},
      stopProducing: () => request.write("too late"),
    };
    request.registerProducer(producer, true);
    return NOT_DONE_YET;
  }).send(GET);
  client.transport.abortConnection();
  assertEquals(client.site.connections, 0);
  assertEquals(client.site.requestsInProgress, 0);
});

Deno.test("what a client still sends of a body that is too large is dropped for a while, so that it reads the answer", () => {
  const client = pageClient(() => "ok", { maxBodyBytes: 4 });
  const { transport, clock } = client;
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\nabc");
  assertEquals(client.answers().map((answer) => answer.status), [413]);
  assert(transport.writeDisconnected && !transport.disconnecting);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assertEquals(client.answers().length, 1);
  clock.advance(1.9);
  assert(!transport.disconnecting);
  clock.advance(0.1);
  assert(transport.disconnecting);
});
