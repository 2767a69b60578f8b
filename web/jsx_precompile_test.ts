/**
 * The platform compiles JSX, in both of its ways, and runs what came of it: in a process and with a `deno.json` of its own.
 */
import { assertEquals } from "@std/assert";

/** Every kind of place that JSX has, with hostile values in it. */
const PAGE = `
import { renderToString, json, raw, type TemplateValue } from "@ropewalk/web/templates";
import { calls } from "@ropewalk/web/jsx-runtime";

const evil = "\\"'><script>&";
const url = "java\\tscript:alert(1)";
const props = { title: evil, href: url, hidden: true, id: undefined };

function Box({ label, children }: { label: string; children?: TemplateValue }) {
  return <section title={label}>{children}</section>;
}

async function Later({ text }: { text: string }) {
  await Promise.resolve();
  return <i>{text}</i>;
}

const page = (
  <main class="a" data-x={evil}>
    <p title="static &quot; text">{evil}</p>
    <a href={url} class={"b"}>{evil} and <b>{1}</b></a>
    <a {...props}>spread</a>
    <input type="checkbox" checked disabled={false} value={evil} />
    <br />
    <Box label={evil}><Later text={evil} />{[..."x"].map((x) => <em key={x}>{x}</em>)}{[null, true, "y"]}</Box>
    <>{raw("<hr>")}{Promise.resolve(evil)}</>
    <script>{json({ evil })}</script>
  </main>
);
const refused = [];
for (const make of [
  () => <p onclick={evil}></p>,
  () => <iframe srcdoc={evil}></iframe>,
  () => <p style={"a:" + evil}></p>,
  () => <script>{evil}</script>,
]) {
  try {
    await renderToString(make());
  } catch (error) {
    refused.push((error as Error).name);
  }
}
console.log(JSON.stringify({ text: await renderToString(page), refused, calls }));
`;

/** The runtime, and how often it was asked in the way of precompiled pages. */
const RUNTIME = `
import { jsxTemplate as template } from "ropewalk-jsx";
export { Fragment, jsx, jsxAttr, jsxEscape, jsxs, type JSX } from "ropewalk-jsx";
export const calls = { templates: 0 };
export const jsxTemplate: typeof template = (...args) => {
  calls.templates++;
  return template(...args);
};
`;

const SAFE = "&quot;&#39;&gt;&lt;script&gt;&amp;";

async function compiled(
  jsx: "precompile" | "react-jsx",
): Promise<{ text: string; refused: string[]; templates: boolean }> {
  const folder = await Deno.makeTempDir();
  try {
    const ours = (path: string) => new URL(path, import.meta.url).href;
    await Deno.writeTextFile(
      `${folder}/deno.json`,
      JSON.stringify({
        compilerOptions: { jsx, jsxImportSource: "@ropewalk/web", strict: true },
        imports: {
          "@ropewalk/web/jsx-runtime": "./runtime.ts",
          "@ropewalk/web/templates": ours("./templates.ts"),
          "@ropewalk/deferred": ours("../deferred/mod.ts"),
          "ropewalk-jsx": ours("./jsx_runtime.ts"),
        },
      }),
    );
    await Deno.writeTextFile(`${folder}/page.tsx`, PAGE);
    await Deno.writeTextFile(`${folder}/runtime.ts`, RUNTIME);
    const { code, stdout, stderr } = await new Deno.Command("deno", {
      args: ["run", "--no-lock", "--no-prompt", jsx === "precompile" ? "--check" : "--no-check", "page.tsx"],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals([code, code === 0 ? "" : new TextDecoder().decode(stderr)], [0, ""]);
    const { text, refused, calls } = JSON.parse(new TextDecoder().decode(stdout));
    return { text, refused, templates: calls.templates > 0 };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("JSX is the same page precompiled and not, and nothing hostile leaves its place", async () => {
  const [precompiled, plain] = await Promise.all([compiled("precompile"), compiled("react-jsx")]);
  assertEquals([precompiled.templates, plain.templates], [true, false]);
  assertEquals(precompiled.refused, Array(4).fill("TypeError"));
  assertEquals(plain.refused, precompiled.refused);
  const expected = `<main class="a" data-x="${SAFE}"><p title="static &quot; text">${SAFE}</p>` +
    `<a href="about:invalid" class="b">${SAFE} and <b>1</b></a>` +
    `<a title="${SAFE}" href="about:invalid" hidden>spread</a>` +
    `<input type="checkbox" checked value="${SAFE}"><br>` +
    `<section title="${SAFE}"><i>${SAFE}</i><em>x</em>y</section><hr>${SAFE}` +
    `<script>{"evil":"\\"'\\u003e\\u003cscript\\u003e\\u0026"}</script></main>`;
  const tidy = (text: string) => text.replace(/ +(?=[ >])/g, ""); // an attribute that is left away leaves its blank
  assertEquals(tidy(precompiled.text), expected);
  assertEquals(tidy(plain.text), expected);
});
