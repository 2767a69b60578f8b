/**
 * Every place of a template, and hostile values in it: one row each.
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { html, json, raw, renderToString, type Template, type TemplateValue } from "./templates.ts";

/** Ends everything that can be ended, and begins everything that can be begun. */
const EVIL = `"'><script>--!>x</script>&amp; =\`${"\0"}`;
const ESCAPED = `&quot;&#39;&gt;&lt;script&gt;--!&gt;x&lt;/script&gt;&amp;amp; =\`${"\0"}`;
const SCRIPT_URL = "java\tscript:alert(1)//";

/** What a place makes of a value: what is sent, or what is refused. */
interface Row {
  readonly place: string;
  readonly template: (value: TemplateValue) => Template;
  readonly evil?: string;
  readonly url?: string;
  /** A part of the message, where no value, or none of these, can stand. */
  readonly refuses?: string;
}

const TEXT = { evil: ESCAPED, url: SCRIPT_URL };
const URLS = { evil: ESCAPED, url: "about:invalid" };

const TABLE: readonly Row[] = [
  { place: "between tags", template: (v) => html`<p>${v}</p>`, ...TEXT },
  { place: "before all tags", template: (v) => html`${v}<p>`, ...TEXT },
  { place: "behind an end tag", template: (v) => html`<p></p>${v}`, ...TEXT },
  { place: "behind a void tag", template: (v) => html`<br>${v}`, ...TEXT },
  { place: "in a title", template: (v) => html`<title>${v}</title>`, ...TEXT },
  { place: "in a textarea", template: (v) => html`<textarea>${v}</textarea>`, ...TEXT },
  { place: "behind a comment", template: (v) => html`<!-- x -->${v}`, ...TEXT },
  { place: "behind an empty comment", template: (v) => html`<!-->${v}`, ...TEXT },
  { place: "behind an empty comment of one dash", template: (v) => html`<!--->${v}`, ...TEXT },
  { place: "behind a comment that ends in a bang", template: (v) => html`<!-- x --!>${v}`, ...TEXT },
  { place: "behind a script", template: (v) => html`<script>"<b>"</script>${v}`, ...TEXT },
  { place: "behind a less-than sign and a space", template: (v) => html`1 < ${v}`, ...TEXT },
  { place: "behind the doctype", template: (v) => html`<!DOCTYPE html>${v}`, ...TEXT },
  { place: "in double quotes", template: (v) => html`<p title="${v}">`, ...TEXT },
  { place: "in single quotes", template: (v) => html`<p title='${v}'>`, ...TEXT },
  { place: "in quotes, behind text", template: (v) => html`<p title="a ${v} b">`, ...TEXT },
  { place: "in quotes, behind the other quote", template: (v) => html`<p title="it's ${v}">`, ...TEXT },
  { place: "in quotes, behind a >", template: (v) => html`<p title="a > ${v}">`, ...TEXT },
  { place: "in quotes, with blanks around the sign", template: (v) => html`<p title = "${v}">`, ...TEXT },
  {
    place: "in quotes, on another line",
    template: (v) =>
      html`
        <p \\n title\\n=\\n"${v}">
      `,
    ...TEXT,
  },
  { place: "in an attribute of data", template: (v) => html`<p data-href="${v}">`, ...TEXT },
  { place: "without quotes", template: (v) => html`<p title=${v}>`, ...TEXT },
  { place: "without quotes, behind a blank", template: (v) => html`<p title= ${v} id=x>`, ...TEXT },
  { place: "without quotes, behind text", template: (v) => html`<p title=a${v}b>`, ...TEXT },
  { place: "in a URL", template: (v) => html`<a href="${v}">`, ...URLS },
  { place: "in a URL in capitals", template: (v) => html`<A HREF="${v}">`, ...URLS },
  { place: "in a URL in single quotes", template: (v) => html`<a href='${v}'>`, ...URLS },
  { place: "in a URL without quotes", template: (v) => html`<a href=${v}>`, ...URLS },
  { place: "in a URL, with blanks around the sign", template: (v) => html`<a href = "${v}">`, ...URLS },
  { place: "in a URL without quotes, with blanks", template: (v) => html`<a href = ${v}>`, ...URLS },
  { place: "in a URL behind another attribute", template: (v) => html`<a class=x href="${v}">`, ...URLS },
  { place: "in a URL behind one without a value", template: (v) => html`<a download href="${v}">`, ...URLS },
  { place: "in the source of an image", template: (v) => html`<img src="${v}">`, ...URLS },
  { place: "in the action of a form", template: (v) => html`<form action="${v}">`, ...URLS },
  { place: "in the action of a button", template: (v) => html`<button formaction="${v}">`, ...URLS },
  { place: "in the data of an object", template: (v) => html`<object data="${v}">`, ...URLS },
  { place: "in a link of SVG", template: (v) => html`<a xlink:href="${v}">`, ...URLS },
  { place: "in a URL, behind a path", template: (v) => html`<a href="/x/${v}">`, ...TEXT },
  { place: "in a URL, behind a question mark", template: (v) => html`<a href="?q=${v}">`, ...TEXT },
  {
    place: "in a URL, behind a word",
    template: (v) => html`<a href="page-${v}">`,
    evil: ESCAPED,
    url: "java\tscript%3Aalert(1)//",
  },
  {
    place: "in a comment",
    template: (v) => html`<!-- ${v} -->`,
    url: SCRIPT_URL,
    evil: `"'&gt;&lt;script&gt;- - !&gt;x&lt;/script&gt;&amp; =\`${"\0"}`,
  },
  { place: "in a style", template: (v) => html`<p style="width: ${v}">`, refuses: "a style attribute" },
  { place: "in a style without quotes", template: (v) => html`<p style=${v}>`, refuses: "a style attribute" },
  { place: "in a script", template: (v) => html`<script>${v}</script>`, refuses: "use json(value)" },
  {
    place: "in a script in capitals",
    template: (v) => html`<SCRIPT>${v}</SCRIPT>`,
    refuses: "use json(value)",
  },
  {
    place: "in a script with a type",
    template: (v) => html`<script type="module">x(${v})</script>`,
    refuses: "use json(value)",
  },
  {
    place: "in a script, behind its end in a name",
    template: (v) => html`<script></scripts>${v}</script>`,
    refuses: "use json(value)",
  },
  { place: "in a style element", template: (v) => html`<style>${v}</style>`, refuses: "use json(value)" },
  { place: "in a handler", template: (v) => html`<p onclick="${v}">`, refuses: "onclick" },
  { place: "in a handler in capitals", template: (v) => html`<p ONCLICK=${v}>`, refuses: "onclick" },
  {
    place: "in a handler, with blanks around the sign",
    template: (v) => html`<p onclick = "${v}">`,
    refuses: "onclick",
  },
  { place: "in a handler, behind text", template: (v) => html`<p onload='f(${v})'>`, refuses: "onload" },
  { place: "in a document of its own", template: (v) => html`<iframe srcdoc="${v}">`, refuses: "srcdoc" },
  { place: "for a tag", template: (v) => html`<${v}>`, refuses: "the name of a tag" },
  { place: "in a tag's name", template: (v) => html`<p${v}>`, refuses: "the name of a tag" },
  { place: "for an end tag", template: (v) => html`</${v}>`, refuses: "the name of a tag" },
  { place: "for an attribute", template: (v) => html`<p ${v}>`, refuses: "the name of a tag or attribute" },
  {
    place: "for an attribute, behind one",
    template: (v) => html`<p hidden ${v}>`,
    refuses: "the name of a tag or attribute",
  },
  {
    place: "for an attribute, behind quotes",
    template: (v) =>
      html`
        <p id="x" ${v}>
      `,
    refuses: "the name of a tag or attribute",
  },
  {
    place: "in an attribute's name",
    template: (v) => html`<p data-${v}="x">`,
    refuses: "the name of a tag or attribute",
  },
  { place: "for a declaration", template: (v) => html`<!${v}>`, refuses: "the name of a tag" },
  { place: "for half of a comment's sign", template: (v) => html`<!-${v} -->`, refuses: "the name of a tag" },
];

