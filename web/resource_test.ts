import { assertEquals, assertThrows } from "@std/assert";
import { Deferred } from "@ropewalk/deferred";
import { Page, siteClient } from "./_support_test.ts";
import { ErrorPage, forbidden, notFound } from "./error_page.ts";
import type { Request } from "./request.ts";
import { type Child, Resource } from "./resource.ts";

class Show extends Resource {
  override isLeaf = true;
  render_GET(request: Request): string {
    return `${JSON.stringify(request.prepath)} ${JSON.stringify(request.postpath)}`;
  }
}

class Dynamic extends Resource {
  override getChild(path: string, _request: Request): Child {
    return new Page(() => `made for ${path}`);
  }
}

Deno.test("the path leads through the children that were put, then those that are made", () => {
  const root = new Resource();
  const dynamic = new Dynamic();
  root.putChild("", new Page(() => "index"));
  root.putChild("d", dynamic);
  dynamic.putChild("fixed", new Page(() => "put"));
  const client = siteClient(root);
  assertEquals(client.ask("GET /").body, "index");
  assertEquals(client.ask("GET /d/x%20y").body, "made for x y");
  assertEquals(client.ask("GET /d/fixed").body, "put");
  assertEquals(client.ask("GET /nope").status, 404);
  assertEquals(client.ask("GET /d/").body, "made for ");
});

Deno.test("a leaf answers for everything below it", () => {
  const root = new Resource();
  root.putChild("leaf", new Show());
  assertEquals(siteClient(root).ask("GET /leaf/a/b/").body, '["leaf"] ["a","b",""]');
});

Deno.test("a resource that is no leaf is asked itself when the path ends at it", () => {
  class Both extends Resource {
    render_GET(): string {
      return "itself";
    }
  }
  const root = new Resource();
  root.putChild("both", new Both());
  assertEquals(siteClient(root).ask("GET /both").body, "itself");
  assertEquals(siteClient(root).ask("GET /both/").status, 404);
});

Deno.test("a child may be there later", async () => {
  class Later extends Resource {
    override getChild(path: string): Child {
      const d = new Deferred<Resource>();
      d.callback(path === "deep" ? new Dynamic() : new Page(() => path));
      return d;
    }
  }
  const client = siteClient(new Later());
  client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /deep/b HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.clock.settle();
  assertEquals(client.answers().map((answer) => answer.body), ["a", "made for b"]);
});

Deno.test("a method without its render method is 405 with what there is; a method nobody knows is 501", () => {
  class Some extends Resource {
    override isLeaf = true;
    render_GET(): string {
      return "";
    }
    render_PUT(): string {
      return "put";
    }
  }
  const client = siteClient(new Some());
  const refused = client.ask("POST /");
  assertEquals([refused.status, refused.headers.get("allow")], [405, "GET, HEAD, PUT"]);
  assertEquals(client.ask("PUT /").body, "put");
  assertEquals(client.ask("DELETE /").status, 405);
  assertEquals(client.ask("BREW /").status, 501);
  assertEquals(client.ask("HEAD /").status, 200);
});

Deno.test("a class may say which methods it answers", () => {
  class Odd extends Resource {
    static override allowedMethods = ["MOVE"];
    override isLeaf = true;
  }
  assertEquals(siteClient(new Odd()).ask("GET /").headers.get("allow"), "MOVE");
});

Deno.test("names of methods reach nothing but render methods", () => {
  const client = siteClient(new Show());
  assertEquals(client.ask("constructor /").status, 501);
  assertEquals(client.ask("__proto__ /").status, 501);
});

Deno.test("only resources can be children, under text", () => {
  const root = new Resource();
  assertThrows(() => root.putChild("a", "b" as unknown as Resource), TypeError);
  assertThrows(() => root.putChild(1 as unknown as string, root), TypeError);
});

Deno.test("error pages have their code, and their text is escaped", () => {
  const root = new Resource();
  root.putChild("gone", new ErrorPage(410, "Gone & away", "<script>"));
  root.putChild("no", forbidden());
  root.putChild("not", notFound());
  const client = siteClient(root);
  const gone = client.ask("POST /gone/below");
  assertEquals(gone.status, 410);
  assertEquals(gone.body.includes("<script>"), false);
  assertEquals(gone.body.includes("<h1>410 Gone &amp; away</h1>"), true);
  assertEquals(client.ask("GET /no").status, 403);
  assertEquals(client.ask("GET /not").status, 404);
});
