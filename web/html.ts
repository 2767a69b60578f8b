/**
 * Escaping for HTML.
 * @module
 */

const SPECIAL = /[&<>"']/g;
const SPECIAL_ONCE = /[&<>"']/;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Text that can stand in HTML, both between tags and inside a quoted attribute.
 *
 * @param text Any text.
 *
 * @example
 * ```ts
 * import { escapeHTML } from "@ropewalk/web";
 *
 * console.assert(escapeHTML("<b>") === "&lt;b&gt;");
 * ```
 */
export function escapeHTML(text: string): string {
  return SPECIAL_ONCE.test(text) ? text.replace(SPECIAL, (character) => ENTITIES[character]!) : text;
}
