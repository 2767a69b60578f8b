/**
 * JSX for pages: what the platform's transforms call, on the values of `@ropewalk/web/templates`. An element is a
 * {@linkcode Template}; what stands in it is escaped for its place, and a Deferred, a promise or an async iterable may
 * stand anywhere. A component is a function of its properties, and may be `async`.
 *
 * A program asks for it in its `deno.json` (`"jsx": "react-jsx"` does the same with less done beforehand):
 *
 * ```json
 * { "compilerOptions": { "jsx": "precompile", "jsxImportSource": "@ropewalk/web" } }
 * ```
 *
 * @example What a compiler makes of `<a href={url}>{name}</a>`
 * ```ts
 * import { jsxAttr, jsxEscape, jsxTemplate } from "@ropewalk/web/jsx-runtime";
 * import { renderToString } from "@ropewalk/web/templates";
 * import { assertEquals } from "@std/assert";
 *
 * const strings = ["<a ", ">", "</a>"];
 * const page = jsxTemplate(strings, jsxAttr("href", "javascript:x"), jsxEscape("<b>"));
 * assertEquals(await renderToString(page), '<a href="about:invalid">&lt;b&gt;</a>');
 * ```
 *
 * @module
 */
import { ATTRIBUTES, attributeSlot, contentSlot, contextsOf, type Slot } from "./_template_contexts.ts";
import { RawHTML, Template, type TemplateValue } from "./templates.ts";

export type { RawHTML, Template, TemplateValue };

/** What is written in an element's tag, and between its tags. */
export interface ElementProps {
  /** What stands between the tags. */
  children?: TemplateValue;
  /** An attribute: nothing for `null`, `undefined` and `false`, its name alone for `true`. */
  [attribute: string]: TemplateValue;
}

/** A component: a function from its properties to what is shown. */
// deno-lint-ignore ban-types
export type Component<P = {}> = (props: P) => TemplateValue;

/** What TypeScript looks for to check JSX. */
export declare namespace JSX {
  /** What an expression in JSX is. */
  type Element = Template;
  /** What can stand as the name of a tag. */
  type ElementType = string | ((props: never) => TemplateValue);
  /** Every element of HTML and SVG. */
  interface IntrinsicElements {
    /** Any tag, with any attributes. */
    [tag: string]: ElementProps;
  }
  /** What every tag takes. */
  interface IntrinsicAttributes {
    /** Taken and not shown, unless it is a constant in what is precompiled: programs written for other runtimes give it. */
    key?: string | number | undefined;
  }
  /** Which property holds what stands between the tags. */
  interface ElementChildrenAttribute {
    /** This one. */
    children: unknown;
  }
}

const TAG = /^[a-zA-Z][\w:.-]*$/;
// deno-lint-ignore no-control-regex
const ATTRIBUTE = /^[^\s"'<>/=\0-\x1f\x7f]+$/;
const AROUND: readonly string[] = ["", ""];
const TEXT: readonly Slot[] = [contentSlot("")];
/** The elements that have nothing between tags, and no end tag (HTML §13.1.2). */
const VOID = new Set(
  "area base br col embed hr img input link meta source track wbr".split(" "),
);
/** What programs written for other runtimes call some attributes. */
const ALIASES: Readonly<Record<string, string>> = { className: "class", htmlFor: "for" };

function own(props: object): [string, TemplateValue][] {
  return Object.entries(props).filter(([name]) => name !== "children" && name !== "key");
}

/**
 * An element, or what a component shows.
 *
 * @param type The name of a tag, or a component.
 * @param props The attributes, and what stands between the tags as `children`.
 * @param _key Taken and not shown.
 * @throws {TypeError} If something is no name, or a void element has content, or nothing can be made safe for an
 * attribute.
 */
export function jsx<P extends object>(
  type: string | Component<P>,
  props: P,
  _key?: string | number,
): Template {
  if (typeof type === "function") return new Template(AROUND, [type(props)], TEXT);
  if (typeof type !== "string" || !TAG.test(type)) {
    throw new TypeError(`Cannot make an element: ${type} is no tag`);
  }
  const values: TemplateValue[] = [];
  const slots: Slot[] = [];
  const strings = [`<${type}`];
  for (const [name, value] of own(props)) {
    const attribute = jsxAttr(name, value);
    if (attribute === null) continue;
    strings[strings.length - 1] += " ";
    values.push(attribute);
    slots.push(ATTRIBUTES);
    strings.push("");
  }
  const { children } = props as ElementProps;
  if (VOID.has(type.toLowerCase())) {
    if (children !== undefined && children !== null) {
      throw new TypeError(`Cannot put anything into <${type}>`);
    }
    strings[strings.length - 1] += ">";
  } else {
    strings[strings.length - 1] += ">";
    values.push(children);
    slots.push(contentSlot(type));
    strings.push(`</${type}>`);
  }
  return new Template(strings, values, slots);
}

/** As {@linkcode jsx}: an element with several things between its tags. */
export const jsxs: typeof jsx = jsx;

/**
 * Several things without an element around them, as `<>…</>` writes it.
 *
 * @param props What they are.
 */
export function Fragment(props: { children?: TemplateValue }): TemplateValue {
  return props.children;
}

/**
 * HTML that was put together by the compiler, with values in it.
 *
 * @param strings What stands around the values; the same array each time, for it is read once.
 * @param values What {@linkcode jsxAttr}, {@linkcode jsxEscape} and {@linkcode jsx} made.
 */
export function jsxTemplate(strings: readonly string[], ...values: TemplateValue[]): Template {
  const contexts = contextsOf(strings, true);
  return new Template(contexts.strings, values, contexts.slots);
}

/**
 * A whole attribute, its value escaped as `html` does it; a URL that would run a script becomes `about:invalid`.
 *
 * @param name What it is called.
 * @param value Its value: `null` and `false` leave it away, `true` gives its name alone.
 * @throws {TypeError} If the name is none, or nothing can be made safe for it (`onclick`, `srcdoc`).
 */
export function jsxAttr(name: string, value: TemplateValue): Template | RawHTML | null {
  if (name === "dangerouslySetInnerHTML") {
    throw new TypeError("Cannot set inner HTML: put raw(text) between the tags");
  }
  if (!ATTRIBUTE.test(name)) {
    throw new TypeError(`Cannot make an attribute: ${JSON.stringify(name)} is no name`);
  }
  if (name === "key" || value === null || value === undefined || value === false) return null;
  const written = ALIASES[name] ?? name;
  const slot = attributeSlot(written);
  if (value === true) return new RawHTML(written);
  return new Template([`${written}="`, '"'], [value], [slot]);
}

/**
 * What stands between tags; it is escaped when it is sent, for the place where it stands.
 *
 * @param value Anything that can stand in a template.
 */
export function jsxEscape(value: TemplateValue): TemplateValue {
  return value;
}
