/**
 * What pages that report an error look like.
 * @module
 */
import { escapeHTML } from "./html.ts";
import type { Request } from "./request.ts";
import { statusPhrase } from "./status.ts";

/** Methods for which a resource that lacks them answers 405; to others the answer is 501. */
const KNOWN_METHODS = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "PATCH",
  "OPTIONS",
  "TRACE",
  "CONNECT",
]);

/** The page for a status: a title and one paragraph. */
export function errorHTML(title: string, detail: string): string {
  return '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n' +
    '<meta name="viewport" content="width=device-width">\n' +
    `<title>${escapeHTML(title)}</title>\n</head>\n<body>\n` +
    `<h1>${escapeHTML(title)}</h1>\n<p>${escapeHTML(detail)}</p>\n</body>\n</html>\n`;
}

/** Sets the status and the type, and returns the page. */
export function errorBody(
  request: Request,
  code: number,
  detail: string,
  brief = statusPhrase(code),
): string {
  request.setResponseCode(code);
  request.setHeader("content-type", "text/html; charset=utf-8");
  return errorHTML(`${code} ${brief}`, detail);
}

/** The page for a method that a resource does not answer: 405 with `Allow`, or 501 for a method nobody knows. */
export function refuseMethod(request: Request, allowed: readonly string[]): string {
  if (!KNOWN_METHODS.has(request.method)) return errorBody(request, 501, "This method is not known here.");
  request.setHeader("allow", allowed.join(", "));
  const others = allowed.length === 0 ? "" : ` What is: ${allowed.join(", ")}.`;
  return errorBody(request, 405, `${request.method} is not answered here.${others}`);
}
