import { assertEquals } from "@std/assert";
import { pageClient } from "./_support_test.ts";
import type { Request } from "./request.ts";

/** Looks at one request. */
function look<T>(head: string, f: (request: Request) => T, body = ""): T {
  let seen!: T;
  pageClient((request) => {
    seen = f(request);
    return "";
  }).ask(head, body);
  return seen;
}

Deno.test("the arguments are those of the query and of a form", () => {
  assertEquals(look("GET /?a=1&b=&a=2&c", (r) => [...r.args]), [["a", "1"], ["b", ""], ["a", "2"], [
    "c",
    "",
  ]]);
  const form = "POST /?a=1\nContent-Type: application/x-www-form-urlencoded; charset=utf-8";
  assertEquals(look(form, (r) => [...r.args], "b=%C3%A9+x&a=2"), [["a", "1"], ["b", "é x"], ["a", "2"]]);
  assertEquals(look("POST /\nContent-Type: text/plain", (r) => [...r.args], "b=1"), []);
});

Deno.test("only the first question mark begins the query", () => {
  assertEquals(look("GET /a?b=c?d", (r) => [r.path, r.query]), ["/a", "b=c?d"]);
});

Deno.test("a path is decoded segment by segment, and what is malformed stays", () => {
  assertEquals(look("GET /a%20b/%2F/%zz/%ff/", (r) => r.postpath), ["a b", "/", "%zz", "\ufffd", ""]);
});

Deno.test("the last of several headers counts for getHeader, all of them for requestHeaders", () => {
  assertEquals(look("GET /\nX-Y: 1\nx-y: 2", (r) => r.getHeader("X-y")), "2");
  assertEquals(look("GET /\nX-Y: 1\nx-y: 2", (r) => r.requestHeaders.getRawHeaders("x-y")), ["1", "2"]);
  assertEquals(look("GET /\nX-Y: 1\nx-y: 2", (r) => r.requestHeaders.get("x-y")), "1, 2");
  assertEquals(look("GET /", (r) => r.getHeader("nope")), undefined);
});

Deno.test("the body can be read as a file, and whole", () => {
  const parts = look("POST /", ({ content }) => {
    const head = new TextDecoder().decode(content.read(2));
    const rest = new TextDecoder().decode(content.read());
    content.seek(1);
    return [head, rest, content.tell(), content.text(), content.length];
  }, "hello");
  assertEquals(parts, ["he", "llo", 1, "hello", 5]);
  assertEquals(look("POST /", (r) => r.content.json(), '{"a":1}'), { a: 1 });
});

Deno.test("user and password come from basic authorization, padded or not", () => {
  const pair = (header: string) =>
    look(`GET /\nAuthorization: ${header}`, (r) => [r.getUser(), r.getPassword()]);
  assertEquals(pair("Basic dXNlcjpwYTpzcw=="), ["user", "pa:ss"]);
  assertEquals(pair("basic dXNlcjpwYTpzcw"), ["user", "pa:ss"]);
  assertEquals(pair("Basic !!!"), ["", ""]);
  assertEquals(pair("Bearer abc"), ["", ""]);
});

Deno.test("the site can be told what it is called outside", () => {
  const urls = look("GET /a/b%20c?d", (request) => {
    request.prepath = ["a", "b c"];
    const before = request.prePathURL();
    request.setHost("www.example", 443, true);
    return [before, request.prePathURL(), request.getRequestHostname(), request.isSecure()];
  });
  assertEquals(urls, ["http://a.example/a/b%20c", "https://www.example/a/b%20c", "www.example", true]);
});

Deno.test("trailers are there once the body is", () => {
  let trailer: string | null = "";
  pageClient((request) => {
    trailer = request.trailers.get("x-sum");
    return "";
  }).send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 7\r\n\r\n");
  assertEquals(trailer, "7");
});
