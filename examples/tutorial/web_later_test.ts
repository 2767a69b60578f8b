import { renderResource } from "@ropewalk/testing/web";
import { assertEquals } from "@std/assert";
import { Letters } from "./web_later.ts";

Deno.test("A comes at once, B and C a second apart, and then it is finished", () => {
  const response = renderResource(new Letters(1), "GET /");
  assertEquals([response.text(), response.finished], ["A\n", false]);
  response.clock.advance(0.9);
  assertEquals(response.text(), "A\n");
  response.clock.advance(0.1);
  assertEquals(response.text(), "A\nB\n");
  response.clock.advance(1);
  assertEquals([response.text(), response.finished], ["A\nB\nC\n", true]);
});

Deno.test("when the reader hangs up, nothing more is written, and no call is left", () => {
  const response = renderResource(new Letters(1), "GET /");
  assertEquals(response.text(), "A\n");
  response.hangUp();
  assertEquals(response.clock.getDelayedCalls(), []);
});

Deno.test("POST is refused", () => {
  assertEquals(renderResource(new Letters(1), "POST /").status, 405);
});
