import { successResultOf } from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import { RedirectAgent } from "./client.ts";
import { CookieAgent, CookieJar } from "./cookies.ts";
import { Bench, sent } from "./_client/_support_test.ts";

const cookieIn = (head: string) => /^Cookie: (.*)\r$/m.exec(head)?.[1] ?? null;

/** Answers the next request with some cookies. */
function visit(bench: Bench, agent: CookieAgent, url: string, ...cookies: string[]): string | null {
  const d = agent.request("GET", url);
  const connection = bench.accept();
  const cookie = cookieIn(sent(connection));
  const lines = cookies.map((one) => `Set-Cookie: ${one}\r\n`).join("");
  connection.receive(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n${lines}\r\n`);
  successResultOf(d);
  return cookie;
}

Deno.test("Cookies of a response go out with the next request to the same place", () => {
  const bench = new Bench();
  const agent = new CookieAgent(bench.agent);
  assertEquals(
    visit(bench, agent, "http://a.example/", "id=1; Path=/", "b=2; Path=/sub", "s=3; Secure"),
    null,
  );
  assertEquals(visit(bench, agent, "http://a.example/"), "id=1");
  assertEquals(visit(bench, agent, "http://a.example/sub/x"), "b=2; id=1");
  assertEquals(visit(bench, agent, "http://b.example/"), null);
});

Deno.test("A cookie is dropped when its server says so", () => {
  const bench = new Bench();
  const agent = new CookieAgent(bench.agent);
  visit(bench, agent, "http://a.example/", "id=1");
  visit(bench, agent, "http://a.example/", "id=; Max-Age=0");
  assertEquals(visit(bench, agent, "http://a.example/"), null);
});

Deno.test("Cookies for other domains, for public suffixes, and malformed ones are not kept", () => {
  const bench = new Bench();
  const agent = new CookieAgent(bench.agent);
  visit(
    bench,
    agent,
    "http://a.example.com/",
    "a=1; Domain=b.example.com",
    "b=1; Domain=com",
    "=;=",
    "c=1; Domain=example.com",
  );
  assertEquals(visit(bench, agent, "http://a.example.com/"), "c=1");
  assertEquals(visit(bench, agent, "http://b.example.com/"), "c=1");
});

Deno.test("A Cookie that is given goes out alone", () => {
  const bench = new Bench();
  const agent = new CookieAgent(bench.agent);
  visit(bench, agent, "http://a.example/", "id=1");
  agent.request("GET", "http://a.example/", { Cookie: "own=2" });
  assertEquals(cookieIn(sent(bench.accept())), "own=2");
});

Deno.test("A jar can be shared, and filled beforehand", () => {
  const bench = new Bench();
  const jar = new CookieJar();
  jar.setCookieSync("id=7", "http://a.example/");
  assertEquals(visit(bench, new CookieAgent(bench.agent, jar), "http://a.example/"), "id=7");
  const other = new CookieAgent(bench.agent, jar);
  assert(other.jar === jar);
});

Deno.test("With redirects outside each step has its own cookies", () => {
  const bench = new Bench();
  const agent = new RedirectAgent(new CookieAgent(bench.agent));
  const d = agent.request("GET", "http://a.example/");
  bench.accept().receive(
    "HTTP/1.1 302 Found\r\nSet-Cookie: id=1\r\nLocation: http://b.example/\r\nContent-Length: 0\r\n\r\n",
  );
  const second = bench.accept();
  assertEquals(cookieIn(sent(second)), null, "what a.example set is not for b.example");
  second.receive(
    "HTTP/1.1 302 Found\r\nLocation: http://a.example/back\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
  );
  const third = bench.reactor.tcpClients.length === 3 ? bench.accept() : null;
  const text = third === null ? (bench.reactor.tcpClients[0]!.connection!.text()) : sent(third);
  assert(text.includes("Cookie: id=1\r\n"), text);
  assert(!String(d).includes("failed"));
});

Deno.test("Over a UNIX socket cookies are those of localhost", () => {
  const bench = new Bench();
  const agent = new CookieAgent(bench.agent);
  agent.jar.setCookieSync("id=1", "http://localhost/");
  agent.request("GET", "http+unix://%2Frun%2Fa.sock/x");
  assertEquals(cookieIn(bench.reactor.unixClients[0]!.succeed()!.text()), "id=1");
});
