import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Deferred, succeed } from "@ropewalk/deferred";
import { html, json, raw, renderToString, type Template } from "./templates.ts";
import { pageClient } from "./_support_test.ts";

async function shows(template: Template, text: string): Promise<void> {
  assertEquals(await renderToString(template), text);
}

Deno.test("text is escaped between tags and in attributes, and HTML is not escaped twice", async () => {
  const evil = `<a href="x">'&`;
  await shows(html`<p>${evil}</p>`, "<p>&lt;a href=&quot;x&quot;&gt;&#39;&amp;</p>");
  await shows(
    html`<p title="${evil}" class='${evil}'></p>`,
    `<p title="&lt;a href=&quot;x&quot;&gt;&#39;&amp;" class='&lt;a href=&quot;x&quot;&gt;&#39;&amp;'></p>`,
  );
  await shows(html`<p>${html`<b>${"<"}</b>`}${raw("<i>")}</p>`, "<p><b>&lt;</b><i></p>");
});

Deno.test("nothing is shown for null, undefined and booleans; lists are shown one by one", async () => {
  await shows(html`${null}${undefined}${false}${true}${0}${1n}${["a", ["b"]]}`, "01ab");
});

Deno.test("an attribute without quotes is given some, so that no value can end it or leave it open", async () => {
  await shows(html`<p class=${"a onclick=b"}></p>`, '<p class="a onclick=b"></p>');
  for (const nothing of ["", null, undefined, false, [], Promise.resolve(null)]) {
    await shows(html`<p class=${nothing} id=x></p>`, '<p class="" id=x></p>');
  }
  await shows(html`<p class=${["a", " ", "b"]}>`, '<p class="a b">');
  await shows(html`<p class=a-${'"'}-b id=${1}>`, '<p class="a-&quot;-b" id="1">');
  await shows(html`<p class=a"b${""}c"d>`, '<p class="a&quot;bc&quot;d">');
  await shows(html`<p class=${""}${"onclick"}${""}>`, '<p class="onclick">');
  await shows(html`<a href=${"/a"}/>`, '<a href="/a/">');
  await shows(html`<p class=plain title=${"x"}>`, '<p class=plain title="x">');
});

Deno.test("a URL that would run a script is not let through", async () => {
  await shows(html`<a href="${"javascript:alert(1)"}">`, '<a href="about:invalid">');
  await shows(html`<a href="${" java\nscript:alert(1)"}">`, '<a href="about:invalid">');
  await shows(html`<a href=${"JAVASCRIPT:x"}>`, '<a href="about:invalid">');
  await shows(html`<img src='${"data:text/html,x"}'>`, "<img src='about:invalid'>");
  await shows(html`<a href="${"/a?b=c:d"}">`, '<a href="/a?b=c:d">');
  await shows(html`<a href="${"https://a.example/"}">`, '<a href="https://a.example/">');
  await shows(html`<a href="/x/${"javascript:y"}">`, '<a href="/x/javascript:y">');
});

Deno.test("a comment cannot be ended", async () => {
  await shows(html`<!-- ${"-->x"} -->`, "<!-- - - &gt;x -->");
});

Deno.test("a script takes JSON and nothing else", async () => {
  await shows(
    html`<script>const x = ${json({ a: "</script>" })};</script>`,
    '<script>const x = {"a":"\\u003c/script\\u003e"};</script>',
  );
  await assertRejects(() => renderToString(html`<script>${"x"}</script>`), TypeError, "json(value)");
  await shows(html`<script>1</script>${"<"}`, "<script>1</script>&lt;");
});

Deno.test("a value cannot stand for a name, or in a handler", () => {
  assertThrows(() => html`<${"p"}>`, TypeError);
  assertThrows(() => html`</${"p"}>`, TypeError);
  assertThrows(() => html`<p${"x"}>`, TypeError);
  assertThrows(() => html`<p ${"x"}>`, TypeError);
  assertThrows(() => html`<p ${"x"}="y">`, TypeError);
  assertThrows(() => html`<p onclick="${"x"}">`, TypeError, "script");
  assertThrows(() => html`<p onclick=x${"x"}>`, TypeError, "script");
  assertThrows(() => html`<iframe srcdoc="${"x"}">`, TypeError, "srcdoc");
});

Deno.test("a style attribute takes plain words and numbers", async () => {
  await shows(html`<p style="width: ${50}%">`, '<p style="width: 50%">');
  await assertRejects(() => renderToString(html`<p style="${"a:url(x)"}">`), TypeError, "style");
});

Deno.test("HTML cannot be put into an attribute", async () => {
  await assertRejects(() => renderToString(html`<p title="${html`<b>`}">`), TypeError, "an attribute");
});

Deno.test("Deferreds, promises and async iterables stand anywhere", async () => {
  async function* numbers(): AsyncGenerator<Template> {
    yield html`<i>1</i>`;
    yield html`<i>2</i>`;
  }
  await shows(
    html`<p title="${Promise.resolve('"')}">${succeed("<")}${numbers()}${Promise.resolve(html`<b>`)}</p>`,
    '<p title="&quot;">&lt;<i>1</i><i>2</i><b></p>',
  );
});

Deno.test("what is before a value that is waited for is sent already", async () => {
  const d = new Deferred<string>();
  const client = pageClient(() => html`<p>first</p>${d}<p>last</p>`);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.clock.settle();
  assertEquals(client.wire.includes("<p>first</p>"), true);
  assertEquals(client.wire.includes("last"), false);
  d.callback("<middle>");
  await client.clock.settle();
  assertEquals(client.answers()[0]!.body, "<p>first</p>&lt;middle&gt;<p>last</p>");
});

Deno.test("a URL that is put together from values cannot become a script", async () => {
  const none = "";
  await shows(html`<a href="${none}${"javascript:x"}">`, '<a href="javascript%3Ax">');
  await shows(html`<a href="${"java"}${"script:x"}">`, '<a href="javascript%3Ax">');
  await shows(html`<a href=${"java"}${"script:x"}>`, '<a href="javascript%3Ax">');
  await shows(html`<a href="${"javascript"}:${"x"}">`, '<a href="about:x">');
  await shows(html`<a href="${"https"}://${"a:1"}/">`, '<a href="https://a:1/">');
  await shows(html`<a href="${"/a/"}${"b?c:d"}">`, '<a href="/a/b?c:d">');
  await shows(html`<a href="?q=${"a"}${"b:c"}">`, '<a href="?q=ab:c">');
});

Deno.test("a script takes no template: what is in one is escaped for HTML", async () => {
  await assertRejects(() => renderToString(html`<script>${html`${"x"}`}</script>`), TypeError, "script");
});
