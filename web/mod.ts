/**
 * A web server made of resources.
 *
 * @example A site of one page
 * ```ts
 * import { type Request, Resource, Site } from "@ropewalk/web";
 *
 * class Hello extends Resource {
 *   override isLeaf = true;
 *   render_GET(request: Request) {
 *     return `hello, ${request.args.get("name") ?? "you"}`;
 *   }
 * }
 *
 * const site = new Site(new Hello()); // a factory: reactor.listenTCP(8080, site)
 * ```
 *
 * @module
 */
export { ErrorPage, forbidden, notFound } from "./error_page.ts";
export { escapeHTML } from "./html.ts";
export { HTTPChannel } from "./http_channel.ts";
export { HTTPHeaders } from "./http_headers.ts";
export { DEFAULT_LIMITS, type HTTPLimits } from "./limits.ts";
export { CACHED, NOT_DONE_YET } from "./not_done_yet.ts";
export { Request, type RequestHead, type RequestSite } from "./request.ts";
export { RequestContent } from "./request_content.ts";
export { type CookieOptions, formatCookie, parseCookies } from "./request_cookies.ts";
export { type Child, type RenderBody, type RenderResult, Resource } from "./resource.ts";
export type { ResponseChannel } from "./_response_channel.ts";
export { Session, type SessionOwner } from "./session.ts";
export { getChildForRequest, HTTPFactory, type HTTPFactoryOptions, Site, type SiteOptions } from "./site.ts";
export { statusPhrase } from "./status.ts";
