import { Deferred } from "@ropewalk/deferred";
import { Clock } from "@ropewalk/testing";
import { renderResource } from "@ropewalk/testing/web";
import { assertEquals, assertMatch } from "@std/assert";
import { Fetcher } from "./web_fetch.ts";

const ASK = "GET /?url=http://a.example/";

Deno.test("the page comes when it is there", () => {
  const page = new Deferred<Uint8Array>();
  const response = renderResource(new Fetcher(() => page), ASK);
  assertEquals(response.status, 0);
  page.callback(new TextEncoder().encode("hi"));
  assertEquals([response.status, response.text(), response.finished], [200, "hi", true]);
});

Deno.test("an error is told with 502, a time-out too; an address is needed", () => {
  const clock = new Clock();
  const page = new Deferred<Uint8Array>().addTimeout(30, clock);
  const response = renderResource(new Fetcher(() => page), ASK);
  clock.advance(30);
  assertEquals([response.status, response.finished], [502, true]);
  assertMatch(response.text(), /^Cannot get http:\/\/a\.example\/: /);
  for (const path of ["/", "/?url=file:///etc/passwd"]) {
    assertEquals(renderResource(new Fetcher(() => page), `GET ${path}`).status, 400);
  }
});

Deno.test("when the reader hangs up, the fetch is cancelled", () => {
  let cancelled = 0;
  const page = new Deferred<Uint8Array>(() => void cancelled++);
  renderResource(new Fetcher(() => page), ASK).hangUp();
  assertEquals(cancelled, 1);
});
