/**
 * A small site: pages at fixed addresses, and pages made for whatever address is asked for.
 *
 *     deno run --allow-net examples/tutorial/web_children.ts
 *     curl http://127.0.0.1:8000/calendar/2024
 *
 * What is new since web_hello.ts: `putChild` for addresses that are known, `getChild` for those that are not. `""` is the
 * child behind the last slash.
 */
import { reactor } from "@ropewalk/reactor";
import { Data, notFound, type Request, Resource, Site } from "@ropewalk/web";
import { serve } from "./_command.ts";

/** `/calendar/YEAR` */
class Calendar extends Resource {
  override getChild(path: string, _request: Request): Resource {
    return /^[1-9]\d{0,3}$/.test(path) ? new Year(Number(path)) : notFound();
  }
}

class Year extends Resource {
  override isLeaf = true;

  constructor(readonly year: number) {
    super();
  }

  render_GET(request: Request): string {
    request.setHeader("Content-Type", "text/plain; charset=utf-8");
    const isLeap = this.year % 4 === 0 && (this.year % 100 !== 0 || this.year % 400 === 0);
    return `${this.year} has ${isLeap ? 366 : 365} days\n`;
  }
}

/** The tree of the whole site. */
export function tree(): Resource {
  const root = new Resource();
  root.putChild("", new Data('<a href="calendar/2024">2024</a>', "text/html; charset=utf-8"));
  root.putChild("about", new Data("A calendar without months.\n", "text/plain; charset=utf-8"));
  root.putChild("calendar", new Calendar());
  return root;
}

const HELP = `Serves a small site: /, /about and /calendar/YEAR.

  --port PORT        (8000)`;

if (import.meta.main) {
  Deno.exit(
    await serve(
      HELP,
      { port: 8000 },
      ({ port }) => reactor.listenTCP(port, new Site(tree()), { hostname: "127.0.0.1" }),
    ),
  );
}
