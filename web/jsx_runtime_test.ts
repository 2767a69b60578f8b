import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Deferred, succeed } from "@ropewalk/deferred";
import { pageClient } from "./_support_test.ts";
import { Fragment, jsx, jsxAttr, jsxEscape, jsxs, jsxTemplate } from "./jsx_runtime.ts";
import { json, raw, renderToString, type Template, type TemplateValue } from "./templates.ts";

const EVIL = `"><script>'&`;
const SAFE = "&quot;&gt;&lt;script&gt;&#39;&amp;";

async function shows(template: Template, text: string): Promise<void> {
  assertEquals(await renderToString(template), text);
}

const ATTRIBUTES: [name: string, value: TemplateValue, written: string][] = [
  ["title", EVIL, ` title="${SAFE}"`],
  ["className", "a b", ' class="a b"'],
  ["htmlFor", "x", ' for="x"'],
  ["tabindex", 0, ' tabindex="0"'],
  ["disabled", true, " disabled"],
  ["disabled", false, ""],
  ["disabled", null, ""],
  ["disabled", undefined, ""],
  ["href", "/a?b=1&c", ' href="/a?b=1&amp;c"'],
  ["href", "javascript:alert(1)", ' href="about:invalid"'],
  ["HREF", " java\nscript:alert(1)", ' HREF="about:invalid"'],
  ["href", ["javascript", ":alert(1)"], ' href="javascriptabout:invalid"'],
  ["xlink:href", "data:text/html,x", ' xlink:href="about:invalid"'],
  ["href", succeed("javascript:x"), ' href="about:invalid"'],
  ["style", "50%", ' style="50%"'],
];

Deno.test("an attribute is escaped for what it is, whichever transform wrote it", async () => {
  for (const [name, value, written] of ATTRIBUTES) {
    await shows(jsx("p", { [name]: value }), `<p${written}></p>`);
  }
  await shows(
    jsxTemplate(["<p ", ">", "</p>"], jsxAttr("title", EVIL), jsxEscape(EVIL)),
    `<p title="${SAFE}">${SAFE}</p>`,
  );
  await shows(
    jsxTemplate(['<p id="a" ', " ", ">"], jsxAttr("x", null), jsxAttr("y", "1")),
    '<p id="a"  y="1">',
  );
});

Deno.test("what can be made safe nowhere is refused", async () => {
  for (
    const name of ["onclick", "onClick", "srcdoc", "srcDoc", "dangerouslySetInnerHTML", "a b", "a>", 'a"', ""]
  ) {
    assertThrows(() => jsxAttr(name, "x"), TypeError, "Cannot", name);
    assertThrows(() => jsx("p", { [name]: "x" }), TypeError, "Cannot", name);
  }
  for (const tag of ["", "a b", "p>", "1"]) assertThrows(() => jsx(tag, {}), TypeError, "Cannot", tag);
  assertThrows(() => jsx("br", { children: "x" }), TypeError, "<br>");
  await assertRejects(() => renderToString(jsx("p", { style: "a:url(x)" })), TypeError, "style");
  await assertRejects(() => renderToString(jsx("p", { title: raw("<b>") })), TypeError, "an attribute");
  await assertRejects(() => renderToString(jsx("script", { children: "x" })), TypeError, "script");
  await assertRejects(
    () => renderToString(jsxTemplate(["<script>", "</script>"], jsxEscape("x"))),
    TypeError,
    "script",
  );
  await assertRejects(
    () => renderToString(jsxTemplate(["<p ", ">"], jsxEscape("x"))),
    TypeError,
    "attributes",
  );
});

Deno.test("children are text, elements, lists and HTML that is taken as it is", async () => {
  await shows(
    jsxs("ul", { children: ["<", 1, null, true, [jsx("li", { key: 1, children: raw("<i>") })]] }),
    "<ul>&lt;1<li><i></li></ul>",
  );
  await shows(
    jsx("script", { children: json({ a: "</script>" }) }),
    '<script>{"a":"\\u003c/script\\u003e"}</script>',
  );
  await shows(jsx("img", { src: "/a" }), '<img src="/a">');
  await shows(jsx(Fragment, { children: ["a", jsx("b", { children: "<" })] }), "a<b>&lt;</b>");
});

Deno.test("a component is a function of its properties, and may be asynchronous", async () => {
  const Hello = ({ name }: { name: string }) => jsx("b", { children: name });
  const Later = async ({ children }: { children: TemplateValue }): Promise<Template> => {
    await Promise.resolve();
    return jsx("i", { children });
  };
  await shows(jsx(Later, { children: jsx(Hello, { name: "<" }) }), "<i><b>&lt;</b></i>");
});

Deno.test("what is before a component that is waited for is sent already", async () => {
  const d = new Deferred<string>();
  const client = pageClient(() => jsxs("main", { children: [jsx("p", { children: "first" }), d, "last"] }));
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.clock.settle();
  assertEquals(client.wire.includes("<main><p>first</p>"), true);
  assertEquals(client.wire.includes("last"), false);
  d.callback("<middle>");
  await client.clock.settle();
  assertEquals(client.answers()[0]!.body, "<main><p>first</p>&lt;middle&gt;last</main>");
});
