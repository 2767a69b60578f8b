import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Client, Page } from "./_support_test.ts";
import type { Session } from "./session.ts";
import { Site } from "./site.ts";

class Cart {
  items = 0;
  constructor(readonly session: Session) {}
}

function shop(): Site {
  return new Site(new Page((request) => `${++request.getSession().getComponent(Cart).items}`), {
    sessionSeconds: 900,
  });
}

function cookieOf(answer: { headers: Map<string, string> }): string {
  return answer.headers.get("set-cookie")!.split(";")[0]!;
}

Deno.test("a session is known again by its cookie", () => {
  const client = new Client(shop());
  const first = client.ask("GET /");
  assertMatch(
    first.headers.get("set-cookie")!,
    /^ROPEWALK_SESSION=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Lax$/,
  );
  const second = client.ask(`GET /\nCookie: ${cookieOf(first)}`);
  assertEquals([second.body, second.headers.has("set-cookie")], ["2", false]);
  assertEquals(client.ask("GET /\nCookie: ROPEWALK_SESSION=guess").body, "1");
});

Deno.test("a session ends some time after it was last touched, and tells those who asked", () => {
  const site = shop();
  const client = new Client(site);
  const cookie = cookieOf(client.ask("GET /"));
  let ended = 0;
  const session = site.sessions.values().next().value!;
  session.notifyOnExpire(() => void ended++);
  client.clock.advance(899);
  const other = new Client(site, client.clock);
  assertEquals(other.ask(`GET /\nCookie: ${cookie}`).body, "2");
  client.clock.advance(899);
  assertEquals(ended, 0);
  client.clock.advance(1);
  assertEquals([ended, site.sessions.size], [1, 0]);
  assertThrows(() => site.getSession(session.uid), RangeError);
  assertEquals(new Client(site, client.clock).ask(`GET /\nCookie: ${cookie}`).body, "1");
});

Deno.test("over TLS there is another session, with a secure cookie", () => {
  const client = new Client(shop(), undefined, true);
  assertMatch(client.ask("GET /").headers.get("set-cookie")!, /^ROPEWALK_SECURE_SESSION=.*; Secure/);
});

Deno.test("a session that was made in plain text is none over TLS, and the other way round", () => {
  const site = shop();
  const [plain, secure] = [new Client(site), new Client(site, undefined, true)];
  const uid = (cookie: string) => cookie.split("=")[1];
  const known = uid(cookieOf(plain.ask("GET /")));
  const forged = secure.ask(`GET /\nCookie: ROPEWALK_SECURE_SESSION=${known}`);
  assertEquals([forged.body, uid(cookieOf(forged)) === known], ["1", false]);
  const leaked = plain.ask(`GET /\nCookie: ROPEWALK_SESSION=${uid(cookieOf(forged))}`);
  assertEquals(leaked.body, "1");
});

Deno.test("the sessions end with the site, so that no timer is left", () => {
  const site = shop();
  const client = new Client(site);
  site.doStart();
  client.ask("GET /");
  client.transport.loseConnection();
  assertEquals(client.clock.getDelayedCalls().length, 1);
  site.doStop();
  assertEquals(client.clock.getDelayedCalls(), []);
  assert(site.sessions.size === 0);
});
