/**
 * Name and password as `Authorization: Basic` has them (RFC 7617).
 * @module
 */

/**
 * Reads such a header.
 *
 * @param header Its value.
 * @returns Both empty if it is none.
 */
export function basicCredentials(header: string | undefined): [user: string, password: string] {
  const match = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(header ?? "");
  if (match === null) return ["", ""];
  try {
    const bytes = Uint8Array.from(atob(match[1]!), (character) => character.charCodeAt(0));
    const text = new TextDecoder().decode(bytes);
    const colon = text.indexOf(":");
    return colon < 0 ? ["", ""] : [text.slice(0, colon), text.slice(colon + 1)];
  } catch {
    return ["", ""];
  }
}
