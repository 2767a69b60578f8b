/**
 * Cookies for the client: a jar beside an agent, by `tough-cookie` (RFC 6265, public suffixes and all).
 *
 * @example
 * ```ts
 * import { Agent, RedirectAgent } from "@ropewalk/web/client";
 * import { CookieAgent, CookieJar } from "@ropewalk/web/cookies";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * function makeAgent(reactor: Reactor) {
 *   // Outermost the redirects: so the cookies of each step are kept and sent.
 *   return new RedirectAgent(new CookieAgent(new Agent(reactor), new CookieJar()));
 * }
 * ```
 *
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import { CookieJar } from "tough-cookie";
import type { AgentLike, ClientResponse, RequestBody, RequestHeaders } from "./client.ts";
import { HTTPHeaders } from "./http_headers.ts";

export { CookieJar };

/** Sends the cookies of a jar, and puts those of the responses into it. */
export class CookieAgent implements AgentLike {
  /** The jar. */
  readonly jar: CookieJar;
  readonly #agent: AgentLike;

  /**
   * Puts cookies around an agent.
   *
   * @param agent Makes the requests.
   * @param jar Keeps the cookies; its store must be one that answers at once, as that in memory does. @default an empty
   * one in memory
   */
  constructor(agent: AgentLike, jar: CookieJar = new CookieJar()) {
    this.#agent = agent;
    this.jar = jar;
  }

  /** As for the agent inside. A `Cookie` that is given goes out as it is, without those of the jar. */
  request(
    method: string,
    uri: string | URL,
    headers?: RequestHeaders | null,
    body?: RequestBody | null,
  ): Deferred<ClientResponse> {
    const url = addressOf(uri);
    const own = headers == null
      ? new HTTPHeaders()
      : headers instanceof HTTPHeaders
      ? headers.copy()
      : new HTTPHeaders(headers);
    if (!own.has("cookie")) {
      const cookies = this.jar.getCookieStringSync(url);
      if (cookies !== "") own.set("Cookie", cookies);
    }
    return this.#agent.request(method, uri, own, body).addCallback((response) => {
      for (const cookie of response.headers.getSetCookie()) {
        // A cookie that is malformed, or for somebody else's domain, is not kept; that is no error of the response.
        this.jar.setCookieSync(cookie, url, { ignoreError: true });
      }
      return response;
    });
  }
}

// The host of a UNIX socket's address is a path: a jar would not know what to make of it.
function addressOf(uri: string | URL): string {
  const text = String(uri);
  return text.startsWith("http+unix:") ? text.replace(/^http\+unix:\/\/[^/]*/, "http://localhost") : text;
}
