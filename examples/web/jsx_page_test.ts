import { Deferred } from "@ropewalk/deferred";
import { Site, siteHandler } from "@ropewalk/web";
import { assertEquals } from "@std/assert";
import { type Book, BooksPage } from "./jsx_page.tsx";

Deno.test("the page sends what it knows, then the books; what was typed is text, and no URL runs a script", async () => {
  const books = new Deferred<Book[]>();
  const handler = siteHandler(new Site(new BooksPage(() => books), { accessLog: "none" }));
  const response = await handler(new Request("http://a.example/?q=%3Cb%3E"));
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals(
    (await reader.read()).value,
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Books</title></head><body><h1>Books</h1>' +
      '<p class="asked">You asked for &lt;b&gt;.</p>',
  );
  books.callback([{ title: "A & B", url: "/a" }, { title: "C", url: "javascript:alert(1)" }]);
  let rest = "";
  for (let step = await reader.read(); !step.done; step = await reader.read()) rest += step.value;
  assertEquals(
    rest,
    '<ul><li><a href="/a">A &amp; B</a></li><li><a href="about:invalid">C</a></li></ul></body></html>',
  );
});
