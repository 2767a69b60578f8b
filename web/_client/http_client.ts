/**
 * `HTTPClient`, and `get`, `post` and the others: the short way to everyday requests.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import { HTTPHeaders } from "../http_headers.ts";
import { Agent, type AgentLike, type CommonAgentOptions, type RequestHeaders } from "./agent.ts";
import type { RequestBody } from "./body_sources.ts";
import { ContentDecoderAgent } from "./content_decoder_agent.ts";
import { defaultReactor } from "./default_reactor.ts";
import type { ClientReactor } from "./endpoints.ts";
import { MultipartBody, type MultipartFields } from "./multipart.ts";
import { basicAuthorization } from "./origin.ts";
import { HTTPConnectionPool } from "./pool.ts";
import { BrowserLikeRedirectAgent } from "./redirect_agent.ts";
import type { ClientResponse } from "./response.ts";

/** Options of {@linkcode HTTPClient}, and of every request that makes one. */
export interface ClientOptions extends CommonAgentOptions {
  /** Makes the connections. @default the program's */
  reactor?: ClientReactor;
  /** Makes the requests, in place of all that the other options say. */
  agent?: AgentLike;
  /** How many redirects are followed; 0 for none. @default 20 */
  redirectLimit?: number;
}

/** What a request sends. Of `body`, `json`, `form` and `multipart` there may be one. */
export interface RequestOptions {
  /** Headers to send. */
  headers?: RequestHeaders;
  /** Added to the query of the address. */
  params?: URLSearchParams | Iterable<[string, string]> | Record<string, string>;
  /** Sent by Basic authentication. */
  auth?: readonly [user: string, password: string];
  /** The body as it is. */
  body?: RequestBody;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as a form, `application/x-www-form-urlencoded`. */
  form?: URLSearchParams | Iterable<[string, string]> | Record<string, string>;
  /** Sent as `multipart/form-data`. */
  multipart?: MultipartFields;
}

/**
 * Everyday requests: redirects are followed as browsers do, compression is undone, connections are used again.
 *
 * @example
 * ```ts
 * import { HTTPClient } from "@ropewalk/web/client";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * async function talk(reactor: Reactor) {
 *   await using client = new HTTPClient({ reactor });
 *   const created = await client.post("http://api.example/notes", { json: { text: "hello" } });
 *   const { id } = await created.json<{ id: number }>();
 *   return await (await client.get(`http://api.example/notes/${id}`)).text();
 * }
 * ```
 */
export class HTTPClient implements AsyncDisposable {
  /** What makes the requests. */
  readonly agent: AgentLike;
  readonly #pool: HTTPConnectionPool | null;

