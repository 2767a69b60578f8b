/**
 * A page that says hello.
 *
 *     deno run --allow-net examples/tutorial/web_hello.ts
 *     curl 'http://127.0.0.1:8000/?name=Ann'
 *
 * What is new since http_get.ts: the server's side of HTTP. A _resource_ answers for an address, a _site_ is the factory
 * that serves a tree of them. What came from outside is escaped before it is in a page.
 */
import { reactor } from "@ropewalk/reactor";
import { escapeHTML, type Request, Resource, Site } from "@ropewalk/web";
import { serve } from "./_command.ts";

export class Hello extends Resource {
  override isLeaf = true; // whatever the path

  render_GET(request: Request): string {
    const name = request.args.get("name") ?? "world";
    return `<!doctype html><title>Hello</title><p>Hello, ${escapeHTML(name)}!`;
  }
}

const HELP = `Serves a page that says hello.

  --port PORT        (8000)`;

if (import.meta.main) {
  Deno.exit(
    await serve(
      HELP,
      { port: 8000 },
      ({ port }) => reactor.listenTCP(port, new Site(new Hello()), { hostname: "127.0.0.1" }),
    ),
  );
}
