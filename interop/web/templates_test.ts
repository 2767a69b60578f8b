/** Chromium reads what templates make of hostile values: the page has the elements and attributes of the template, no others. */
import { reactor } from "@ropewalk/reactor";
import { Resource, Site } from "@ropewalk/web";
import { html, json, renderToString, type Template } from "@ropewalk/web/templates";
import { assert, assertEquals } from "@std/assert";
import { EVIL, SCRIPT_URL, TABLE } from "../../web/_template_cases_test.ts";
import { visit } from "./_browser.ts";

const HOSTILE: readonly string[] = [
  EVIL,
  SCRIPT_URL,
  "javascript:alert(1)",
  " \u0001javascript&colon;alert(1)",
  "java&#115;cript:x",
  'x" onclick="alert(1)',
  "x' onclick='alert(1)",
  "x onclick=alert(1)",
  "`onclick=alert(1)",
  "--><img src=x onerror=alert(1)>",
  "--!><img src=x onerror=alert(1)>",
  "-",
  ">",
  "->",
  "</title></textarea></p></a><script>alert(1)</script>",
  "<!--",
  "]]><svg onload=alert(1)>",
  "\u2028\u2029\ufeff<x>",
  "=x",
  "/x=",
  "",
];

/** Compares the elements and attributes of pages by pairs, and says in its title which differ. */
function page(pairs: readonly (readonly [string, string])[]): Template {
  return html`
    <!DOCTYPE html>
    <title>not loaded</title>
    <script>
    const skeleton = (text) => [...new DOMParser().parseFromString(text, "text/html").querySelectorAll("*")].map((e) =>
      [e.localName, ...e.getAttributeNames()].join(" ")).join("|");
    const runs = (text) => [...new DOMParser().parseFromString(text, "text/html").querySelectorAll("*")].some((e) =>
      ["href", "src", "action", "formAction", "data"].some((name) => /^(?:javascript|vbscript|data):/i.test(e[name])));
    const wrong = [];
    ${json(pairs)}.forEach(([plain, hostile], i) => {
      if (skeleton(plain) !== skeleton(hostile) || runs(hostile)) wrong.push(i);
    });
    document.title = JSON.stringify(wrong);
    </script>
  `;
}

async function verdict(pairs: readonly (readonly [string, string])[]): Promise<number[]> {
  class Only extends Resource {
    override isLeaf = true;
    render_GET(): Template {
      return page(pairs);
    }
  }
  const site = new Site(new Only(), { accessLog: "none" });
  await using port = reactor.listenTCP(0, site, { hostname: "127.0.0.1" });
  await port.ready;
  try {
    const dom = await visit(`http://127.0.0.1:${(port.getHost() as { port: number }).port}/`, 1200);
    return JSON.parse(/<title>(.*)<\/title>/.exec(dom)![1]!);
  } finally {
    await site.drain(5);
  }
}

Deno.test("Chromium finds no element, attribute or script in a page that its template does not have", async () => {
  const pairs: [string, string][] = [];
  const places: string[] = [];
  for (const { place, template, refuses } of TABLE) {
    if (refuses !== undefined) continue;
    for (const value of HOSTILE) {
      places.push(`${place}: ${JSON.stringify(value)}`);
      pairs.push([await renderToString(template("x")), await renderToString(template(value))]);
    }
  }
  // What Chromium has to find if it looks at all.
  const caught: [string, string][] = [
    ['<p title="x">', '<p title="x" onclick="y">'],
    ['<a href="x">', '<a href="javascript:x">'],
    ["<p>", "<p><b>"],
  ];
  const wrong = await verdict([...pairs, ...caught]);
  assertEquals(wrong.slice(-3), [pairs.length, pairs.length + 1, pairs.length + 2]);
  assertEquals(wrong.slice(0, -3).map((i) => `${places[i]}\n  ${pairs[i]![1]}`), []);
  assert(pairs.length > 500);
});
