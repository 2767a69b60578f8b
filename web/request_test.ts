import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Deferred, setErrorReporter } from "@ropewalk/deferred";
import { ConnectionDone } from "@ropewalk/reactor/core";
import { Client, GET, Page, pageClient } from "./_support_test.ts";
import { CACHED, NOT_DONE_YET } from "./not_done_yet.ts";
import type { Request } from "./request.ts";
import { Site } from "./site.ts";

/** The errors that are reported while `f` runs. */
function reported(f: () => void): unknown[] {
  const errors: unknown[] = [];
  const previous = setErrorReporter((failure) => void errors.push(failure.value));
  try {
    f();
  } finally {
    setErrorReporter(previous);
  }
  return errors;
}

Deno.test("cookies go both ways, and cannot break out of their header", () => {
  const client = pageClient((request) => {
    request.addCookie("a", "1; Domain=evil\r\nX: y", {
      path: "/",
      httpOnly: true,
      sameSite: "lax",
      maxAgeSeconds: 5,
    });
    return `${request.getCookie("b")},${request.getCookie("c")},${request.getCookie("nope")}`;
  });
  const answer = client.ask('GET /\nCookie: b=2; c="3"; b=4');
  assertEquals(answer.body, "2,3,undefined");
  assertEquals(
    answer.headers.get("set-cookie"),
    "a=1  Domain=evil X: y; Path=/; Max-Age=5; HttpOnly; SameSite=Lax",
  );
  assertEquals(answer.headers.has("x"), false);
});

Deno.test("a header cannot be broken out of", () => {
  const client = pageClient((request) => {
    request.setHeader("x", "1\r\nSet-Cookie: evil=1");
    request.responseHeaders.append("y", "a\0b\nc");
    request.setResponseCode(200, "Fine\r\nZ: 1");
    assertThrows(() => request.setHeader("a\r\nb", "1"), TypeError);
    assertThrows(() => request.setHeader("a b", "1"), TypeError);
    assertThrows(() => request.setHeader("", "1"), TypeError);
    return "";
  });
  const answer = client.ask("GET /");
  assertEquals(answer.phrase, "Fine Z: 1");
  assertEquals(answer.headers.get("x"), "1 Set-Cookie: evil=1");
  assertEquals(answer.headers.get("y"), "a b c");
  assertEquals(answer.headers.has("set-cookie"), false);
});

Deno.test("the head of an answer stands in Twisted's order, with a default type", () => {
  const client = new Client(
    new Site(
      new Page((request) => {
        request.setHeader("x-thing", 1);
        return "hello";
      }),
      { now: () => 0 },
    ),
  );
  client.send(GET);
  assertEquals(
    client.wire,
    "HTTP/1.1 200 OK\r\nServer: Ropewalk\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n" +
      "Content-Type: text/html; charset=utf-8\r\nContent-Length: 5\r\nX-Thing: 1\r\n\r\nhello",
  );
});

Deno.test("an answer without a body has no type, and 204 and 304 no length", () => {
  const code = (status: number) => {
    const client = pageClient((request) => {
      request.setResponseCode(status);
      return "";
    });
    const { headers } = client.ask("GET /");
    return [headers.get("content-type"), headers.get("content-length")];
  };
  assertEquals(code(200), [undefined, "0"]);
  assertEquals(code(204), [undefined, undefined]);
  assertEquals(code(304), [undefined, undefined]);
});

Deno.test("text is sent as UTF-8 and counted in bytes, short or long", () => {
  for (const text of ["é", "é".repeat(10_000), "a".repeat(10_000)]) {
    const answer = pageClient(() => text).ask("GET /");
    assertEquals(Number(answer.headers.get("content-length")), new TextEncoder().encode(text).length);
    assertEquals(answer.body.length, new TextEncoder().encode(text).length);
  }
});

Deno.test("a body of unknown length is chunked in 1.1 and ends with the connection in 1.0", () => {
  const page = (request: Request): typeof NOT_DONE_YET => {
    request.write("one");
    request.write("");
    request.write(new Uint8Array([0x32]));
    request.finish();
    return NOT_DONE_YET;
  };
  const modern = pageClient(page).send(GET);
  assert(modern.wire.endsWith("\r\n\r\n3\r\none\r\n1\r\n2\r\n0\r\n\r\n"));
  assert(!modern.closed);
  const old = pageClient(page).send("GET / HTTP/1.0\r\n\r\n");
  assert(old.wire.endsWith("\r\n\r\none2"));
  assert(!old.wire.includes("Transfer-Encoding"));
  assert(old.closed);
});

