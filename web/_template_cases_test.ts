/**
 * Every place of a template where a value may stand, and what is made of hostile ones there: for the tests here and for
 * those in a browser.
 * @module
 */
import { html, type Template, type TemplateValue } from "./templates.ts";

/** Ends everything that can be ended, and begins everything that can be begun. */
export const EVIL = `"'><script>--!>x</script>&amp; =\`${"\0"}`;
const ESCAPED = `&quot;&#39;&gt;&lt;script&gt;--!&gt;x&lt;/script&gt;&amp;amp; =\`${"\0"}`;
/** What a browser runs where a URL may stand, the tab notwithstanding. */
export const SCRIPT_URL = "java\tscript:alert(1)//";

/** What a place makes of a value: what is sent, or what is refused. */
export interface Row {
  readonly place: string;
  readonly template: (value: TemplateValue) => Template;
  readonly evil?: string;
  readonly url?: string;
  /** A part of the message, where no value, or none of these, can stand. */
  readonly refuses?: string;
}

const TEXT = { evil: ESCAPED, url: SCRIPT_URL };
const URLS = { evil: ESCAPED, url: "about:invalid" };

/** Every place. */
export const TABLE: readonly Row[] = [
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
