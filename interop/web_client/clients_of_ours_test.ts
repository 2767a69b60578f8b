/**
 * Python's clients, and Twisted's, against our server.
 */
import { assertEquals } from "@std/assert";
import { LoopingCall, reactor } from "@ropewalk/reactor";
import { NOT_DONE_YET, type Request, Resource, Site } from "@ropewalk/web";
import { PYTHON, runToEnd } from "../_process.ts";

class Hello extends Resource {
  override isLeaf = true;
  render_GET(request: Request): string {
    return `hello ${request.args.get("name")}`;
  }
}

class Echo extends Resource {
  override isLeaf = true;
  render_POST(request: Request): Uint8Array {
    return request.content.bytes();
  }
}

class Form extends Resource {
  override isLeaf = true;
  render_POST(request: Request): string {
    return request.args.get("name") ?? "";
  }
}

class Stream extends Resource {
  override isLeaf = true;
  render_GET(request: Request): typeof NOT_DONE_YET {
    let line = 0;
    const call = new LoopingCall(() => {
      request.write(`${line++}\n`);
      if (line < 100) return;
      call.stop();
      request.finish();
    });
    call.clock = reactor;
    call.start(0.001);
    return NOT_DONE_YET;
  }
}

Deno.test("Python's and Twisted's clients understand the server", async () => {
  const root = new Resource();
  root.putChild("hello", new Hello());
  root.putChild("echo", new Echo());
  root.putChild("form", new Form());
  root.putChild("stream", new Stream());
  await using port = reactor.listenTCP(0, new Site(root), { hostname: "127.0.0.1" });
  await port.ready;
  const base = `http://127.0.0.1:${(port.getHost() as { port: number }).port}`;
  const program = new URL("./clients_of_ours.py", import.meta.url).pathname;
  const { output, errors } = await runToEnd(PYTHON, [program, base]);
  // The clients are gone; the server hears of it in a later turn.
  for (let i = 0; i < 200 && reactor.stats().connections > 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assertEquals(output, "http.client ok\nurllib ok\ntwisted ok\n", errors);
});
