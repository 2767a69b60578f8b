/**
 * Names of header fields, and values that cannot break out of their line.
 * @module
 */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
const UNSAFE = /[^\t\x20-\x7e\x80-\uffff]+/g;
const UNSAFE_ONCE = /[^\t\x20-\x7e\x80-\uffff]/;

/** The names that are not written with each word's first letter large. */
const SPECIAL: Readonly<Record<string, string>> = {
  "content-md5": "Content-MD5",
  dnt: "DNT",
  etag: "ETag",
  p3p: "P3P",
  te: "TE",
  "www-authenticate": "WWW-Authenticate",
  "x-xss-protection": "X-XSS-Protection",
};

/** There is a `Content-Type`. */
export const HAS_CONTENT_TYPE = 1;
/** There is a `Content-Length`. */
export const HAS_CONTENT_LENGTH = 2;
/** There is a `Connection`. */
export const HAS_CONNECTION = 4;
/** There is a `Date`. */
export const HAS_DATE = 8;
/** There is a `Server`. */
export const HAS_SERVER = 16;
/** There is a `Transfer-Encoding`: not written, it belongs to the connection. */
export const HAS_TRANSFER_ENCODING = 32;

/** The names that a connection has to know of. */
const FLAGS: Readonly<Record<string, number>> = {
  "content-type": HAS_CONTENT_TYPE,
  "content-length": HAS_CONTENT_LENGTH,
  connection: HAS_CONNECTION,
  date: HAS_DATE,
  server: HAS_SERVER,
  "transfer-encoding": HAS_TRANSFER_ENCODING,
};

/** A header's name, and what goes on the wire for it. */
export interface Name {
  /** In lower case. */
  readonly lower: string;
  /** As it is written. */
  readonly wire: string;
  /** One of the flags above, or 0. */
  readonly flag: number;
  /** The last value that was found safe: programs set the same ones again and again. */
  value: string;
  /** The line with it. */
  line: string;
}

/** A longer value is not remembered. */
const MAX_REMEMBERED = 128;

// Programs use few names, but a proxy may copy any: the cache is bounded.
const names = new Map<string, Name>();
const MAX_NAMES = 1024;

/**
 * The name that a text is.
 *
 * @throws {TypeError} If it is no token.
 */
export function nameOf(text: string): Name {
  const known = names.get(text);
  if (known !== undefined) return known;
  if (!TOKEN.test(text)) {
    throw new TypeError(`Cannot use ${JSON.stringify(text)} as a header's name: it is not a token`);
  }
  const lower = text.toLowerCase();
  const wire = SPECIAL[lower] ?? lower.replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase());
  const name = {
    lower,
    wire,
    flag: Object.hasOwn(FLAGS, lower) ? FLAGS[lower]! : 0,
    value: "",
    line: `${wire}: \r\n`,
  };
  if (names.size < MAX_NAMES) names.set(text, name);
  return name;
}

/** A value that cannot end its line: control characters become spaces. */
export function safeValue(name: Name, value: string): string {
  if (value === name.value) return value;
  if (UNSAFE_ONCE.test(value)) return value.replace(UNSAFE, " ").trim();
  if (value.length <= MAX_REMEMBERED) {
    name.line = `${name.wire}: ${value}\r\n`;
    name.value = value;
  }
  return value;
}
