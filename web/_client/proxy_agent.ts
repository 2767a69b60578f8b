/**
 * `ProxyAgent`: requests pages through a proxy.
 * @module
 */
import { type Deferred, fail } from "@ropewalk/deferred";
import type { ClientEndpoint } from "@ropewalk/reactor/core";
import type { AgentLike, CommonAgentOptions, RequestHeaders } from "./agent.ts";
import { Sender } from "./agent.ts";
import type { RequestBody } from "./body_sources.ts";
import { type ClientReactor, endpointFor } from "./endpoints.ts";
import { SchemeNotSupported } from "./errors.ts";
import type { Route } from "./exchange.ts";
import { type Origin, targetOf } from "./origin.ts";
import type { ClientResponse } from "./response.ts";
import { TunnelEndpoint } from "./tunnel.ts";

/** Options of {@linkcode ProxyAgent}. */
export interface ProxyAgentOptions extends CommonAgentOptions {
  /** Certificates and the like, for a proxy that is itself reached by https. */
  proxyTLS?: CommonAgentOptions["tls"];
}

/**
 * Requests pages through a proxy: http by asking the proxy for the whole address, https through a tunnel made by CONNECT,
 * so that the proxy sees nothing of it.
 *
 * @example
 * ```ts
 * import { ProxyAgent } from "@ropewalk/web/client";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * function viaProxy(reactor: Reactor, url: string) {
 *   return new ProxyAgent("http://user:password@proxy.example:3128", reactor).request("GET", url);
 * }
 * ```
 */
export class ProxyAgent implements AgentLike {
  readonly #sender: Sender;
  readonly #proxy: ClientEndpoint;
  readonly #authorization: string;
  readonly #key: string;
  readonly #plain: Route;
  readonly #options: ProxyAgentOptions;

  /**
   * Makes an agent that goes through a proxy.
   *
   * @param proxy The proxy: its address, with user and password if it wants them, or an endpoint.
   * @param reactor Makes the connections, and its clock runs the time-outs.
   * @param options Pool, limits, time-outs.
   */
  constructor(proxy: string | URL | ClientEndpoint, reactor: ClientReactor, options: ProxyAgentOptions = {}) {
    const sender = new Sender(reactor, options);
    this.#sender = sender;
    this.#options = options;
    if (typeof proxy === "string" || proxy instanceof URL) {
      const { origin } = targetOf(proxy);
      this.#proxy = endpointFor(reactor, origin, {
        timeoutSeconds: sender.timeouts.connectTimeoutSeconds,
        tls: options.proxyTLS ?? {},
        bindAddress: undefined,
        socketPath: undefined,
      });
      this.#authorization = origin.authorization === ""
        ? ""
        : `Proxy-Authorization: ${origin.authorization}\r\n`;
      this.#key = `${nextProxy++} via ${origin.key}`;
    } else {
      this.#proxy = proxy;
      this.#authorization = "";
      this.#key = `${nextProxy++} via a proxy`;
    }
    this.#plain = { key: this.#key, endpoint: this.#proxy, limits: sender.limits };
  }

  /** As for `Agent`. A proxy that refuses a tunnel makes it fail with `ProxyError`. */
  request(
    method: string,
    uri: string | URL,
    headers?: RequestHeaders | null,
    body?: RequestBody | null,
  ): Deferred<ClientResponse> {
    const { origin, path } = targetOf(uri);
    const asked = { method, uri, headers, body };
    if (origin.scheme === "http") {
      return this.#sender.send(
        asked,
        this.#plain,
        origin,
        `http://${origin.authority}${path}`,
        this.#authorization,
      );
    }
    if (origin.scheme !== "https") return fail(new SchemeNotSupported(origin.scheme));
    return this.#sender.send(asked, this.#tunnel(origin), origin, path, "");
  }

  #tunnel(origin: Origin): Route {
    const { limits, timeouts } = this.#sender;
    const endpoint = new TunnelEndpoint(origin, {
      proxy: this.#proxy,
      headers: this.#authorization,
      tls: this.#options.tls ?? {},
      timeouts,
      limits,
    });
    return { key: `${this.#key} to ${origin.key}`, endpoint, limits };
  }
}

let nextProxy = 1;