  /**
   * Makes a client.
   *
   * @param options The reactor, pool, limits and time-outs.
   * @throws {TypeError} If there is neither an agent nor a reactor, and the program has none.
   */
  constructor(options: ClientOptions = {}) {
    if (options.agent !== undefined || options.pool !== undefined) {
      this.agent = everydayAgent(options);
      this.#pool = null;
    } else {
      const reactor = options.reactor ?? defaultReactor();
      this.#pool = new HTTPConnectionPool(reactor);
      this.agent = everydayAgent({ ...options, reactor, pool: this.#pool });
    }
  }

  /**
   * Makes a request.
   *
   * @param method The method.
   * @param url An absolute address.
   * @param options What to send.
   * @returns Fires with the response, whatever its status is.
   * @throws {TypeError} If there is more than one body.
   */
  request(method: string, url: string | URL, options: RequestOptions = {}): Deferred<ClientResponse> {
    const headers = new HTTPHeaders(options.headers ?? {});
    const body = bodyOf(options, headers);
    if (options.auth !== undefined) headers.set("Authorization", basicAuthorization(...options.auth));
    return this.agent.request(method, withParams(url, options.params), headers, body);
  }

  /** Requests with GET. */
  get(url: string | URL, options?: RequestOptions): Deferred<ClientResponse> {
    return this.request("GET", url, options);
  }

  /** Requests with HEAD. */
  head(url: string | URL, options?: RequestOptions): Deferred<ClientResponse> {
    return this.request("HEAD", url, options);
  }

  /** Requests with POST. */
  post(url: string | URL, options?: RequestOptions): Deferred<ClientResponse> {
    return this.request("POST", url, options);
  }

  /** Requests with PUT. */
  put(url: string | URL, options?: RequestOptions): Deferred<ClientResponse> {
    return this.request("PUT", url, options);
  }

  /** Requests with PATCH. */
  patch(url: string | URL, options?: RequestOptions): Deferred<ClientResponse> {
    return this.request("PATCH", url, options);
  }

  /** Requests with DELETE. */
  delete(url: string | URL, options?: RequestOptions): Deferred<ClientResponse> {
    return this.request("DELETE", url, options);
  }

  /** Closes the connections that are kept for further requests, unless they are in a pool that was given. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool?.closeCachedConnections();
  }
}

/** The agent that the options ask for: redirects and compression are dealt with. */
export function everydayAgent(options: ClientOptions): AgentLike {
  if (options.agent !== undefined) return options.agent;
  const { redirectLimit = 20 } = options;
  const decoding = new ContentDecoderAgent(new Agent(options.reactor ?? defaultReactor(), options));
  return redirectLimit === 0 ? decoding : new BrowserLikeRedirectAgent(decoding, { redirectLimit });
}

function bodyOf(options: RequestOptions, headers: HTTPHeaders): RequestBody | null {
  const { body, json, form, multipart } = options;
  const given = [body, json, form, multipart].filter((one) => one !== undefined).length;
  if (given > 1) {
    throw new TypeError("Cannot make the request: it has more than one of body, json, form and multipart");
  }
  if (json !== undefined) {
    suggest(headers, "application/json");
    return JSON.stringify(json);
  }
  if (form !== undefined) {
    suggest(headers, "application/x-www-form-urlencoded");
    return new URLSearchParams(form as Record<string, string>).toString();
  }
  if (multipart !== undefined) {
    const parts = new MultipartBody(multipart);
    headers.set("Content-Type", parts.contentType);
    return parts;
  }
  return body ?? null;
}

function suggest(headers: HTTPHeaders, contentType: string): void {
  if (!headers.has("content-type")) headers.set("Content-Type", contentType);
}

function withParams(url: string | URL, params: RequestOptions["params"]): string | URL {
  if (params === undefined) return url;
  const full = new URL(url);
  for (const [name, value] of new URLSearchParams(params as Record<string, string>)) {
    full.searchParams.append(name, value);
  }
  return full;
}

/** Options of the functions that make one request. */
export type OneRequestOptions = RequestOptions & ClientOptions;

/**
 * Makes one request, on a connection of its own unless a pool is given; see {@linkcode HTTPClient.request}.
 */
export function request(
  method: string,
  url: string | URL,
  options: OneRequestOptions = {},
): Deferred<ClientResponse> {
  return new HTTPClient({ agent: everydayAgent(options) }).request(method, url, options);
}

/** Requests a page with GET; see {@linkcode HTTPClient}. */
export function get(url: string | URL, options?: OneRequestOptions): Deferred<ClientResponse> {
  return request("GET", url, options);
}

/** Requests the head of a page; see {@linkcode HTTPClient}. */
export function head(url: string | URL, options?: OneRequestOptions): Deferred<ClientResponse> {
  return request("HEAD", url, options);
}

/** Sends with POST; see {@linkcode HTTPClient}. */
export function post(url: string | URL, options?: OneRequestOptions): Deferred<ClientResponse> {
  return request("POST", url, options);
}

/** Sends with PUT; see {@linkcode HTTPClient}. */
export function put(url: string | URL, options?: OneRequestOptions): Deferred<ClientResponse> {
  return request("PUT", url, options);
}

/** Sends with PATCH; see {@linkcode HTTPClient}. */
export function patch(url: string | URL, options?: OneRequestOptions): Deferred<ClientResponse> {
  return request("PATCH", url, options);
}
