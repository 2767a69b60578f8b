/**
 * Pages that say what went wrong.
 * @module
 */
import { errorBody } from "./_error_body.ts";
import type { Request } from "./request.ts";
import { type RenderResult, Resource } from "./resource.ts";
import { statusPhrase } from "./status.ts";

/**
 * A page that says what went wrong, for every path below it and every method.
 *
 * @example
 * ```ts
 * import { ErrorPage, Resource } from "@ropewalk/web";
 *
 * const root = new Resource();
 * root.putChild("old", new ErrorPage(410, "Gone", "This page was taken down."));
 * ```
 */
export class ErrorPage extends Resource {
  /** Answers for everything below it too. */
  override isLeaf = true;

  /**
   * Makes one.
   *
   * @param code The status.
   * @param brief The title. @default the code's usual phrase
   * @param detail One paragraph, as text.
   */
  constructor(
    readonly code: number,
    readonly brief: string = statusPhrase(code),
    readonly detail: string = "",
  ) {
    super();
  }

  /** Answers a request. */
  override render(request: Request): RenderResult {
    return errorBody(request, this.code, this.detail, this.brief);
  }
}

/**
 * A page with status 404.
 *
 * @param detail One paragraph, as text.
 */
export function notFound(detail = "There is nothing at this address."): ErrorPage {
  return new ErrorPage(404, undefined, detail);
}

/**
 * A page with status 403.
 *
 * @param detail One paragraph, as text.
 */
export function forbidden(detail = "This is not yours to see."): ErrorPage {
  return new ErrorPage(403, undefined, detail);
}
