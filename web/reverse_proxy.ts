/**
 * `ReverseProxyResource`: a part of a tree that another server answers.
 * @module
 */
import { Agent, type AgentLike } from "./_client/agent.ts";
import type { ClientReactor } from "./_client/endpoints.ts";
import { HTTPConnectionPool } from "./_client/pool.ts";
import { errorBody } from "./_error_body.ts";
import { checkReactor, requestHeadersFor, wantsWebSocket } from "./_proxy_headers.ts";
import { bodyFor, relay } from "./_relay.ts";
import { percentDecode } from "./_uri.ts";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import type { HTTPHeaders } from "./http_headers.ts";
import type { Request } from "./request.ts";
import { type RenderResult, Resource } from "./resource.ts";

/** Options of {@linkcode ReverseProxyResource}. */
export interface ReverseProxyOptions {
  /** Makes the requests, in place of an agent of its own: for pools, https and UNIX sockets. */
  agent?: AgentLike;
  /** How the server is spoken to; `"https"` needs a reactor with TLS. @default "http" */
  scheme?: "http" | "https";
  /** How long connecting may take, in seconds. @default 10 */
  connectTimeoutSeconds?: number;
  /** How long the head of an answer may take, in seconds. @default 60 */
  responseTimeoutSeconds?: number;
  /** Whether the server hears the name that the client asked for, in place of its own. @default false */
  preserveHost?: boolean;
  /** Whether the server hears of the client, by `X-Forwarded-For`, `-Host` and `-Proto`. @default true */
  forwarded?: boolean;
}

/**
 * Has another server answer for this resource and all below it. Answers are passed on as they come, as fast as the
 * client takes them, and bodies as they come, as fast as the server takes them, within the site's `maxBodyBytes`.
 * WebSockets go through. A server that refuses is 502, one that takes too long is 504.
 *
 * @example
 * ```ts
 * import { Resource, ReverseProxyResource } from "@ropewalk/web";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * function site(reactor: Reactor) {
 *   const root = new Resource();
 *   root.putChild("api", new ReverseProxyResource("127.0.0.1", 3000, "/v1", reactor));
 *   return root; // GET /api/users is GET /v1/users there
 * }
 * ```
 */
export class ReverseProxyResource extends Resource {
  /** Answers for everything below it too. */
  override isLeaf = true;
  /** Passes bodies on while they arrive. */
  override streamsBody = true;
  readonly #agent: AgentLike;
  readonly #options: ReverseProxyOptions;
  readonly #base: string;

  /**
   * Makes one.
   *
   * @param host Where the server is: a name or address.
   * @param port Where the server is.
   * @param path What stands there for this resource, encoded, beginning with a slash; `""` for the root.
   * @param reactor Makes the connections; its clock runs the time-outs.
   * @param options Time-outs, and what the server hears of the client.
   * @throws {TypeError} If host, port and path make no address.
   */
  constructor(
    readonly host: string,
    readonly port: number,
    readonly path: string,
    reactor: ClientReactor,
    options: ReverseProxyOptions = {},
  ) {
    super();
    checkReactor(reactor, "be a proxy");
    const name = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
    this.#base = `${options.scheme ?? "http"}://${name}:${port}${path.replace(/\/$/, "")}`;
    if (!URL.canParse(this.#base) || (path !== "" && !path.startsWith("/"))) {
      throw new TypeError(`Cannot be a proxy for ${this.#base}: it is no address`);
    }
    this.#options = options;
    this.#agent = options.agent ?? new Agent(reactor, {
      pool: new HTTPConnectionPool(reactor, { persistent: false }),
      connectTimeoutSeconds: options.connectTimeoutSeconds ?? 10,
      responseTimeoutSeconds: options.responseTimeoutSeconds ?? 60,
    });
  }

  /** Answers a request. */
  override render(request: Request): RenderResult {
    // The path would leave the one that is mounted.
    if (request.postpath.some((segment) => segment === "." || segment === "..")) {
      return errorBody(request, 404, "There is nothing at this address.");
    }
    if (request.method === "CONNECT") return errorBody(request, 405, "CONNECT is not answered here.");
    const rest = encodedPath(request).join("/");
    const slash = request.postpath.length > 0 || this.#base.endsWith(`:${this.port}`) ? "/" : "";
    const query = request.uri.includes("?") ? `?${request.query.replaceAll("#", "%23")}` : "";
    const url = this.#base + slash + rest + query;
    relay(request, this.#agent.request(request.method, url, this.#headers(request), bodyFor(request)));
    return NOT_DONE_YET;
  }

  #headers(request: Request): HTTPHeaders {
    const headers = requestHeadersFor(request.requestHeaders);
    if (!request.streaming && request.content.length === 0 && wantsWebSocket(request.requestHeaders)) {
      headers.set("connection", "upgrade");
      headers.set("upgrade", "websocket");
    }
    if (this.#options.preserveHost === true && request.host !== "") headers.set("host", request.host);
    if (this.#options.forwarded !== false) {
      const client = request.getClientIP();
      if (client !== null) headers.append("x-forwarded-for", client);
      if (request.host !== "") headers.set("x-forwarded-host", request.host);
      headers.set("x-forwarded-proto", request.isSecure() ? "https" : "http");
    }
    return headers;
  }
}

/** What a segment may hold beside letters, digits and `-._~` and mean the same at the next server (RFC 3986 §3.3). */
const PLAIN_SEGMENT = /^(?:[\w\-.~!$&'()*+,;=:@]|%[0-9a-f]{2})*$/i;

// The segments below this resource as the client wrote them, where they are still the same and harmless: to decode and
// encode them would lose bytes that are no UTF-8.
function encodedPath(request: Request): string[] {
  const written = request.path.split("/").slice(-request.postpath.length || Infinity);
  return request.postpath.map((segment, i) => {
    const raw = written[i];
    return raw !== undefined && PLAIN_SEGMENT.test(raw) && percentDecode(raw) === segment
      ? raw
      : encodeURIComponent(segment);
  });
}