Deno.test("HEAD is answered by the GET page: its headers and length, never its body", () => {
  const whole = pageClient(() => "hello").ask("HEAD /");
  assertEquals([whole.headers.get("content-length"), whole.body], ["5", ""]);
  const client = pageClient((request) => {
    request.write("hello");
    request.finish();
    return NOT_DONE_YET;
  });
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert(client.wire.endsWith("\r\n\r\n"));
  assert(!client.wire.includes("hello"));
  client.transport.clear();
  client.send(GET);
  assertEquals(client.answers()[0]!.body, "hello");
});

Deno.test("a body longer or shorter than its announced length costs the connection, and is reported", () => {
  for (const text of ["too long", "s"]) {
    const client = pageClient((request) => {
      request.setHeader("content-length", 5);
      request.write(text);
      if (text.length < 5) request.finish();
      return NOT_DONE_YET;
    });
    assertEquals(reported(() => client.send(GET)).length, 1);
    assert(client.transport.aborting);
  }
});

Deno.test("a page that throws is reported once, answered 500, and closes; others are not harmed", () => {
  const site = new Site(
    new Page((request) => {
      if (request.path === "/bad") throw new RangeError("a secret");
      return "fine";
    }),
  );
  const client = new Client(site);
  const other = new Client(site);
  const errors = reported(() => client.send(GET.replace("/", "/bad") + GET));
  assertEquals(errors.map(String), ["RangeError: a secret"]);
  const answers = client.answers();
  assertEquals(answers.map((answer) => answer.status), [500]);
  assert(!answers[0]!.body.includes("secret"));
  assert(client.closed);
  assertEquals(other.ask("GET /").body, "fine");
});

Deno.test("the error shows on the page only where the site says so, escaped", () => {
  const client = pageClient(() => {
    throw new Error("<b>why</b>");
  }, { displayTracebacks: true });
  reported(() => client.send(GET));
  assertStringIncludes(client.wire, "&lt;b&gt;why");
});

Deno.test("a page that throws after its head is out loses the connection: the client sees that it is not whole", () => {
  const client = pageClient((request) => {
    request.write("half");
    throw new Error("boom");
  });
  assertEquals(reported(() => client.send(GET)).length, 1);
  assert(client.transport.aborting);
  assert(!client.wire.includes("0\r\n\r\n"));
});

Deno.test("a page that returns nothing is an error that says so", () => {
  const client = pageClient(() => undefined as unknown as string);
  const errors = reported(() => client.send(GET));
  assertStringIncludes(String(errors[0]), "returned undefined");
  assertEquals(client.answers()[0]!.status, 500);
});

Deno.test("a Deferred answers when it fires, and a failed one is a 500", () => {
  const d = new Deferred<string>();
  const client = pageClient(() => d).send(GET);
  assertEquals(client.wire, "");
  d.callback("there");
  assertEquals(client.answers()[0]!.body, "there");

  const bad = new Deferred<string>();
  const other = pageClient(() => bad).send(GET);
  const errors = reported(() => bad.errback(new Error("no")));
  assertEquals(errors.length, 1);
  assertEquals(other.answers()[0]!.status, 500);
});

Deno.test("a Deferred whose client went away is cancelled, and nothing is reported", () => {
  let cancelled = 0;
  const d = new Deferred<string>(() => void cancelled++);
  const client = pageClient(() => d).send(GET);
  assertEquals(reported(() => client.transport.loseConnection()), []);
  assertEquals(cancelled, 1);
});

Deno.test("promises, async iterables, streams and platform responses are answers too", async () => {
  const settled = async (answer: () => unknown) => {
    const client = pageClient(() => answer() as string).send(GET);
    await client.clock.settle();
    return client.answers()[0]!;
  };
  assertEquals((await settled(() => Promise.resolve("later"))).body, "later");
  assertEquals(
    (await settled(async function* () {
      yield "a";
      yield new Uint8Array([0x62]);
    })).body,
    "ab",
  );
  const response = await settled(() =>
    new Response("body", { status: 201, headers: { "X-Y": "1", "set-cookie": "a=b" } })
  );
  assertEquals([response.status, response.body, response.headers.get("x-y")], [201, "body", "1"]);
  assertEquals((await settled(() => new Response("s").body)).body, "s");
  assertEquals((await settled(() => new Response(null, { status: 204 }))).status, 204);
});

Deno.test("notifyFinish fires when the answer is out, and fails when the client went away", () => {
  const log: string[] = [];
  const client = pageClient((request) => {
    request.notifyFinish().addCallbacks(
      () => void log.push("finished"),
      (failure) => void log.push(failure.check(ConnectionDone) ? "gone" : "?"),
    );
    return request.path === "/wait" ? NOT_DONE_YET : "";
  });
  client.send(GET);
  client.send(GET.replace("/", "/wait"));
  assertEquals(log, ["finished"]);
  client.transport.loseConnection();
  assertEquals(log, ["finished", "gone"]);
});

