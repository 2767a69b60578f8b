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
const URL_START: Slot = { name: "a URL", takesMarkup: false, escape: (text) => escapeHTML(safeURL(text)) };
// What a value is followed or preceded by may make a scheme of it: `${"java"}${"script:…"}`.
const URL_MIDDLE: Slot = {
  name: "a URL",
  takesMarkup: false,
  escape: (text) => escapeHTML(withoutScheme(text)),
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
  "background",
  "manifest",
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

/** A template that was read: what stands around its values, and where they stand. */
export interface Contexts {
  /** The HTML between the values; attributes without quotes, in which values stand, have some. */
  readonly strings: readonly string[];
  /** The places of the values. */
  readonly slots: readonly Slot[];
}

const known = new WeakMap<readonly string[], Contexts>();

/**
 * The places of a template's values.
 *
 * @param strings What stands around them; read once for each array.
 * @param ofJSX Whether whole attributes may be values, as the platform's precompile of JSX makes them.
 * @throws {TypeError} If one is where nothing can be made safe, or the template ends in the middle of something.
 */
export function contextsOf(strings: readonly string[], ofJSX = false): Contexts {
  const before = known.get(strings);
  if (before !== undefined) return before;
  const slots: Slot[] = [];
  const reader = new Reader();
  const read = strings.map((html, i) => {
    const isLast = i === strings.length - 1;
    const text = reader.read(html, !isLast);
    if (isLast) reader.end();
    else slots.push(reader.slot(strings[i + 1]!, ofJSX));
    return text;
  });
  const contexts = { strings: read, slots };
  known.set(strings, contexts);
  return contexts;
}

type State = "text" | "tag" | "name" | "after name" | "before" | "quoted" | "unquoted" | "comment" | "raw";

/** The quotes of an attribute that has none in the template: they are put in. */
const OURS = "";
/** What ends a value without quotes. */
const UNQUOTED_END = /[\s>]/;
/** What may yet become the scheme of a URL, and its colon. */
const SCHEME_END = /^[\w+.-]*:/;

/** Reads HTML as far as it has to know where it is. */
class Reader {
  #state: State = "text";
  #tag = "";
  #attribute = "";
  #quote = OURS;
  #valueEmpty = true;
  #schemeOpen = false; // nothing so far in the value ends what may be a URL's scheme
  #dangling = false; // a `<` stands right before the value

  /**
   * Reads on.
   *
   * @param html Some HTML.
   * @param more Whether a value follows.
   * @returns The HTML, with quotes around attributes that have none and go on in a value: a value that is empty, or
   * shows nothing, would leave the next attribute to be taken for it.
   */
  read(html: string, more: boolean): string {
    let out = "";
    let from = 0; // of what is not in `out` yet
    let i = 0;
    this.#dangling = /<[/!]?-?$/.test(html);
    while (i < html.length) {
      const rest = html.slice(i);
      const c = html[i]!;
      switch (this.#state) {
        case "text": {
          const match = /<(?:(!--(?:-?>)?)|\/?([a-zA-Z][^\s/>]*))/.exec(rest);
          if (match === null) return out + html.slice(from);
          i += match.index + match[0].length;
          if (match[1] !== undefined) {
            if (!match[1].endsWith(">")) this.#state = "comment"; // `<!-->` is a whole one
          } else {
            this.#tag = match[0][1] === "/" ? "" : match[2]!.toLowerCase();
            this.#state = "tag";
          }
          break;
        }
        case "comment": {
          const match = /--!?>/.exec(rest);
          if (match === null) return out + html.slice(from);
          i += match.index + match[0].length;
          this.#state = "text";
          break;
        }
        case "raw": {
          const match = new RegExp(`</${this.#tag}[\\s/>]`, "i").exec(rest);
          if (match === null) return out + html.slice(from);
          i += match.index + match[0].length - 1;
          this.#tag = "";
          this.#state = "tag";
          break;
        }
        case "tag": // between attributes
          if (c === ">") this.#state = RAW_ELEMENTS.has(this.#tag) ? "raw" : "text";
          else if (!/[\s/]/.test(c)) {
            this.#attribute = c.toLowerCase(); // also a `=`: it begins a name here
            this.#state = "name";
          }
          i++;
          break;
        case "name":
        case "after name":
          if (c === "=") {
            this.#state = "before";
            i++;
          } else if (/\s/.test(c)) {
            this.#state = "after name"; // its `=` may yet come
            i++;
          } else if (this.#state === "after name" || /[/>]/.test(c)) this.#state = "tag";
          else {
            this.#attribute += c.toLowerCase();
            i++;
          }
          break;
        case "before": // the value
          if (/\s/.test(c)) i++;
          else {
            const isQuote = c === '"' || c === "'";
            this.#begin(isQuote ? c : OURS);
            this.#state = isQuote ? "quoted" : c === ">" ? "tag" : "unquoted";
            if (isQuote) i++;
          }
          break;
        case "quoted": {
          const ours = this.#quote === OURS;
          const end = ours ? rest.search(UNQUOTED_END) : rest.indexOf(this.#quote);
          const text = end < 0 ? rest : rest.slice(0, end);
          this.#passed(text);
          if (ours) {
            out += html.slice(from, i) + text.replaceAll('"', "&quot;") + (end < 0 ? "" : '"');
            from = i + text.length;
          }
          if (end < 0) return out + html.slice(from);
          i += text.length + (ours ? 0 : 1);
          this.#state = "tag";
          break;
        }
        case "unquoted": {
          const end = rest.search(UNQUOTED_END);
          const text = end < 0 ? rest : rest.slice(0, end);
          this.#passed(text);
          i += text.length;
          if (end >= 0) this.#state = "tag";
          else if (more) {
            this.#state = "quoted";
            return `${out}${html.slice(from, i - text.length)}"${text.replaceAll('"', "&quot;")}`;
          }
        }
      }
    }
    if (this.#state !== "before" || !more) return out + html.slice(from);
    this.#begin(OURS);
    this.#state = "quoted";
    return `${out}${html.slice(from)}"`;
  }

  #begin(quote: string): void {
    this.#quote = quote;
    this.#valueEmpty = true;
    this.#schemeOpen = true;
  }

  // Of a value.
  #passed(text: string): void {
    if (text !== "") this.#valueEmpty = false;
    if (/[:/?#]/.test(text)) this.#schemeOpen = false;
  }

  /** The place where the HTML has come to; a value follows, and then `next`. */
  slot(next: string, ofJSX: boolean): Slot {
    switch (this.#state) {
      case "text":
        if (this.#dangling) break;
        return TEXT;
      case "comment":
        return COMMENT;
      case "raw":
        return SCRIPT;
      case "quoted":
        return this.#valueSlot(next);
      case "tag":
      case "after name":
        if (ofJSX) return ATTRIBUTES;
    }
    throw new TypeError("Cannot put a value into a template where the name of a tag or attribute stands");
  }

  #valueSlot(next: string): Slot {
    refuseForbidden(this.#attribute);
    if (this.#attribute === "style") return STYLE;
    const first = this.#valueEmpty;
    this.#valueEmpty = false;
    if (!URL_ATTRIBUTES.has(this.#attribute) || !this.#schemeOpen) return QUOTED;
    if (!SCHEME_END.test(next)) return first ? URL_START : URL_MIDDLE;
    if (first) return URL_SCHEME;
    throw new TypeError("Cannot put a part of a URL's scheme into a template: put all of it");
  }

  /** The template is over. What begins in it has to end in it: nobody knows where it will be put. */
  end(): void {
    if (this.#state === "text" && !this.#dangling) return;
    const where = { comment: "a comment", raw: `the element ${this.#tag}` }[this.#state as "raw"] ?? "a tag";
    throw new TypeError(`Cannot end a template in the middle of ${where}`);
  }
}
