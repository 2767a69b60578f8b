/**
 * Where the values of a template stand: worked out once for each template, by a small reading of its HTML.
 * @module
 */
import { escapeHTML } from "./html.ts";

/** One place of a template. */
export interface Slot {
  /** What it is, for messages. */
  readonly name: string;
  /** Whether HTML can stand there: `"raw"` if only such as its maker answers for. */
  readonly takesMarkup: boolean | "raw";
  /** Makes text safe for it. */
  readonly escape: (text: string) => string;
}

const TEXT: Slot = { name: "text", takesMarkup: true, escape: escapeHTML };
const QUOTED: Slot = { name: "an attribute", takesMarkup: false, escape: escapeHTML };
const UNQUOTED: Slot = {
  name: "an attribute without quotes",
  takesMarkup: false,
  // Every character that could end the value, or begin another thing, as a reference; an empty value would eat the next.
  escape: (text) =>
    text === "" ? '""' : text.replace(/[^\w.,:/#-]/gu, (character) => `&#${character.codePointAt(0)};`),
};
const URL_START: Slot = { name: "a URL", takesMarkup: false, escape: (text) => escapeHTML(safeURL(text)) };
const URL_START_UNQUOTED: Slot = {
  ...UNQUOTED,
  name: "a URL",
  escape: (text) => UNQUOTED.escape(safeURL(text)),
};
// What a value is followed or preceded by may make a scheme of it: `${"java"}${"script:…"}`.
const URL_MIDDLE: Slot = {
  name: "a URL",
  takesMarkup: false,
  escape: (text) => escapeHTML(withoutScheme(text)),
};
const URL_MIDDLE_UNQUOTED: Slot = {
  ...UNQUOTED,
  name: "a URL",
  escape: (text) => UNQUOTED.escape(withoutScheme(text)),
};
const URL_SCHEME: Slot = {
  name: "the scheme of a URL",
  takesMarkup: false,
  escape: (text) => safeURL(`${text}:`) === `${text}:` ? escapeHTML(text) : "about",
};
const COMMENT: Slot = {
  name: "a comment",
  takesMarkup: false,
  escape: (text) => text.replace(/-/g, "- ").replace(/</g, "&lt;").replace(/>/g, "&gt;"),
};
const SCRIPT: Slot = {
  name: "a script or style",
  takesMarkup: "raw", // json() is made for it; a template is escaped for HTML
  escape: () => {
    throw new TypeError("Cannot put text into a script or style: use json(value)");
  },
};

const STYLE: Slot = {
  name: "a style attribute",
  takesMarkup: false,
  escape: (text) => {
    if (/^[\w\s.%#,-]*$/.test(text)) return text;
    throw new TypeError(
      `Cannot put ${JSON.stringify(text)} into a style attribute: only plain words and numbers`,
    );
  },
};

/** Attributes that nothing can be made safe for: scripts, and documents of their own. */
const FORBIDDEN = /^(?:on|srcdoc$)/;
/** Attributes whose value is a URL that a browser follows. */
const URL_ATTRIBUTES = new Set([
  "href",
  "src",
  "action",
  "formaction",
  "data",
  "poster",
  "cite",
  "ping",
  "xlink:href",
]);
/** The attributes of a JSX element: only what {@linkcode attributeSlot} made safe stands there. */
export const ATTRIBUTES: Slot = {
  name: "the attributes of an element",
  takesMarkup: true,
  escape: () => {
    throw new TypeError("Cannot put text among the attributes of an element");
  },
};

/** Elements whose content is no HTML. */
const RAW_ELEMENTS = new Set(["script", "style"]);

/** What stands between the tags of an element. */
export function contentSlot(tag: string): Slot {
  return RAW_ELEMENTS.has(tag.toLowerCase()) ? SCRIPT : TEXT;
}

/**
 * The whole value of an attribute, between double quotes.
 *
 * @throws {TypeError} If nothing can be made safe there.
 */
export function attributeSlot(attribute: string): Slot {
  const name = attribute.toLowerCase();
  refuseForbidden(name);
  if (name === "style") return STYLE;
  return URL_ATTRIBUTES.has(name) ? URL_START : QUOTED;
}

function refuseForbidden(attribute: string): void {
  if (!FORBIDDEN.test(attribute)) return;
  throw new TypeError(`Cannot put a value into ${attribute}: it is a script or a document of its own`);
}

/** A URL of a scheme that runs nothing; others become `about:invalid`. */
function safeURL(text: string): string {
  const scheme = /^[^/?#]*?:/.exec(text.replace(/[^\x21-\uffff]+/g, ""));
  if (scheme === null || /^(?:https?|mailto|tel|ftp|wss?):$/i.test(scheme[0])) return text;
  return "about:invalid";
}

// A colon that could end a scheme is written so that it does not.
function withoutScheme(text: string): string {
  const end = text.search(/[/?#]/);
  return end < 0 ? text.replaceAll(":", "%3A") : text.slice(0, end).replaceAll(":", "%3A") + text.slice(end);
}

const known = new WeakMap<readonly string[], readonly Slot[]>();

/**
 * The places of a template's values.
 *
 * @param strings What stands around them; read once for each array.
 * @param ofJSX Whether whole attributes may be values, as the platform's precompile of JSX makes them.
 * @throws {TypeError} If one is where nothing can be made safe.
 */
export function contextsOf(strings: readonly string[], ofJSX = false): readonly Slot[] {
  const before = known.get(strings);
  if (before !== undefined) return before;
  const slots: Slot[] = [];
  const reader = new Reader();
  for (let i = 0; i < strings.length - 1; i++) {
    reader.read(strings[i]!);
    slots.push(reader.slot(strings[i + 1]!, ofJSX));
  }
  known.set(strings, slots);
  return slots;
}

type State = "text" | "tag" | "name" | "before" | "quoted" | "unquoted" | "comment" | "raw";

/** Reads HTML as far as it has to know where it is. */
class Reader {
  #state: State = "text";
  #tag = "";
  #attribute = "";
  #quote = "";
  #valueEmpty = true;
  #schemeOpen = false; // all of the value so far was put in: it may yet become a URL's scheme
  #dangling = false; // a `<` stands right before the value

  read(html: string): void {
    let i = 0;
    this.#dangling = /<[/!]?-?$/.test(html);
    while (i < html.length) {
      const rest = html.slice(i);
      const c = html[i]!;
      switch (this.#state) {
        case "text": {
          const match = /<(?:(!--)|\/?([a-zA-Z][^\s/>]*))/.exec(rest);
          if (match === null) return;
          i += match.index + match[0].length;
          if (match[1] !== undefined) this.#state = "comment";
          else {
            this.#tag = match[0][1] === "/" ? "" : match[2]!.toLowerCase();
            this.#state = "tag";
          }
          break;
        }
        case "comment": {
          const end = rest.indexOf("-->");
          if (end < 0) return;
          i += end + 3;
          this.#state = "text";
          break;
        }
        case "raw": {
          const match = new RegExp(`</${this.#tag}[\\s/>]`, "i").exec(rest);
          if (match === null) return;
          i += match.index + match[0].length - 1;
          this.#tag = "";
          this.#state = "tag";
          break;
        }
        case "tag": // between attributes
          if (c === ">") {
            this.#state = RAW_ELEMENTS.has(this.#tag) ? "raw" : "text";
            i++;
          } else if (/[\s/]/.test(c)) i++;
          else {
            this.#attribute = "";
            this.#state = "name";
          }
          break;
        case "name":
          if (c === "=") {
            this.#state = "before";
            i++;
          } else if (/[\s/>]/.test(c)) this.#state = "tag";
          else {
            this.#attribute += c.toLowerCase();
            i++;
          }
          break;
        case "before": // the value
          if (c === '"' || c === "'") {
            this.#quote = c;
            this.#state = "quoted";
            this.#valueEmpty = true;
            this.#schemeOpen = false;
            i++;
          } else if (/\s/.test(c)) i++;
          else {
            this.#state = "unquoted";
            this.#valueEmpty = true;
            this.#schemeOpen = false;
          }
          break;
        case "quoted": {
          const end = rest.indexOf(this.#quote);
          if (end !== 0) this.#valueEmpty = false;
          if (/[:/?#]/.test(end < 0 ? rest : rest.slice(0, end))) this.#schemeOpen = false;
          if (end < 0) return;
          i += end + 1;
          this.#state = "tag";
          break;
        }
        case "unquoted": {
          const end = rest.search(/[\s>]/);
          if (end !== 0) this.#valueEmpty = false;
          if (/[:/?#]/.test(end < 0 ? rest : rest.slice(0, end))) this.#schemeOpen = false;
          if (end < 0) return;
          i += end;
          this.#state = "tag";
          break;
        }
      }
    }
  }

  slot(next: string, ofJSX: boolean): Slot {
    const isURL = URL_ATTRIBUTES.has(this.#attribute);
    const inValue = this.#state === "quoted" || this.#state === "before" || this.#state === "unquoted";
    if (inValue) refuseForbidden(this.#attribute);
    if (inValue && this.#attribute === "style") {
      if (this.#state === "before") {
        throw new TypeError("Cannot put a value into a style attribute without quotes");
      }
      return STYLE;
    }
    switch (this.#state) {
      case "text":
        if (this.#dangling) break;
        return TEXT;
      case "comment":
        return COMMENT;
      case "raw":
        return SCRIPT;
      case "quoted": {
        const first = this.#valueEmpty;
        this.#valueEmpty = false;
        if (!isURL || !first && !this.#schemeOpen) return QUOTED;
        this.#schemeOpen = true;
        return !first ? URL_MIDDLE : /^[\w+.-]*:/.test(next) ? URL_SCHEME : URL_START;
      }
      case "before":
        this.#state = "unquoted";
        this.#valueEmpty = false;
        this.#schemeOpen = true;
        if (isURL && /^[\w+.-]*:/.test(next)) {
          throw new TypeError("Cannot put the scheme of a URL into an attribute without quotes");
        }
        return isURL ? URL_START_UNQUOTED : UNQUOTED;
      case "unquoted":
        return isURL && this.#schemeOpen ? URL_MIDDLE_UNQUOTED : UNQUOTED;
      case "tag":
        if (ofJSX) return ATTRIBUTES;
    }
    throw new TypeError("Cannot put a value into a template where the name of a tag or attribute stands");
  }
}
