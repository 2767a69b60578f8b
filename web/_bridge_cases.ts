/**
 * What a site is asked in every way that there is, and what it has to answer. The pages are those of `bridge_table_test.ts`.
 * @module
 */

/** What is asked, and what has to come back. */
export interface Row {
  readonly what: string;
  readonly path: string;
  readonly init?: RequestInit;
  readonly status?: number;
  readonly body?: string | RegExp;
  /** Headers that the answer has, by their names in lower case; `null` for those that it must not have. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** How many errors are reported meanwhile. */
  readonly errors?: number;
}

const form = (fields: string, type = "application/x-www-form-urlencoded"): RequestInit => ({
  method: "POST",
  headers: { "content-type": type },
  body: fields,
});

const MULTIPART = [
  '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\none',
  '--b\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\nContent-Type: text/x\r\n\r\nthe file',
  "--b--\r\n",
].join("\r\n");

/** The table. */
export const BRIDGE_CASES: readonly Row[] = [
  { what: "a page", path: "/hello", body: "hello", headers: { "content-length": "5", server: "Ropewalk" } },
  { what: "the default type", path: "/hello", headers: { "content-type": "text/html; charset=utf-8" } },
  { what: "the index", path: "/", body: "the index", headers: { "content-type": "text/plain" } },
  { what: "text beyond ASCII", path: "/text", body: "Jürgen ☃", headers: { "content-length": "11" } },
  {
    what: "bytes",
    path: "/bytes",
    body: "\0\xff".replace("\xff", "\ufffd"),
    headers: { "content-length": "2" },
  },
  { what: "nothing there", path: "/nowhere", status: 404, body: /There is nothing/ },
  { what: "segments, decoded", path: "/seen/a%20b/%2F/", body: '["seen"] ["a b","/",""]' },
  { what: "the query", path: "/args?a=1&a=2&b=&c=%C3%BC", body: "a=1&a=2&b=&c=%C3%BC" },
  { what: "a form", path: "/args?a=1", init: form("b=2+3&c"), body: "a=1&b=2+3&c=" },
  {
    what: "a form with a file",
    path: "/upload",
    init: form(MULTIPART, "multipart/form-data; boundary=b"),
    body: "a=one f n.txt text/x the file",
  },
  {
    what: "a broken form",
    path: "/upload",
    init: form("--b\r\nContent-Disposition: nonsense\r\n\r\n", "multipart/form-data; boundary=b"),
    status: 400,
    body: /malformed/,
  },
  {
    what: "a body",
    path: "/echo",
    init: { method: "PUT", body: "x".repeat(90_000) },
    body: "x".repeat(90_000),
  },
  {
    what: "too large a body",
    path: "/echo",
    init: { method: "PUT", body: "x".repeat(100_001) },
    status: 413,
  },
  {
    what: "a body in pieces",
    path: "/counted",
    init: { method: "POST", body: "x".repeat(70_000) },
    body: "70000",
  },
  { what: "a body that nobody wants", path: "/hello", init: { method: "POST", body: "x" }, body: "hello" },
  { what: "a header", path: "/header", init: { headers: { "x-in": "é" } }, body: "é" },
  {
    what: "headers of the answer",
    path: "/headers",
    headers: { "x-one": "1", "x-two": "2, 3", "x-ö": null },
  },
  { what: "a header that would break out", path: "/injected", headers: { "x-a": "1 X-B: 2", "x-b": null } },
  { what: "cookies", path: "/cookies", init: { headers: { cookie: "a=1; b=2" } }, body: "1 2" },
  {
    what: "cookies of the answer",
    path: "/cookies",
    headers: { "set-cookie": "c=3; Path=/, d=4; HttpOnly" },
  },
  { what: "HEAD", path: "/hello", init: { method: "HEAD" }, body: "", headers: { "content-length": "5" } },
  { what: "HEAD of a stream", path: "/pieces", init: { method: "HEAD" }, body: "" },
  {
    what: "a method that is not answered",
    path: "/only",
    init: { method: "DELETE" },
    status: 405,
    headers: { allow: "GET, HEAD" },
  },
  { what: "a method that nobody knows", path: "/only", init: { method: "BREW" }, status: 501 },
  { what: "a redirect", path: "/elsewhere", status: 302, headers: { location: "/there?a=b" } },
  {
    what: "204",
    path: "/code?204",
    status: 204,
    body: "",
    headers: { "content-length": null, "content-type": null },
  },
  { what: "a status and its page", path: "/code?418", status: 418, body: "code 418" },
  { what: "a tag", path: "/tagged", body: "version 1", headers: { etag: '"v1"' } },
  {
    what: "a tag that the client has",
    path: "/tagged",
    init: { headers: { "if-none-match": '"v1"' } },
    status: 304,
    body: "",
    headers: { etag: '"v1"' },
  },
  {
    what: "a tag that the client must not have",
    path: "/tagged",
    init: { method: "PUT", headers: { "if-match": '"v0"' }, body: "x" },
    status: 412,
    body: "",
  },
  { what: "a Deferred", path: "/deferred", body: "later" },
  { what: "a promise", path: "/promise", body: "promised" },
  { what: "an iterable", path: "/iterable", body: "one two" },
  { what: "a template", path: "/template", body: "<p>&lt;b&gt; <i>later</i></p>" },
  { what: "a stream of the platform", path: "/stream", body: "streamed" },
  {
    what: "a response of the platform",
    path: "/response",
    status: 201,
    body: "made",
    headers: { "x-y": "1" },
  },
  { what: "pieces", path: "/pieces", body: "1\n2\n3\n" },
  { what: "a producer", path: "/pulled", body: "x".repeat(50) },
  { what: "a page that fails", path: "/throws", status: 500, body: /could not make/, errors: 1 },
  { what: "a Deferred that fails", path: "/fails", status: 500, body: /could not make/, errors: 1 },
  { what: "a page that returns nothing", path: "/undefined", status: 500, errors: 1 },
  {
    what: "a file",
    path: "/files/a.txt",
    body: "0123456789",
    headers: { "content-type": "text/plain", "content-length": "10", "accept-ranges": "bytes" },
  },
  {
    what: "a range of a file",
    path: "/files/a.txt",
    init: { headers: { range: "bytes=2-4" } },
    status: 206,
    body: "234",
    headers: { "content-range": "bytes 2-4/10", "content-length": "3" },
  },
  {
    what: "no range of a file",
    path: "/files/a.txt",
    init: { headers: { range: "bytes=10-" } },
    status: 416,
    body: "",
    headers: { "content-range": "bytes */10" },
  },
  {
    what: "HEAD of a file",
    path: "/files/a.txt",
    init: { method: "HEAD" },
    body: "",
    headers: { "content-length": "10" },
  },
  {
    what: "a directory without its slash",
    path: "/files?q",
    status: 302,
    headers: { location: "/files/?q" },
  },
  { what: "a listing", path: "/files/", body: /a\.txt<\/a>/ },
  { what: "what is outside", path: "/files/..%2Fsecret", status: 404 },
  { what: "what the site is called", path: "/where", body: "http://a.example/where a.example false" },
];
