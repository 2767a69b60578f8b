/**
 * CTCP: requests inside messages, between two marks.
 * @module
 */

const MARK = "\x01";

/** One request or reply. */
export interface CTCP {
  /** The tag, in upper case: `ACTION`, `VERSION` … */
  readonly tag: string;
  /** What follows it, or `null`. */
  readonly data: string | null;
}

/** Takes the requests out of a message's text. */
export function extractCTCP(text: string): { messages: CTCP[]; rest: string } {
  const messages: CTCP[] = [];
  let rest = "";
  text.split(MARK).forEach((part, i) => {
    if (i % 2 === 0) {
      rest += part;
      return;
    }
    if (part === "") return;
    const space = part.indexOf(" ");
    messages.push(
      space < 0
        ? { tag: part.toUpperCase(), data: null }
        : { tag: part.slice(0, space).toUpperCase(), data: part.slice(space + 1) },
    );
  });
  return { messages, rest };
}

/** A request as a message's text. */
export function formatCTCP({ tag, data }: CTCP): string {
  const text = data === null ? tag : `${tag} ${data}`;
  return MARK + text.replaceAll(MARK, "") + MARK;
}
