import { InMemoryUsernamePasswordDatabase, md5, Portal } from "@ropewalk/cred";
import { assertEquals, assertThrows } from "@std/assert";
import { type Answer, Client, Page } from "./_support_test.ts";
import { DigestCredentialFactory, DigestedCredentials } from "./digest_auth.ts";
import { HTTPAuthSessionWrapper } from "./http_auth.ts";
import { Resource } from "./resource.ts";
import { Site } from "./site.ts";

const hash = (text: string): string =>
  Array.from(md5(new TextEncoder().encode(text)), (byte) => byte.toString(16).padStart(2, "0")).join("");

function guarded() {
  const users = new InMemoryUsernamePasswordDatabase({ ada: "s:é" });
  const realm = {
    requestAvatar: (id: string | symbol) => {
      const avatar = new Resource();
      avatar.putChild("page", new Page(() => `hello ${String(id)}`));
      return { avatar };
    },
  };
  const factory = new DigestCredentialFactory("MD5", "a site");
  const site = new Site(
    new HTTPAuthSessionWrapper(new Portal<Resource>(realm, [users]), [factory]),
    { accessLog: "none" },
  );
  const client = new Client(site);
  const ask = async (authorization?: string, method = "GET", path = "/page"): Promise<Answer> => {
    client.transport.clear();
    const header = authorization === undefined ? "" : `Authorization: ${authorization}\r\n`;
    client.send(`${method} ${path} HTTP/1.1\r\nHost: a\r\n${header}\r\n`);
    for (let i = 0; i < 20; i++) await Promise.resolve();
    await client.clock.settle();
    return client.answers([method])[0]!;
  };
  const challenge = async (): Promise<Map<string, string>> => {
    const text = (await ask()).headers.get("www-authenticate")!;
    return new Map([...text.matchAll(/(\w+)="([^"]*)"/g)].map((match) => [match[1]!, match[2]!]));
  };
  return { client, ask, challenge };
}

function respond(challenge: Map<string, string>, changes: Record<string, string | null> = {}): string {
  const { password = "s:é", method = "GET", ...others } = changes;
  const fields: Record<string, string | null> = {
    username: "ada",
    realm: challenge.get("realm")!,
    nonce: challenge.get("nonce")!,
    uri: "/page",
    qop: "auth",
    nc: "00000001",
    cnonce: "0a4f113b",
    opaque: challenge.get("opaque")!,
    ...others,
  };
  const first = hash(`${fields.username}:${fields.realm}:${password}`);
  const second = hash(`${method}:${fields.uri}`);
  const middle = fields.qop === null
    ? fields.nonce
    : `${fields.nonce}:${fields.nc}:${fields.cnonce}:${fields.qop}`;
  fields.response ??= hash(`${first}:${middle}:${second}`);
  return "Digest " + Object.entries(fields).filter(([, value]) => value !== null)
    .map(([name, value]) => name === "nc" ? `${name}=${value}` : `${name}="${value}"`).join(", ");
}

Deno.test("the example of RFC 2617 comes out as it is printed there", () => {
  const fields = new Map(Object.entries({
    nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
    uri: "/dir/index.html",
    qop: "auth",
    nc: "00000001",
    cnonce: "0a4f113b",
    response: "6629fae49393a05397450978507c4ef1",
  }));
  const credentials = new DigestedCredentials("Mufasa", "GET", "testrealm@host.com", fields);
  assertEquals(credentials.checkPassword("Circle Of Life"), true);
  assertEquals(credentials.checkPassword("Circle of Life"), false);
  assertEquals(credentials.checkHash("939E7578ED9E3C518A452ACEE763BCE9"), true);
});

Deno.test("who proves the password is let in, with and without a quality of protection", async () => {
  const { ask, challenge } = guarded();
  const its = await challenge();
  assertEquals([its.get("realm"), its.get("qop"), its.get("algorithm")], ["a site", "auth", "MD5"]);
  assertEquals((await ask(respond(its))).body, "hello ada");
  assertEquals((await ask(respond(its, { algorithm: "Md5" }))).body, "hello ada");
  assertEquals((await ask(respond(its, { qop: null, nc: null, cnonce: null }))).body, "hello ada");
});

Deno.test("whatever is not right is refused", async () => {
  const { ask, challenge } = guarded();
  const its = await challenge();
  const other = await challenge();
  const forged = btoa(`${its.get("nonce")},10.0.0.1,0`);
  const wrong: Record<string, string | null>[] = [
    { password: "no" },
    { username: "bob" },
    { username: null },
    { nonce: null },
    { opaque: null },
    { opaque: "!" },
    { opaque: other.get("opaque")! },
    { opaque: `${its.get("opaque")!.split("-")[0]}-${forged}` },
    { algorithm: "sha-256" },
    { qop: "auth-int" },
    { uri: "/other" },
    { realm: "another" },
    { method: "POST" },
  ];
  for (const changes of wrong) {
    assertEquals((await ask(respond(its, changes))).status, 401, JSON.stringify(changes));
  }
  for (const text of ["Digest", "Digest =", 'Digest username="ada', `${respond(its)}, username="ada"`]) {
    assertEquals((await ask(text)).status, 401, text);
  }
});

Deno.test("a challenge can be answered for 900 seconds", async () => {
  const { client, ask, challenge } = guarded();
  const its = await challenge();
  for (let i = 0; i < 90; i++) { // by steps: the connection is used meanwhile
    client.clock.advance(10);
    if (i % 3 === 0) await ask();
  }
  assertEquals((await ask(respond(its))).status, 200);
  client.clock.advance(1);
  assertEquals((await ask(respond(its))).status, 401);
});

Deno.test("other algorithms are not offered", () => {
  assertThrows(() => new DigestCredentialFactory("sha-256", "a"), RangeError, "Cannot digest with sha-256");
});
