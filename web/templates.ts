/**
 * HTML as tagged templates. What is put in is escaped for where it stands; a Deferred, a promise or an async iterable may
 * stand anywhere, and what is before it is sent while it is waited for.
 *
 * @example
 * ```ts
 * import { html, renderToString } from "@ropewalk/web/templates";
 * import { assertEquals } from "@std/assert";
 *
 * const names = ["Ada", "<b>"];
 * const page = html`<ul title="${"a & b"}">${names.map((name) => html`<li>${name}</li>`)}</ul>`;
 * assertEquals(
 *   await renderToString(page),
 *   '<ul title="a &amp; b"><li>Ada</li><li>&lt;b&gt;</li></ul>',
 * );
 * ```
 *
 * @module
 */
import { Deferred } from "@ropewalk/deferred";
import { contextsOf, type Slot } from "./_template_contexts.ts";
import { escapeHTML } from "./html.ts";

/** What can stand in a template. Nothing is shown for `null`, `undefined` and booleans. */
export type TemplateValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Template
  | RawHTML
  | Deferred<TemplateValue>
  | PromiseLike<TemplateValue>
  | Iterable<TemplateValue>
  | AsyncIterable<TemplateValue>;

/** HTML that is taken as it is. */
export class RawHTML {
  /**
   * Makes one.
   *
   * @param text The HTML.
   */
  constructor(readonly text: string) {}
}

/**
 * Takes text as HTML that is safe already. Never give it what somebody typed.
 *
 * @param text The HTML.
 */
export function raw(text: string): RawHTML {
  return new RawHTML(text);
}

/** A piece of HTML with values in it. A render method may return it. */
export class Template implements AsyncIterable<string> {
  readonly #strings: readonly string[];
  readonly #slots: readonly Slot[];
  readonly #values: readonly TemplateValue[];

  /** @ignore Made by {@linkcode html}, and by JSX. */
  constructor(
    strings: readonly string[],
    values: readonly TemplateValue[],
    slots?: readonly Slot[],
  ) {
    const contexts = slots === undefined ? contextsOf(strings) : { strings, slots };
    this.#strings = contexts.strings;
    this.#slots = contexts.slots;
    this.#values = values;
  }

  /** The text in pieces: one for everything up to each place where something is waited for. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string, void> {
    let text = "";
    for (const piece of this._pieces()) {
      if (typeof piece === "string") {
        text += piece;
        continue;
      }
      if (text !== "") yield text; // flush before waiting
      text = "";
      yield* piece;
    }
    if (text !== "") yield text;
  }

  /** @ignore The parts: text, and what has to be waited for. */
  *_pieces(): Generator<string | AsyncIterable<string>> {
    for (let i = 0; i < this.#values.length; i++) {
      yield this.#strings[i]!;
      yield* piecesOf(this.#values[i], this.#slots[i]!);
    }
    yield this.#strings[this.#values.length]!;
  }
}

function* piecesOf(value: TemplateValue, slot: Slot): Generator<string | AsyncIterable<string>> {
  if (value === null || value === undefined || typeof value === "boolean") return;
  if (typeof value === "string") yield slot.escape(value);
  else if (typeof value === "number" || typeof value === "bigint") yield slot.escape(String(value));
  else if (value instanceof Template) {
    if (slot.takesMarkup !== true) throw new TypeError(`Cannot put HTML into ${slot.name}`);
    yield* value._pieces();
  } else if (value instanceof RawHTML) {
    if (!slot.takesMarkup) throw new TypeError(`Cannot put HTML into ${slot.name}`);
    yield value.text;
  } else if (Deferred.is(value) || "then" in value) yield later(value as PromiseLike<unknown>, slot);
  else if (Symbol.asyncIterator in value) yield each(value, slot);
  else if (Symbol.iterator in value) {
    for (const one of value) yield* piecesOf(one, slot);
  } else throw new TypeError("Cannot put this object into a template");
}

async function* flatten(value: TemplateValue, slot: Slot): AsyncGenerator<string, void> {
  for (const piece of piecesOf(value, slot)) {
    if (typeof piece === "string") yield piece;
    else yield* piece;
  }
}

async function* later(promise: PromiseLike<unknown>, slot: Slot): AsyncGenerator<string, void> {
  yield* flatten(await promise as TemplateValue, slot);
}

async function* each(values: AsyncIterable<TemplateValue>, slot: Slot): AsyncGenerator<string, void> {
  for await (const value of values) yield* flatten(value, slot);
}

/**
 * HTML with values in it, each escaped for the place where it stands: between tags, in an attribute (with or without
 * quotes), in a URL attribute (where `javascript:` and its kin are refused), in a comment. In `script` and `style` only
 * JSON can stand, as {@linkcode json} makes it.
 *
 * @throws {TypeError} If a value stands where nothing can be made safe (in the name of a tag or an attribute, in
 * `onclick` and its kin), or the template ends in the middle of a tag or comment.
 */
export function html(strings: TemplateStringsArray, ...values: TemplateValue[]): Template {
  return new Template(strings, values);
}

/**
 * A value as JSON that can stand in a `script` element.
 *
 * @param value Anything that JSON can say; what it cannot, such as a function, is `null`.
 */
export function json(value: unknown): RawHTML {
  return new RawHTML(
    (JSON.stringify(value) ?? "null").replace(
      /[<>&\u2028\u2029]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ),
  );
}

/** All of a template's text. */
export async function renderToString(template: Template): Promise<string> {
  let text = "";
  for await (const piece of template) text += piece;
  return text;
}

export { escapeHTML };
