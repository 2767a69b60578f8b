/**
 * A page that tells what the process does, in a program that does something else.
 *
 *     deno run --allow-net examples/tutorial/status.ts
 *     curl 'http://127.0.0.1:8000/status?format=json'
 *
 * What is new since irc_bot.ts: one line to mount, `root.putChild("status", new StatusResource(…))`. The reactor counts its
 * ports, connections and bytes; `Counter` adds a figure of the program's own. Who can read the page learns about the program.
 */
import { reactor, type ReactorCore } from "@ropewalk/reactor";
import { Counter, Figures, type Request, Resource, Site, StatusResource } from "@ropewalk/web";
import { serve } from "./_command.ts";
import { Hello } from "./web_hello.ts";

/** The page of web_hello.ts, which counts how often it was asked for. */
class Counted extends Hello {
  constructor(readonly asked: Counter) {
    super();
  }

  override render_GET(request: Request): string {
    this.asked.add();
    return super.render_GET(request);
  }
}

/** That page, and the status page. */
export function tree(of: Pick<ReactorCore, "stats">): Resource {
  const figures = new Figures();
  const root = new Resource();
  root.putChild("hello", new Counted(new Counter("tutorial", "hellos", figures)));
  root.putChild("status", new StatusResource({ reactor: of, title: "Tutorial", figures }));
  return root;
}

const HELP = `Serves /hello, and /status.

  --port PORT        (8000)`;

if (import.meta.main) {
  Deno.exit(
    await serve(
      HELP,
      { port: 8000 },
      ({ port }) => reactor.listenTCP(port, new Site(tree(reactor)), { hostname: "127.0.0.1" }),
    ),
  );
}
