/**
 * `Redirect`: a page that is elsewhere.
 * @module
 */
import { errorHTML } from "./_error_body.ts";
import { escapeHTML } from "./html.ts";
import type { Request } from "./request.ts";
import { type Child, type RenderResult, Resource } from "./resource.ts";
import { statusPhrase } from "./status.ts";

/**
 * Sends the client elsewhere, and says so on a page for those who are not taken along.
 *
 * @param url Where to.
 * @param request The request.
 * @param code The status, 300 to 399. @default 302
 * @returns The page.
 */
export function redirectTo(url: string, request: Request, code = 302): string {
  request.setResponseCode(code);
  request.setHeader("content-type", "text/html; charset=utf-8");
  request.redirect(url);
  const link = escapeHTML(url);
  return errorHTML(`${code} ${statusPhrase(code)}`, "")
    .replace("<p></p>", () => `<p><a href="${link}">${link}</a></p>`);
}

/**
 * A page that is elsewhere, for every method and all below it.
 *
 * @example
 * ```ts
 * import { Redirect, Resource } from "@ropewalk/web";
 *
 * const root = new Resource();
 * root.putChild("", new Redirect("/start"));
 * ```
 */
export class Redirect extends Resource {
  /** Answers for everything below it too. */
  override isLeaf = true;

  /**
   * Makes one.
   *
   * @param url Where to.
   * @param code The status, 300 to 399. @default 302
   */
  constructor(readonly url: string, readonly code = 302) {
    super();
  }

  /** Answers a request. */
  override render(request: Request): RenderResult {
    return redirectTo(this.url, request, this.code);
  }

  /** The child for one segment of the path. */
  override getChild(): Child {
    return this;
  }
}
