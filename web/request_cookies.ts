/**
 * Cookies as a server sends and receives them (RFC 6265).
 * @module
 */

/** Attributes of a cookie. */
export interface CookieOptions {
  /** When it ends, as an HTTP date or a `Date`. */
  expires?: Date | string;
  /** How long it lives; 0 removes it. */
  maxAgeSeconds?: number;
  /** The host and those below it that get it back; without it only this host. */
  domain?: string;
  /** The paths that get it back. */
  path?: string;
  /** Only over TLS. @default false */
  secure?: boolean;
  /** Hidden from scripts. @default false */
  httpOnly?: boolean;
  /** Whether other sites' requests carry it. */
  sameSite?: "strict" | "lax" | "none";
}

/** Control characters and `;` would end the value and begin another attribute. */
const UNSAFE = /[^\x20-\x3a\x3c-\x7e\x80-\uffff]+/g;

function clean(text: string): string {
  return text.replace(UNSAFE, " ").trim();
}

/**
 * The value of a `Set-Cookie` header.
 *
 * @param name The cookie's name.
 * @param value Its value; what would end it is replaced by a space.
 * @param options Its attributes.
 * @throws {TypeError} If the name is not a token, or `sameSite` is none of its values.
 */
export function formatCookie(name: string, value: string, options: CookieOptions = {}): string {
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) {
    throw new TypeError(`Cannot add a cookie: ${JSON.stringify(name)} is no name`);
  }
  let text = `${name}=${clean(value)}`;
  const { expires, maxAgeSeconds, domain, path, sameSite } = options;
  if (expires !== undefined) {
    text += `; Expires=${typeof expires === "string" ? clean(expires) : expires.toUTCString()}`;
  }
  if (domain !== undefined) text += `; Domain=${clean(domain)}`;
  if (path !== undefined) text += `; Path=${clean(path)}`;
  if (maxAgeSeconds !== undefined) text += `; Max-Age=${Math.trunc(maxAgeSeconds)}`;
  if (options.secure) text += "; Secure";
  if (options.httpOnly) text += "; HttpOnly";
  if (sameSite !== undefined) {
    if (!["strict", "lax", "none"].includes(sameSite)) {
      throw new TypeError(`Cannot add a cookie: sameSite ${JSON.stringify(sameSite)} is unknown`);
    }
    text += `; SameSite=${sameSite[0]!.toUpperCase()}${sameSite.slice(1)}`;
  }
  return text;
}

/**
 * The cookies in a `Cookie` header; the first of a name counts.
 *
 * @param header The header's value.
 */
export function parseCookies(header: string): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const part of header.split(";")) {
    const equals = part.indexOf("=");
    if (equals < 0) continue;
    const name = part.slice(0, equals).trim();
    let value = part.slice(equals + 1).trim();
    if (value.length > 1 && value.startsWith('"') && value.endsWith('"')) value = value.slice(1, -1);
    if (name !== "" && !cookies.has(name)) cookies.set(name, value);
  }
  return cookies;
}