/** The template with no value: what stands around it. */
async function around({ template }: Row): Promise<[before: string, after: string]> {
  const [before, after] = (await renderToString(template("\u2022"))).split("\u2022");
  return [before!, after!];
}

for (const row of TABLE.filter((one) => one.refuses === undefined)) {
  Deno.test(`a value ${row.place} stays in its place`, async () => {
    const [before, after] = await around(row);
    const shown = async (value: TemplateValue) =>
      (await renderToString(row.template(value))).slice(before.length, -after.length || undefined);
    assertEquals(await shown(EVIL), row.evil);
    assertEquals(await shown(SCRIPT_URL), row.url);
    assertEquals(await shown(Promise.resolve([EVIL])), row.evil, "also when it comes later, and in a list");
    assertEquals(await shown(null), "");
  });
}

Deno.test("no text can stand where none can be made safe", async () => {
  for (const { place, template, refuses } of TABLE) {
    if (refuses === undefined) continue;
    const render = async () => await renderToString(template(EVIL));
    await assertRejects(render, TypeError, refuses, place);
  }
});

Deno.test("HTML stands between tags only, and what its maker answers for in scripts too", async () => {
  for (const { place, template, refuses } of TABLE) {
    const isText = /^(?:between|before|behind|in a (?:title|textarea))/.test(place);
    const rendered = (value: TemplateValue) => {
      try {
        return renderToString(template(value)).then(() => true, () => false);
      } catch {
        return false; // no value can stand there
      }
    };
    assertEquals(await rendered(html`<b>`), isText, place);
    assertEquals(await rendered(raw("<b>")), isText || refuses === "use json(value)", place);
  }
});

Deno.test("a template ends where it can be put anywhere: in no tag, comment or script", () => {
  assertThrows(() => html`<p title="`, TypeError, "in the middle of a tag");
  assertThrows(
    () =>
      html`
        <p
      `,
    TypeError,
    "in the middle of a tag",
  );
  assertThrows(() => html`<p title=${"x"}`, TypeError, "in the middle of a tag");
  assertThrows(
    () =>
      html`
        <!--
      `,
    TypeError,
    "in the middle of a comment",
  );
  assertThrows(() => html`<script>`, TypeError, "in the middle of the element script");
  assertThrows(() => html`a <`, TypeError, "in the middle of a tag");
});

Deno.test("what JSON cannot say is null in a script", async () => {
  const page = html`<script>f(${json(undefined)}, ${json(() => 1)}, ${json({ a: undefined })})</script>`;
  assertEquals(await renderToString(page), "<script>f(null, null, {})</script>");
});
