/**
 * Every place of a template, and hostile values in it: one row each.
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EVIL, type Row, SCRIPT_URL, TABLE } from "./_template_cases_test.ts";
import { html, json, raw, renderToString, type TemplateValue } from "./templates.ts";

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
