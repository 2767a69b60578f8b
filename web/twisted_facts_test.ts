/**
 * What programs that come from Twisted rely on and no other test of this module says: one test a fact.
 */
import { assert, assertEquals, assertNotStrictEquals, assertStringIncludes } from "@std/assert";
import { type Failure, setErrorReporter } from "@ropewalk/deferred";
import { InMemoryUsernamePasswordDatabase, Portal } from "@ropewalk/cred";
import { FilePath } from "@ropewalk/reactor/filepath";
import { MemoryFileSystem } from "@ropewalk/testing";
import { Client, Page, pageClient, siteClient } from "./_support_test.ts";
import { File } from "./file.ts";
import { BasicCredentialFactory, type CredentialFactory, HTTPAuthSessionWrapper } from "./http_auth.ts";
import { CACHED, NOT_DONE_YET } from "./not_done_yet.ts";
import { Redirect } from "./redirect.ts";
import { Resource } from "./resource.ts";
import { Site } from "./site.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

async function reported(run: () => Promise<unknown> | unknown): Promise<unknown[]> {
  const errors: unknown[] = [];
  const previous = setErrorReporter((failure: Failure) => void errors.push(failure.value));
  try {
    await run();
  } finally {
    setErrorReporter(previous);
  }
  return errors;
}

Deno.test("limits on headers hold for each request, not for the connection", () => {
  const headers = "X: 1\r\n".repeat(4);
  const client = pageClient(() => "", { maxHeaders: 5, maxHeaderBytes: 34 });
  for (let i = 0; i < 3; i++) client.send(`GET / HTTP/1.1\r\nHost: a\r\n${headers}\r\n`);
  assertEquals(client.answers().map((answer) => answer.status), [200, 200, 200]);
});

Deno.test("OPTIONS * is answered by the server, without a body", () => {
  const client = pageClient(() => "a page");
  client.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  const [answer] = client.answers();
  assertEquals([answer!.status, answer!.headers.get("content-length"), answer!.body], [200, "0", ""]);
});

Deno.test("100 Continue is said before the resource is found: 405 may follow", () => {
  class OnlyGet extends Resource {
    override isLeaf = true;
    render_GET(): string {
      return "";
    }
  }
  const client = siteClient(new OnlyGet());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
  client.send("x");
  assertEquals(client.answers().map((answer) => answer.status), [100, 405]);
});

Deno.test("a path that ends in a slash has an empty segment last", () => {
  const leaf = new Page((request) => JSON.stringify([request.prepath, request.postpath]));
  const root = new Resource();
  root.putChild("r", leaf);
  assertEquals(siteClient(root).ask("GET /r/").body, '[["r"],[""]]');
});

Deno.test("a form is read for its arguments whatever stands in the query, keys repeat, blanks are kept", () => {
  const client = pageClient((request) =>
    JSON.stringify([request.args.getAll("a"), request.args.getAll("b")])
  );
  const answer = client.ask("POST /?a=1\nContent-Type: application/x-www-form-urlencoded", "a=2&b=&a=3");
  assertEquals(answer.body, '[["1","2","3"],[""]]');
});

Deno.test("each call of notifyFinish gives another Deferred", () => {
  let fired = 0;
  pageClient((request) => {
    const [one, two] = [request.notifyFinish(), request.notifyFinish()];
    assertNotStrictEquals(one, two);
    one.addCallback(() => void fired++);
    two.addCallback(() => void fired++);
    return "";
  }).send(GET);
  assertEquals(fired, 2);
});

Deno.test("304 has the type that the page set, and no other", () => {
  const cached = (type: string | null) => {
    const client = pageClient((request) => {
      if (type !== null) request.setHeader("content-type", type);
      return request.setETag("v1") === CACHED ? "" : "whole";
    });
    return client.ask('GET /\nIf-None-Match: "v1"').headers.get("content-type");
  };
  assertEquals([cached(null), cached("text/plain")], [undefined, "text/plain"]);
});

Deno.test("HEAD never has a body, also when the page writes it later", () => {
  const client = pageClient((request) => {
    request.reactor.callLater(1, () => {
      request.write("a body");
      request.finish();
    });
    return NOT_DONE_YET;
  });
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  client.clock.advance(1);
  assert(client.wire.endsWith("\r\n\r\n"));
  assert(!client.wire.includes("a body"));
});

