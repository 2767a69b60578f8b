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
export { type AccessLog, type AccessLogger, type AccessRecord, combinedLine } from "./access_log.ts";
export { type CompressionOptions, CompressionResource, type Compressor } from "./compression.ts";
export { Counter, type Figure, Figures, figures, Gauge } from "./counter.ts";
export { Data } from "./data.ts";
export { DigestCredentialFactory, DigestedCredentials } from "./digest_auth.ts";
export { ErrorPage, forbidden, notFound } from "./error_page.ts";
export {
  type EventOptions,
  type EventSourceOptions,
  EventSourceResource,
  formatEvent,
} from "./event_source.ts";
export {
  type ClientAddress,
  type FetchHandler,
  type FetchInfo,
  FetchResource,
  type FetchResourceOptions,
} from "./fetch_resource.ts";
export { File, type FileOptions } from "./file.ts";
export { ProxyFactory, type ProxyFactoryOptions, type ProxyTarget } from "./forward_proxy.ts";
export { escapeHTML } from "./html.ts";
export { BasicCredentialFactory, type CredentialFactory, HTTPAuthSessionWrapper } from "./http_auth.ts";
export type { HeaderBlock } from "./_header_block.ts";
export type { ChannelOwner } from "./_channel_owner.ts";
export { HTTPChannel } from "./http_channel.ts";
export { HTTPHeaders } from "./http_headers.ts";
export { DEFAULT_LIMITS, type HTTPLimits } from "./limits.ts";
export { NameVirtualHost, VHostMonsterResource } from "./name_virtual_host.ts";
export { CACHED, NOT_DONE_YET } from "./not_done_yet.ts";
export { Redirect, redirectTo } from "./redirect.ts";
export { ReceivedRequest } from "./received_request.ts";
export { Request } from "./request.ts";
export type { BodyReceiver } from "./_request_body.ts";
export type { RequestHead, RequestSite } from "./_request_site.ts";
export { RequestContent } from "./request_content.ts";
export { type CookieOptions, formatCookie, parseCookies } from "./request_cookies.ts";
export { type Child, type RenderBody, type RenderResult, Resource } from "./resource.ts";
export type { FormLimits } from "./_multipart.ts";
export type { ResponseChannel } from "./_response_channel.ts";
export { alias, rewrite, RewriterResource, type RewriteRule } from "./rewrite.ts";
export { type ReverseProxyOptions, ReverseProxyResource } from "./reverse_proxy.ts";
export { type LogLine, type RingSink, ringSink, type SinkRecord } from "./ring_sink.ts";
export { Session, type SessionOwner } from "./session.ts";
export { getChildForRequest, HTTPFactory, type HTTPFactoryOptions, Site, type SiteOptions } from "./site.ts";
export { type HostInfo, siteHandler } from "./site_handler.ts";
export { statusPhrase } from "./status.ts";
export { type StatusData, type StatusOptions, StatusResource } from "./status_resource.ts";
export { UploadedFile } from "./uploaded_file.ts";
export type { ParsedTarget } from "./_uri.ts";
export { WebSocketResource, type WebSocketResourceOptions } from "./websocket_resource.ts";
