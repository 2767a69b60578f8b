import { assertEquals, assertThrows } from "@std/assert";
import { NOT_DONE_YET, type Request, Resource, Site } from "@ropewalk/web";
import { ConnectionLost } from "@ropewalk/reactor/core";
import { assertNoResult, failureResultOf, successResultOf } from "../results.ts";
import { readResponse } from "./_read_response.ts";
import { renderResource } from "./rendered_response.ts";
import { RequestTraversalAgent } from "./request_traversal_agent.ts";

class Form extends Resource {
  override isLeaf = true;
  gone: string[] = [];

  render_GET(request: Request): string {
    request.setHeader("X-Peer", `${request.getClientAddress()}`);
    return `${request.args.get("a")} ${request.getHeader("x-extra")} ${request.isSecure()}`;
  }
  render_POST(request: Request): string {
    request.setResponseCode(201);
    return JSON.stringify({ name: request.args.get("name") });
  }
  render_PUT(request: Request): typeof NOT_DONE_YET {
    request.notifyFinish().addErrback((failure) => void this.gone.push(failure.type));
    request.write("one,");
    request.reactor.callLater(5, () => {
      if (this.gone.length > 0) return;
      request.write("two");
      request.finish();
    });
    return NOT_DONE_YET;
  }
}

Deno.test("renderResource shows status, headers and body, and what the request was", () => {
  const answer = renderResource(new Form(), "GET /x?a=b", {
    headers: { "X-Extra": "é".normalize("NFC") },
    secure: true,
  });
  assertEquals([answer.status, answer.phrase, answer.finished], [200, "OK", true]);
  assertEquals(answer.text().split(" ")[0], "b");
  assertEquals(answer.text().split(" ")[2], "true");
  assertEquals(answer.headers.get("content-length"), String(answer.body.length));
  assertEquals(answer.headers.get("x-peer"), "192.168.1.1:54321");
});

Deno.test("renderResource sends bodies, HEAD and unknown paths", () => {
  const form = { headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: "name=Ann" };
  const posted = renderResource(new Form(), "POST /", form);
  assertEquals([posted.status, posted.json()], [201, { name: "Ann" }]);
  const head = renderResource(new Form(), "HEAD /?a=b");
  assertEquals([head.status, head.text(), head.finished], [200, "", true]);
  assertEquals(renderResource(new Site(new Resource()), "GET /nothing").status, 404);
  assertThrows(() => renderResource(new Form(), "GET"), TypeError, 'say it as "GET /path"');
});

Deno.test("renderResource is live: an answer that comes in parts is seen to come", () => {
  const answer = renderResource(new Form(), "PUT /");
  assertEquals([answer.status, answer.text(), answer.finished], [200, "one,", false]);
  answer.clock.advance(5);
  assertEquals([answer.text(), answer.finished], ["one,two", true]);
});

Deno.test("a client that hangs up is told to the resource", () => {
  const form = new Form();
  const answer = renderResource(form, "PUT /");
  answer.hangUp();
  assertEquals([form.gone.length, answer.finished], [1, false]);
  answer.clock.advance(5);
});

Deno.test("an answer is read as far as it is there, wherever it is cut", () => {
  const encode = (text: string) => new TextEncoder().encode(text);
  const whole =
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  for (let at = 0; at < whole.length; at++) {
    assertEquals(readResponse(encode(whole.slice(0, at)), "GET", false).finished, false);
  }
  const { body, finished } = readResponse(encode(whole), "GET", false);
  assertEquals([new TextDecoder().decode(body), finished], ["abcde", true]);
  const untilEnd = encode("HTTP/1.0 200 OK\r\n\r\nabc");
  assertEquals([false, true].map((closed) => readResponse(untilEnd, "GET", closed).finished), [false, true]);
  assertThrows(() => readResponse(encode("SSH-2.0\r\n\r\n"), "GET", false), Error, 'begins with "SSH-2.0"');
});

for (const cut of ["whole", "bytes", { seed: 3 }] as const) {
  Deno.test(`RequestTraversalAgent answers any request from a site in memory, cut ${JSON.stringify(cut)}`, () => {
    const agent = new RequestTraversalAgent(new Form(), { cut });
    const asked = agent.request("GET", "http://example.org/?a=b").addCallback((response) => response.text());
    assertNoResult(asked);
    agent.flush();
    assertEquals(successResultOf(asked).split(" ")[0], "b");
  });
}

Deno.test("RequestTraversalAgent shows a client an answer that comes late, and a connection that breaks", () => {
  const agent = new RequestTraversalAgent(new Form());
  const read = () => agent.request("PUT", "http://example.org/").addCallback((response) => response.text());
  const late = read();
  agent.flush();
  assertNoResult(late);
  agent.reactor.advance(5);
  agent.flush();
  assertEquals(successResultOf(late), "one,two");

  const broken = read();
  agent.flush();
  agent.connections.at(-1)!.serverIO.abortConnection();
  agent.flush();
  failureResultOf(broken, Error, ConnectionLost);
  agent.reactor.advance(5);
});
