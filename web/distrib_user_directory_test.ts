import { FilePath } from "@ropewalk/reactor/filepath";
import { MemoryFileSystem, MemoryReactor } from "@ropewalk/testing";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Answer, siteClient } from "./_support_test.ts";
import { UserDirectory, type UserDirectoryOptions } from "./distrib.ts";
import { Resource } from "./resource.ts";

const FILES = new MemoryFileSystem({
  "/home/ann/public_html/index.html": "ann's page",
  "/home/ann/public_html/out": { link: "/secret" },
  "/home/ann/public_html/mail": { link: "/home/ann/mail" },
  "/home/ann/mail": "her mail, which she shows",
  "/home/bob": null,
  "/home/eve": null,
  "/home/eve/public_html": { link: "/" },
  "/home/odd.twistd/public_html/index.html": "an odd name",
  "/secret": "secret",
});

function bench(options: UserDirectoryOptions = {}) {
  const homes = new FilePath("/home", FILES);
  const root = new Resource();
  root.putChild("users", new UserDirectory((name) => homes.child(name), options));
  const client = siteClient(root);
  const ask = async (path: string): Promise<Answer | undefined> => {
    client.transport.clear();
    client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await client.clock.settle();
    return client.answers()[0];
  };
  return { ask, client };
}

Deno.test("a user's pages are those of a directory in the home, and what its owner links to in there", async () => {
  const { ask } = bench();
  assertEquals((await ask("/users/ann/"))!.body, "ann's page");
  assertEquals((await ask("/users/ann/index.html"))!.body, "ann's page");
  assertEquals((await ask("/users/ann/mail"))!.body, "her mail, which she shows");
  assertEquals((await ask("/users/odd.twistd/"))!.body, "an odd name");
  const slash = (await ask("/users/ann"))!;
  assertEquals([slash.status, slash.headers.get("location")], [302, "/users/ann/"]);
});

Deno.test("nothing outside a home can be reached, whatever its owner links to", async () => {
  const { ask } = bench();
  for (
    const path of [
      "/users/ann/out",
      "/users/bob/",
      "/users/nobody/",
      "/users/eve/secret",
      "/users/eve/home/ann/mail",
      "/users/../secret",
      "/users/..%2Fsecret/",
      "/users/%2e%2e/",
      "/users/ann%2Fpublic_html/",
      "/users/%00/",
      "/users/ann.twistd/",
    ]
  ) assertEquals((await ask(path))!.status, 404, path);
});

Deno.test("the users that the program names are listed, others are not told of", async () => {
  assertEquals((await bench().ask("/users/"))!.body.includes("<li>"), false);
  const { body } = (await bench({ names: () => Promise.resolve(["ann", '<b>"']) }).ask("/users/"))!;
  assertStringIncludes(body, '<li><a href="./ann/">ann</a></li>');
  assertStringIncludes(body, '<li><a href="./%3Cb%3E%22/">&lt;b&gt;&quot;</a></li>');
  const slash = (await bench().ask("/users"))!;
  assertEquals([slash.status, slash.headers.get("location")], [302, "/users/"]);
});

Deno.test("a user's own process is asked by the socket in the home, by one connection", async () => {
  const reactor = new MemoryReactor();
  const { ask } = bench({ reactor });
  assertEquals(await ask("/users/ann.twistd/a/b"), undefined);
  assertEquals(await ask("/users/ann.twistd/c"), undefined);
  assertEquals(reactor.unixClients.map((one) => String(one.getDestination())), [
    "unix:/home/ann/.twistd-web-pb",
  ]);
  assertEquals((await bench({ reactor }).ask("/users/nobody.twistd/"))!.status, 404);
});
