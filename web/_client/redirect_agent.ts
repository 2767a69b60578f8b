/**
 * `RedirectAgent` and `BrowserLikeRedirectAgent`: follow redirects, and carry no credentials to other servers.
 * @module
 */
import { Deferred, Failure } from "@ropewalk/deferred";
import { HTTPHeaders } from "../http_headers.ts";
import type { AgentLike, RequestHeaders } from "./agent.ts";
import type { RequestBody } from "./body_sources.ts";
import { discard } from "./discard.ts";
import { InfiniteRedirection, PageRedirect, RedirectWithNoLocation, ResponseFailed } from "./errors.ts";
import type { ClientResponse } from "./response.ts";

/** Options of {@linkcode RedirectAgent}. */
export interface RedirectAgentOptions {
  /** How many redirects are followed for one request. @default 20 */
  redirectLimit?: number;
  /** Names of headers that are not sent on to another server, beside those that everybody knows. */
  sensitiveHeaderNames?: Iterable<string>;
}

/** Headers that are meant for one server. */
const SENSITIVE = ["authorization", "cookie", "cookie2", "proxy-authorization", "www-authenticate", "host"];
/** Headers that tell of a body which is not sent any more. */
const OF_BODY = ["content-type", "content-encoding", "content-language", "content-location", "expect"];

/**
 * Follows redirects as RFC 9110 has it: 301, 302, 307 and 308 for GET and HEAD only, 303 for all methods, with GET. The
 * response that comes of it has the redirects in `previousResponse`.
 *
 * Credentials (`Authorization`, `Cookie` and the like) do not go along to another scheme, host or port.
 *
 * @example
 * ```ts
 * import { Agent, RedirectAgent } from "@ropewalk/web/client";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * function follow(reactor: Reactor, url: string) {
 *   return new RedirectAgent(new Agent(reactor), { redirectLimit: 5 }).request("GET", url);
 * }
 * ```
 */
export class RedirectAgent implements AgentLike {
  readonly #agent: AgentLike;
  readonly #limit: number;
  readonly #sensitive: Set<string>;

  /**
   * Puts redirects around an agent.
   *
   * @param agent Makes the requests.
   * @param options How far to follow.
   */
  constructor(agent: AgentLike, options: RedirectAgentOptions = {}) {
    this.#agent = agent;
    this.#limit = options.redirectLimit ?? 20;
    this.#sensitive = new Set(SENSITIVE);
    for (const name of options.sensitiveHeaderNames ?? []) this.#sensitive.add(name.toLowerCase());
  }

  /**
   * Which method a redirect is followed with; `null` if it is not followed but an error.
   *
   * @param status 301, 302, 303, 307 or 308.
   * @param method The method of the request that was redirected.
   */
  protected methodAfter(status: number, method: string): string | null {
    if (status === 303) return method === "HEAD" ? "HEAD" : "GET";
    return method === "GET" || method === "HEAD" ? method : null;
  }

  /**
   * Requests a page, and follows where it leads.
   *
   * @returns As for the agent inside. It fails with `ResponseFailed`, whose reason is `PageRedirect` for a redirect that
   * is not followed, `RedirectWithNoLocation` for one that leads nowhere, `InfiniteRedirection` past the limit.
   */
  request(
    method: string,
    uri: string | URL,
    headers?: RequestHeaders | null,
    body?: RequestBody | null,
  ): Deferred<ClientResponse> {
    const first = this.#agent.request(method, uri, headers, body);
    return first.addCallback((response) => this.#follow(response, { method, uri, headers, count: 0 }));
  }

  #follow(response: ClientResponse, step: Step): ClientResponse | Deferred<ClientResponse> {
    const { code } = response;
    if (code < 301 || code > 308 || (code > 303 && code < 307)) return response;
    const location = response.headers.get("location");
    const { phrase } = response;
    if (location === null) {
      return refuse(response, new RedirectWithNoLocation(code, phrase, String(step.uri)));
    }
    const method = this.methodAfter(code, step.method);
    if (method === null) return refuse(response, new PageRedirect(code, phrase, location));
    if (step.count >= this.#limit) return refuse(response, new InfiniteRedirection(code, phrase, location));

    let to: URL;
    const from = new URL(step.uri);
    try {
      to = new URL(location, from);
    } catch {
      return refuse(response, new PageRedirect(code, phrase, location));
    }
    if (to.hash === "") to.hash = from.hash;
    let headers = step.headers;
    if (to.protocol !== from.protocol || to.host !== from.host) {
      to.username = to.password = "";
      headers = without(headers, this.#sensitive);
    }
    if (step.method !== method) headers = without(headers, OF_BODY);
    discard(response);
    const next = { method, uri: to, headers, count: step.count + 1 };
    return this.#agent.request(method, to, headers, null)
      .addCallback((after) => {
        after.setPreviousResponse(response);
        return this.#follow(after, next);
      });
  }
}

/**
 * Follows redirects as browsers do: 301, 302 and 303 with GET whatever the method was, 307 and 308 for GET and HEAD. All
 * else is as with {@linkcode RedirectAgent}.
 *
 * @example
 * ```ts
 * import { Agent, BrowserLikeRedirectAgent } from "@ropewalk/web/client";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * function submit(reactor: Reactor, url: string, form: URLSearchParams) {
 *   const headers = { "Content-Type": "application/x-www-form-urlencoded" };
 *   return new BrowserLikeRedirectAgent(new Agent(reactor)).request("POST", url, headers, form.toString());
 * }
 * ```
 */
export class BrowserLikeRedirectAgent extends RedirectAgent {
  /** As browsers have it: see the class. */
  protected override methodAfter(status: number, method: string): string | null {
    return super.methodAfter(status < 307 ? 303 : status, method);
  }
}

interface Step {
  readonly method: string;
  readonly uri: string | URL;
  readonly headers: RequestHeaders | null | undefined;
  readonly count: number;
}

function refuse(response: ClientResponse, error: Error): Deferred<ClientResponse> {
  const d = new Deferred<ClientResponse>();
  d.errback(new ResponseFailed([new Failure(error)], response));
  return d;
}

function without(headers: RequestHeaders | null | undefined, names: Iterable<string>): RequestHeaders | null {
  if (headers == null) return null;
  const left = headers instanceof HTTPHeaders ? headers.copy() : new HTTPHeaders(headers);
  for (const name of names) left.delete(name);
  return left;
}
