import { failureResultOf, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { BrowserLikeRedirectAgent, RedirectAgent, ResponseFailed } from "../client.ts";
import { Bench, sent } from "./_support_test.ts";

/** Plays a server that redirects each request of a chain, and gives what was sent to it. */
function play(
  Kind: typeof RedirectAgent,
  method: string,
  url: string,
  answers: string[],
  headers = {},
  body?: string,
) {
  const bench = new Bench({}, { persistent: false });
  const d = new Kind(bench.agent).request(method, url, headers, body);
  const heads: string[] = [];
  for (const answer of answers) {
    if (bench.attempts <= heads.length) break;
    const connection = bench.accept();
    heads.push(sent(connection));
    connection.receive(`HTTP/1.1 ${answer}\r\nContent-Length: 2\r\n\r\nok`);
  }
  return { d, heads, bench };
}

const first = (head: string) => head.split(" HTTP")[0];

for (const Kind of [RedirectAgent, BrowserLikeRedirectAgent]) {
  Deno.test(`${Kind.name} follows GET and HEAD with the same method`, () => {
    for (const method of ["GET", "HEAD"]) {
      for (const status of [301, 302, 303, 307, 308]) {
        const { d, heads } = play(Kind, method, "http://a/x?y", [`${status} M\r\nLocation: z`, "200 OK"]);
        assertEquals(heads.map(first), [`${method} /x?y`, `${method} /z`]);
        const response = successResultOf(d);
        assertEquals(response.history().map((each) => each.code), [status]);
        assertEquals(response.request.absoluteURI, "http://a/z");
      }
    }
  });

  Deno.test(`${Kind.name} turns a 303 into GET without the body`, () => {
    const { heads } = play(Kind, "POST", "http://a/", ["303 S\r\nLocation: /b", "200 OK"], {
      "Content-Type": "text/plain",
      "X-Kept": "yes",
    }, "body");
    assert(heads[1]!.startsWith("GET /b ") && heads[1]!.includes("X-Kept: yes"));
    assert(!/content-(type|length)/i.test(heads[1]!));
  });

  Deno.test(`${Kind.name} does not send a POST again by 307 or 308`, () => {
    for (const status of [307, 308]) {
      const { d } = play(Kind, "POST", "http://a/", [`${status} T\r\nLocation: /b`], {}, "body");
      const { value } = failureResultOf(d, ResponseFailed);
      assertInstanceOf(value, ResponseFailed);
      assertEquals(value.reasons[0]!.type, "PageRedirect");
      assertEquals(value.response!.code, status);
    }
  });

  Deno.test(`${Kind.name} fails without a Location, and past the limit`, () => {
    const none = failureResultOf(play(Kind, "GET", "http://a/", ["302 Found"]).d, ResponseFailed);
    assertEquals((none.value as ResponseFailed).reasons[0]!.type, "RedirectWithNoLocation");

    const round = Array.from({ length: 30 }, () => "302 Found\r\nLocation: /again");
    const { d, heads } = play(Kind, "GET", "http://a/", round);
    const { value } = failureResultOf(d, ResponseFailed);
    assertEquals((value as ResponseFailed).reasons[0]!.type, "InfiniteRedirection");
    assertEquals(heads.length, 21);
  });

  Deno.test(`${Kind.name} carries credentials to the same origin only`, () => {
    const headers = {
      Authorization: "a",
      Cookie: "b",
      "Proxy-Authorization": "c",
      Host: "a",
      "X-Other": "d",
    };
    const same = play(Kind, "GET", "http://a/", ["302 F\r\nLocation: http://a:80/b", "200 OK"], headers);
    for (const name of Object.keys(headers)) assert(same.heads[1]!.includes(`${name}: `), name);
    for (const to of ["http://b/", "//b/", "http://a:81/", "http://u:p@b/"]) {
      const other = play(Kind, "GET", "http://a/", [`302 F\r\nLocation: ${to}`, "200 OK"], headers).heads[1]!;
      for (const name of ["Authorization", "Cookie"]) assert(!other.includes(`${name}: `), `${to}: ${other}`);
      assert(other.includes("X-Other: d"));
      assert(!other.includes("Host: a\r\n"));
    }
    const secure =
      play(Kind, "GET", "http://a/", ["302 F\r\nLocation: https://a/"], headers).bench.reactor.tlsClients;
    assert(!sent(secure[0]!.succeed()!).includes("Authorization"));
  });
}

Deno.test("A password in the address stays with its server", () => {
  const same = play(RedirectAgent, "GET", "http://u:p@a/", ["302 F\r\nLocation: /b", "200 OK"]);
  assert(same.heads[1]!.includes("Authorization: Basic "));
  const other = play(RedirectAgent, "GET", "http://u:p@a/", ["302 F\r\nLocation: http://b/", "200 OK"]);
  assert(!other.heads[1]!.includes("Authorization"));
});

Deno.test("RedirectAgent takes a redirected POST for an error, a browser for a GET", () => {
  for (const status of [301, 302]) {
    const strict = play(RedirectAgent, "POST", "http://a/", [`${status} M\r\nLocation: /b`], {}, "body");
    assertEquals((failureResultOf(strict.d).value as ResponseFailed).reasons[0]!.type, "PageRedirect");
    const lax = play(
      BrowserLikeRedirectAgent,
      "POST",
      "http://a/",
      [`${status} M\r\nLocation: /b`, "200 OK"],
      {},
      "x",
    );
    assertEquals(lax.heads.map(first), ["POST /", "GET /b"]);
    assertEquals(successResultOf(lax.d).code, 200);
  }
});

Deno.test("Other statuses of the 300s are responses as all others", () => {
  for (const status of [300, 304, 305, 306]) {
    const { d } = play(RedirectAgent, "GET", "http://a/", [`${status} X\r\nLocation: /b`]);
    assertEquals(successResultOf(d).code, status);
  }
});

Deno.test("Own sensitive headers stay with their server too", () => {
  const bench = new Bench();
  const agent = new RedirectAgent(bench.agent, { sensitiveHeaderNames: ["X-Api-Key"] });
  agent.request("GET", "http://a/", { "x-api-key": "secret" });
  bench.accept().receive("HTTP/1.1 302 F\r\nLocation: http://b/\r\nContent-Length: 0\r\n\r\n");
  assert(!sent(bench.accept()).toLowerCase().includes("secret"));
});

Deno.test("A fragment goes along, and a place that is no address is an error", () => {
  const bench = new Bench();
  const d = new RedirectAgent(bench.agent).request("GET", "http://a/#top");
  bench.accept().receive("HTTP/1.1 302 F\r\nLocation: http://b/\r\nContent-Length: 0\r\n\r\n");
  bench.accept().receive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  assertEquals(successResultOf(d).request.absoluteURI, "http://b/#top");
  const bad = play(RedirectAgent, "GET", "http://a/", ["302 F\r\nLocation: http://[bad/"]);
  assertEquals((failureResultOf(bad.d).value as ResponseFailed).reasons[0]!.type, "PageRedirect");
});

Deno.test("A redirect's small body is read away, so that its connection carries the next request", () => {
  const bench = new Bench();
  const d = new RedirectAgent(bench.agent).request("GET", "http://a/");
  const connection = bench.accept();
  connection.receive("HTTP/1.1 302 F\r\nLocation: /b\r\nContent-Length: 5\r\n\r\nhello");
  connection.receive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  assertEquals(successResultOf(d).code, 200);
  assertEquals(bench.attempts, 1);
});
