import { Clock, MemoryConnection } from "@ropewalk/testing";
import { renderResource } from "@ropewalk/testing/web";
import { Site } from "@ropewalk/web";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Hello } from "./web_hello.ts";

Deno.test("it says hello, to whom it should, and escapes the name", () => {
  assertStringIncludes(renderResource(new Hello(), "GET /").text(), "Hello, world!");
  assertStringIncludes(
    renderResource(new Hello(), "GET /any/where?name=%3Cb%3E").text(),
    "Hello, &lt;b&gt;!",
  );
});

Deno.test("other methods are refused, and told which there are", () => {
  const response = renderResource(new Hello(), "PUT /");
  assertEquals([response.status, response.headers.get("Allow")], [405, "GET, HEAD"]);
});

Deno.test("half a request is not answered, and its time runs out", () => {
  const clock = new Clock();
  const connection = new MemoryConnection({ reactor: clock, lenient: true });
  connection.open(new Site(new Hello(), { reactor: clock }).buildProtocol(connection.getPeer())!);
  connection.receive("GET / HTTP/1.1\r\nHost: a");
  clock.pump(Array(200).fill(1));
  assertEquals(connection.connected, false);
});
