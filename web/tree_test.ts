import { assertEquals, assertStringIncludes } from "@std/assert";
import { Page, siteClient } from "./_support_test.ts";
import { Data } from "./data.ts";
import { NameVirtualHost, VHostMonsterResource } from "./name_virtual_host.ts";
import { Redirect } from "./redirect.ts";
import { Resource } from "./resource.ts";
import { alias, rewrite } from "./rewrite.ts";

Deno.test("Data has its type and answers GET and HEAD only", () => {
  const client = siteClient(new Data("é", "text/plain; charset=utf-8"));
  const answer = client.ask("GET /");
  assertEquals([answer.headers.get("content-type"), answer.body], ["text/plain; charset=utf-8", "\xc3\xa9"]);
  assertEquals(client.ask("POST /").status, 405);
});

Deno.test("Redirect sends the client elsewhere from everywhere below it", () => {
  const client = siteClient(new Redirect('/there?a=1&b="'));
  const answer = client.ask("POST /a/b");
  assertEquals([answer.status, answer.headers.get("location")], [302, '/there?a=1&b="']);
  assertStringIncludes(answer.body, '<a href="/there?a=1&amp;b=&quot;">');
  assertEquals(siteClient(new Redirect("/x", 308)).ask("GET /").status, 308);
});

Deno.test("NameVirtualHost chooses by host, whatever the port and the case", () => {
  const hosts = new NameVirtualHost();
  const tree = new Resource();
  tree.putChild("page", new Page(() => "a's page"));
  hosts.addHost("A.example", tree);
  hosts.addHost("leaf.example", new Page((request) => `leaf ${request.postpath}`));
  const client = siteClient(hosts);
  const ask = (path: string, host: string) => {
    client.transport.clear();
    client.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const { status, body } = client.answers()[0]!;
    return status === 200 ? body : status;
  };
  assertEquals(ask("/page", "a.EXAMPLE:8080"), "a's page");
  assertEquals(ask("/x/y", "leaf.example"), "leaf x,y");
  assertEquals(ask("/page", "c.example"), 404);
  hosts.default = new Page(() => "who?");
  assertEquals(ask("/page", "c.example"), "who?");
  hosts.removeHost("a.example");
  assertEquals(ask("/page", "a.example"), "who?");
});

Deno.test("VHostMonsterResource makes the site believe that it is elsewhere", () => {
  const root = new Resource();
  root.putChild("vhost", new VHostMonsterResource());
  root.putChild("page", new Page((r) => `${r.prePathURL()} ${r.path} ${r.uri} ${r.isSecure()}`));
  const client = siteClient(root);
  assertEquals(
    client.ask("GET /vhost/https/www.example:443/page?q=1").body,
    "https://www.example/page /page /page?q=1 true",
  );
  assertEquals(
    client.ask("GET /vhost/http/www.example:8080/page").body,
    "http://www.example:8080/page /page /page false",
  );
  assertEquals(client.ask("GET /vhost/gopher/x/page").status, 404);
  assertEquals(client.ask("GET /vhost/http/a%3Ab%3Ac/page").status, 404);
});

Deno.test("rewrite changes paths before they are followed", () => {
  const tree = new Resource();
  const sub = new Resource();
  tree.putChild("new", sub);
  sub.putChild("x", new Page((request) => request.prepath.join("/")));
  const client = siteClient(rewrite(tree, alias("old/place", "new")));
  assertEquals(client.ask("GET /old/place/x").body, "new/x");
  assertEquals(client.ask("GET /new/x").body, "new/x");
  assertEquals(client.ask("GET /old/x").status, 404);
});
