/**
 * A page in three parts, a second apart.
 *
 *     deno run --allow-net examples/tutorial/web_later.ts
 *     curl -N http://127.0.0.1:8000/
 *
 * What is new since web_children.ts: `NOT_DONE_YET` says that the answer will be written by and by, and ends with `finish`.
 * `notifyFinish` fails when the reader goes away first: whatever was going to be written is called off.
 */
import { reactor } from "@ropewalk/reactor";
import { NOT_DONE_YET, type Request, Resource, Site } from "@ropewalk/web";
import { serve } from "./_command.ts";

export class Letters extends Resource {
  override isLeaf = true;

  constructor(readonly seconds: number) {
    super();
  }

  render_GET(request: Request): typeof NOT_DONE_YET {
    request.setHeader("Content-Type", "text/plain; charset=utf-8");
    const { reactor: clock } = request;
    const calls = ["A", "B", "C"].map((letter, i) =>
      clock.callLater(i * this.seconds, () => request.write(`${letter}\n`))
    );
    calls.push(clock.callLater(2 * this.seconds, () => request.finish()));
    request.notifyFinish().addErrback(() => {
      for (const call of calls) if (call.active()) call.cancel();
    });
    return NOT_DONE_YET;
  }
}

const HELP = `Serves a page that comes in three parts.

  --port PORT        (8000)
  --seconds SECONDS  between two parts (1)`;

if (import.meta.main) {
  Deno.exit(
    await serve(
      HELP,
      { port: 8000, seconds: 1 },
      ({ port, seconds }) =>
        reactor.listenTCP(port, new Site(new Letters(seconds)), { hostname: "127.0.0.1" }),
    ),
  );
}
