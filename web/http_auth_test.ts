import { assertEquals } from "@std/assert";
import { InMemoryUsernamePasswordDatabase, Portal } from "@ropewalk/cred";
import { type Answer, Page, siteClient } from "./_support_test.ts";
import { BasicCredentialFactory, HTTPAuthSessionWrapper } from "./http_auth.ts";
import { Resource } from "./resource.ts";

function guarded(): { ask: (path: string, authorization?: string) => Promise<Answer>; log: string[] } {
  const users = new InMemoryUsernamePasswordDatabase();
  users.addUser("ada", "s:é");
  const log: string[] = [];
  const realm = {
    requestAvatar: (id: string | symbol) => {
      const avatar = new Resource();
      avatar.putChild("page", new Page(() => `hello ${String(id)}`));
      return { avatar, logout: () => log.push("logout") };
    },
  };
  const client = siteClient(
    new HTTPAuthSessionWrapper(new Portal<Resource>(realm, [users]), [
      new BasicCredentialFactory('a "site"'),
    ]),
  );
  const ask = async (path: string, authorization?: string): Promise<Answer> => {
    client.transport.clear();
    const header = authorization === undefined ? "" : `Authorization: ${authorization}\r\n`;
    client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n${header}\r\n`);
    await client.clock.settle();
    return client.answers()[0]!;
  };
  return { ask, log };
}

const ADA = "YWRhOnM6w6k="; // ada:s:é

Deno.test("who logs in sees the tree of the avatar, and is logged out with the answer", async () => {
  const { ask, log } = guarded();
  assertEquals((await ask("/page", `Basic ${ADA}`)).body, "hello ada");
  assertEquals((await ask("/page", `bAsIc ${ADA.replace("=", "")}`)).body, "hello ada");
  assertEquals((await ask("/nope", `Basic ${ADA}`)).status, 404);
  assertEquals(log, ["logout", "logout", "logout"]);
});

Deno.test("others are told how to log in, the realm in quotes that it cannot leave", async () => {
  const { ask, log } = guarded();
  for (
    const header of [undefined, "Basic", "Basic !!", "Basic YWRh", "Basic YWRhOng=", "Digest x", "Bearer y"]
  ) {
    const { status, headers } = await ask("/page", header);
    assertEquals(status, 401, header);
    assertEquals(headers.get("www-authenticate"), 'basic realm="a \\"site\\"", charset="UTF-8"');
  }
  assertEquals(log, []);
});
