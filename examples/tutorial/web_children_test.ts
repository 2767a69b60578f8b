import { renderResource } from "@ropewalk/testing/web";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { tree } from "./web_children.ts";

Deno.test("pages with an address, and pages made for one", () => {
  assertStringIncludes(renderResource(tree(), "GET /").text(), "<a href");
  assertEquals(renderResource(tree(), "GET /about").text(), "A calendar without months.\n");
  assertEquals(renderResource(tree(), "GET /calendar/2024").text(), "2024 has 366 days\n");
  assertEquals(renderResource(tree(), "GET /calendar/1900").text(), "1900 has 365 days\n");
});

Deno.test("other addresses are not found", () => {
  for (
    const path of ["/calendar/", "/calendar/soon", "/calendar/12345", "/nowhere"]
  ) {
    assertEquals(renderResource(tree(), `GET ${path}`).status, 404, path);
  }
  assertEquals(renderResource(tree(), "GET /calendar").status, 405); // it is there, but has no page
});

Deno.test("a reader who hangs up after the answer leaves nothing behind", () => {
  const response = renderResource(tree(), "GET /about");
  response.hangUp();
  assertEquals([response.status, response.connection.connected], [200, false]);
});