Deno.test("after the client is gone writing is silent, and finishing is an error", () => {
  let request!: Request;
  const client = pageClient((r) => {
    request = r;
    return NOT_DONE_YET;
  }).send(GET);
  client.transport.loseConnection();
  request.write("nobody hears");
  assert(request.disconnected);
  assertThrows(() => request.finish(), TypeError, "the connection was lost");
});

Deno.test("writing or finishing after the end is an error", () => {
  pageClient((request) => {
    request.finish();
    assertThrows(() => request.write("x"), TypeError, "finished");
    assertThrows(() => request.finish(), TypeError, "finished");
    return NOT_DONE_YET;
  }).send(GET);
});

Deno.test("a redirect is 302 unless another was asked for", () => {
  const code = (before: number) => {
    const { status, headers } = pageClient((request) => {
      request.setResponseCode(before);
      request.redirect("/there\r\nX: 1");
      return "";
    }).ask("GET /");
    return [status, headers.get("location")];
  };
  assertEquals(code(200), [302, "/there X: 1"]);
  assertEquals(code(308), [308, "/there X: 1"]);
});

Deno.test("a response code has to be a number of three digits", () => {
  pageClient((request) => {
    for (const code of [99, 1000, 200.5, NaN, "200" as unknown as number]) {
      assertThrows(() => request.setResponseCode(code), TypeError);
    }
    return "";
  }).ask("GET /");
});

Deno.test("an ETag that the client has is 304 for GET and 412 for others, without a body", () => {
  const client = pageClient((request) => request.setETag("v1") === CACHED ? "" : "whole");
  const ask = (head: string) => {
    const { status, body } = client.ask(head);
    return [status, body];
  };
  assertEquals(ask("GET /"), [200, "whole"]);
  assertEquals(ask('GET /\nIf-None-Match: "v0", W/"v1"'), [304, ""]);
  assertEquals(ask("GET /\nIf-None-Match: *"), [304, ""]);
  assertEquals(ask('PUT /\nIf-None-Match: "v1"'), [412, ""]);
  assertEquals(ask('GET /\nIf-None-Match: "v10"'), [200, "whole"]);
  assertEquals(ask('PUT /\nIf-Match: "v1"'), [200, "whole"]);
  assertEquals(ask('PUT /\nIf-Match: "v2"'), [412, ""]);
});

Deno.test("the latest time of change counts, and unreadable conditions are ignored", () => {
  const client = pageClient((request) => {
    request.setLastModified(1000);
    const cached = request.setLastModified(500);
    return cached === CACHED ? "" : "whole";
  });
  const ask = (since: string) => client.ask(`GET /\nIf-Modified-Since: ${since}`).status;
  assertEquals(client.ask("GET /").headers.get("last-modified"), "Thu, 01 Jan 1970 00:16:40 GMT");
  assertEquals(ask("Thu, 01 Jan 1970 00:16:40 GMT"), 304);
  assertEquals(ask("Thursday, 01-Jan-70 00:16:40 GMT"), 304);
  assertEquals(ask("Thu Jan  1 00:16:40 1970"), 304);
  assertEquals(ask("Thu, 01 Jan 1970 00:16:39 GMT"), 200);
  assertEquals(ask("yesterday"), 200);
  assertEquals(
    client.ask('GET /\nIf-None-Match: "x"\nIf-Modified-Since: Thu, 01 Jan 1970 00:16:40 GMT').status,
    200,
  );
});

Deno.test("a producer is paused with the transport, resumed with it, and stopped when the client goes", () => {
  const log: string[] = [];
  const producer = {
    pauseProducing: () => void log.push("pause"),
    resumeProducing: () => void log.push("resume"),
    stopProducing: () => void log.push("stop"),
  };
  let request!: Request;
  const client = pageClient((r) => {
    request = r;
    r.registerProducer(producer, true);
    assertThrows(() => r.registerProducer(producer, true), TypeError, "another one");
    assertThrows(() => r.finish(), TypeError, "producer");
    return NOT_DONE_YET;
  }).send(GET);
  client.channel.pauseProducing();
  client.channel.resumeProducing();
  assertEquals(log, ["pause", "resume"]);
  client.transport.abortConnection();
  assertEquals(log, ["pause", "resume", "stop"]);
  request.unregisterProducer();
});

Deno.test("a pull producer is asked until it has nothing more", () => {
  let left = 40;
  const client = pageClient((request) => {
    request.registerProducer({
      resumeProducing: () => {
        request.write("x");
        if (--left > 0) return;
        request.unregisterProducer();
        request.finish();
      },
      stopProducing: () => {},
    }, false);
    return NOT_DONE_YET;
  }).send(GET);
  client.clock.advance(0);
  assertEquals(client.answers()[0]!.body, "x".repeat(40));
});
