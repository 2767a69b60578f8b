/** Real Twisted's `web.distrib` at the other end, both ways round. */
import { reactor } from "@ropewalk/reactor";
import { PBServerFactory } from "@ropewalk/spread";
import { type Request, Resource, Site } from "@ropewalk/web";
import { ResourcePublisher, ResourceSubscription } from "@ropewalk/web/distrib";
import { assertEquals } from "@std/assert";

class Echo extends Resource {
  override isLeaf = true;
  override render(request: Request): string {
    request.setResponseCode(203, "Fine");
    request.setHeader("x-a", "1");
    return `${request.method} ${request.postpath} ${request.args} ${request.content.text()}`;
  }
}

async function twisted(...args: string[]): Promise<{ port: number; [Symbol.asyncDispose](): Promise<void> }> {
  const child = new Deno.Command("/usr/bin/python3", {
    args: [new URL("twisted_distrib.py", import.meta.url).pathname, ...args],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  return {
    port: Number(new TextDecoder().decode(value)),
    async [Symbol.asyncDispose]() {
      child.kill();
      await reader.cancel();
      await child.status;
    },
  };
}

async function ask(port: number): Promise<[number, string | null, string]> {
  const answer = await fetch(`http://127.0.0.1:${port}/app/x?q=1`, {
    method: "POST",
    body: new URLSearchParams({ b: "2" }),
    headers: { connection: "close" },
  });
  return [answer.status, answer.headers.get("x-a"), await answer.text()];
}

Deno.test("a front of Twisted has our site answer", async () => {
  const factory = new PBServerFactory(
    new ResourcePublisher(new Site(new Echo(), { reactor, accessLog: "none" })),
  );
  const port = reactor.listenTCP(0, factory, { hostname: "127.0.0.1" });
  {
    await using front = await twisted("front", String((port.getHost() as { port: number }).port));
    assertEquals(await ask(front.port), [203, "1", "POST x q=1&b=2 b=2"]);
  }
  await port.stopListening();
});

Deno.test("our front has a site of Twisted answer", async () => {
  await using behind = await twisted("publisher");
  const root = new Resource();
  root.putChild("app", new ResourceSubscription("127.0.0.1", behind.port, { reactor }));
  const port = reactor.listenTCP(0, new Site(root, { accessLog: "none" }), { hostname: "127.0.0.1" });
  const answer = await ask((port.getHost() as { port: number }).port);
  assertEquals(answer, [203, "1", "py POST x [(b'b', [b'2']), (b'q', [b'1'])] b=2"]);
  await port.stopListening();
});