Deno.test("the URL of a resource has its segments quoted again, and no default port", () => {
  const url = (host: string, secure = false) => {
    const client = new Client(new Site(new Page((request) => request.prePathURL())), undefined, secure);
    client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    return client.answers()[0]!.body;
  };
  assertEquals(url("a.example:80"), "http://a.example/");
  assertEquals(url("a.example:443"), "http://a.example:443/");
  assertEquals(url("a.example:443", true), "https://a.example/");
  class Deep extends Resource {
    override getChild(): Resource {
      return new Page((request) => request.prePathURL());
    }
  }
  assertEquals(siteClient(new Deep()).ask("GET /a%2Fb%3fc%25").body, "http://a.example/a%2Fb%3Fc%25");
});

Deno.test("a redirect has a page of HTML with the address, escaped", () => {
  const answer = siteClient(new Redirect('/a?b="<&c')).ask("GET /x");
  assertEquals([answer.status, answer.phrase], [302, "Found"]);
  assertEquals(answer.headers.get("content-type"), "text/html; charset=utf-8");
  assertStringIncludes(answer.body, 'href="/a?b=&quot;&lt;&amp;c"');
});

Deno.test("a file says what it is: archives have their encoding, 416 keeps the type and has no body", async () => {
  const files = new MemoryFileSystem({ "/www/t.tar.gz": "zip", "/www/a.txt": "0123456789" });
  const client = siteClient(new File(new FilePath("/www", files)));
  const ask = async (path: string, header = "") => {
    client.transport.clear();
    client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n${header}\r\n`);
    await client.clock.settle();
    return client.answers()[0]!;
  };
  const archive = await ask("/t.tar.gz");
  assertEquals(
    [archive.headers.get("content-type"), archive.headers.get("content-encoding")],
    ["application/x-tar", "gzip"],
  );
  const none = await ask("/a.txt", "Range: bytes=10-\r\n");
  assertEquals(
    [none.status, none.headers.get("content-type"), none.headers.get("content-length"), none.body],
    [416, "text/plain", "0", ""],
  );
});

Deno.test("a file that may not be read is 403, one that vanishes while it is looked for is 404", async () => {
  class Strict extends MemoryFileSystem {
    override open(path: string): never {
      throw Object.assign(new Error(`may not be opened: ${path}`), {
        code: path.endsWith("a") ? "EACCES" : "ENOENT",
      });
    }
  }
  const client = siteClient(
    new File(new FilePath("/www", new Strict({ "/www/a": "secret", "/www/b": "gone" }))),
  );
  client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.clock.settle();
  assertEquals(client.answers().map((answer) => answer.status), [403, 404]);
});

const realm = (log: string[]) => ({
  requestAvatar: () => ({ avatar: new Page(() => NOT_DONE_YET), logout: () => void log.push("logout") }),
});

Deno.test("who logs in is logged out when the client hangs up before the answer", async () => {
  const log: string[] = [];
  const users = new InMemoryUsernamePasswordDatabase({ ada: "x" });
  const client = siteClient(
    new HTTPAuthSessionWrapper(new Portal<Resource>(realm(log), [users]), [new BasicCredentialFactory("r")]),
  );
  client.send(`GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic ${btoa("ada:x")}\r\n\r\n`);
  await client.clock.settle();
  assertEquals(log, []);
  client.transport.abortConnection();
  assertEquals(log, ["logout"]);
});

Deno.test("a scheme that fails in a way nobody foresaw is 500, and reported", async () => {
  const broken: CredentialFactory = {
    scheme: "broken",
    getChallenge: () => ({}),
    decode: () => {
      throw new RangeError("a bug");
    },
  };
  const client = siteClient(new HTTPAuthSessionWrapper(new Portal<Resource>(realm([]), []), [broken]));
  const errors = await reported(async () => {
    client.send("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Broken x\r\n\r\n");
    await client.clock.settle();
  });
  assertEquals([client.answers()[0]!.status, errors.map(String)], [500, ["RangeError: a bug"]]);
});
