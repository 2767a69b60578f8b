import { MemoryReactor } from "@ropewalk/testing";
import { renderResource } from "@ropewalk/testing/web";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { tree } from "./status.ts";

Deno.test("it tells what the reactor and the program did, as a page and as data", () => {
  const root = tree(new MemoryReactor());
  renderResource(root, "GET /hello");
  renderResource(root, "GET /hello?name=Ann");
  const page = renderResource(root, "GET /status");
  assertStringIncludes(page.text(), "Tutorial");
  const data = renderResource(root, "GET /status?format=json").json() as {
    figures: unknown;
    reactor: { connections: number };
  };
  assertEquals([data.figures, data.reactor.connections], [{ tutorial: { hellos: 2 } }, 0]);
});

Deno.test("it cannot be posted to, and a reader who hangs up leaves nothing behind", () => {
  const root = tree(new MemoryReactor());
  assertEquals(renderResource(root, "POST /status").status, 405);
  const response = renderResource(root, "GET /status");
  response.hangUp();
  assertEquals(response.connection.connected, false);
});
