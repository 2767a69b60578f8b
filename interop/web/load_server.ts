/**
 * The server of `mixed_load.ts` and `large_file.ts`, in a process of its own. Prints its port.
 *
 *     deno run --v8-flags=--expose-gc interop/web/load_server.ts [FOLDER]
 *
 * `/echo` says what it was sent, `/stream` sends 50 pieces, `/large` a mebibyte, `/report` what was answered so far, how
 * many connections there are and how large the process is, collected; `/files` is FOLDER.
 * @module
 */
import { crc32 } from "node:zlib";
import { LoopingCall, reactor } from "@ropewalk/reactor";
import { FilePath } from "@ropewalk/reactor/filepath";
import { Data, File, NOT_DONE_YET, type Request, Resource, Site } from "@ropewalk/web";

/** What was answered: enough to tell whether each request of a client was answered once, in constant memory. */
const answered = { count: 0, sum: 0, smuggled: 0 };

class Echo extends Resource {
  override isLeaf = true;

  override render(request: Request): string {
    const id = Number(request.args.get("id"));
    const body = request.content.bytes();
    answered.count++;
    answered.sum += id;
    request.setHeader("X-Id", String(id));
    return `${request.method} ${id} ${body.length} ${crc32(body)}`;
  }
}

class Stream extends Resource {
  override isLeaf = true;

  render_GET(request: Request): typeof NOT_DONE_YET {
    const id = Number(request.args.get("id"));
    let piece = 0;
    const call = new LoopingCall(() => {
      request.write(`${id}.${piece++} `);
      if (piece < 50) return;
      call.stop();
      if (id > 0) answered.count++; // a client without a number may be gone, or be told all before it is
      answered.sum += id;
      request.finish();
    });
    call.clock = reactor;
    request.notifyFinish().addErrback(() => call.running && call.stop());
    call.start(0.001);
    return NOT_DONE_YET;
  }
}

class Smuggled extends Resource {
  override isLeaf = true;

  override render(): string {
    answered.smuggled++;
    return "smuggled";
  }
}

class Report extends Resource {
  override isLeaf = true;

  render_GET(): string {
    (globalThis as { gc?: () => void }).gc?.();
    const { rss, heapUsed } = Deno.memoryUsage();
    return JSON.stringify({ ...answered, rss, heapUsed, connections: reactor.stats().connections });
  }
}

const root = new Resource();
root.putChild("echo", new Echo());
root.putChild("stream", new Stream());
root.putChild("large", new Data(new Uint8Array(1 << 20).fill(0x61), "text/plain"));
root.putChild("smuggled", new Smuggled());
root.putChild("report", new Report());
if (Deno.args[0] !== undefined) root.putChild("files", new File(new FilePath(Deno.args[0])));
const site = new Site(root, {
  accessLog: "none",
  maxBodyBytes: 65_536,
  timeoutSeconds: 30,
  headerTimeoutSeconds: 3, // a machine that is busy with other things is no slow client
  abortSeconds: 1,
});
const port = reactor.listenTCP(0, site, { hostname: "127.0.0.1", backlog: 511 });
await port.ready;
console.log("port", (port.getHost() as { port: number }).port);
