/**
 * `Agent`: requests pages over the reactor that was handed in.
 * @module
 */
import { type Deferred, fail } from "@ropewalk/deferred";
import type { TLSClientOptions } from "@ropewalk/reactor/core";
import { HTTPHeaders } from "../http_headers.ts";
import { type RequestBody, wireBody } from "./body_sources.ts";
import { type ClientReactor, type EndpointFactory, endpointFor } from "./endpoints.ts";
import { SchemeNotSupported } from "./errors.ts";
import { Exchange, type Route } from "./exchange.ts";
import { type RequestTimeouts, requestTimeouts, type ResponseLimits, responseLimits } from "./options.ts";
import { type Origin, targetOf } from "./origin.ts";
import { HTTPConnectionPool } from "./pool.ts";
import { checkMethod, ClientRequest } from "./request.ts";
import type { ClientResponse } from "./response.ts";

/** Headers, as they may be given. */
export type RequestHeaders =
  | HTTPHeaders
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[]>>;

/** Whatever requests pages: {@linkcode Agent}, and all that is put around one. */
export interface AgentLike {
  /**
   * Requests a page.
   *
   * @param method The method.
   * @param uri An absolute address.
   * @param headers Headers to send beside those that the agent makes.
   * @param body The body.
   * @returns Fires when the head of the response is here. Cancelling it closes the connection.
   */
  request(
    method: string,
    uri: string | URL,
    headers?: RequestHeaders | null,
    body?: RequestBody | null,
  ): Deferred<ClientResponse>;
}

/** What all agents can be given. */
export interface CommonAgentOptions extends Partial<RequestTimeouts> {
  /** Keeps connections for the next request. @default none are kept: every request has its own */
  pool?: HTTPConnectionPool;
  /** How much of a response is accepted. */
  limits?: Partial<ResponseLimits>;
  /** Certificates and the like, for https. */
  tls?: TLSClientOptions;
}

/** Options of {@linkcode Agent}. */
export interface AgentOptions extends CommonAgentOptions {
  /** The local address to connect from. */
  bindAddress?: { hostname: string; port?: number };
  /** The path of a UNIX socket that all requests go to, whatever host they name. */
  socketPath?: string;
  /** Says how servers are reached, in place of the reactor's own ways. */
  endpointFactory?: EndpointFactory;
}

/**
 * Requests pages by http, https, and over UNIX sockets (`http+unix://%2Frun%2Fapp.sock/path`). It follows no redirects,
 * keeps no cookies and decodes nothing: other agents, put around it, do.
 *
 * @example
 * ```ts
 * import { Agent } from "@ropewalk/web/client";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * function show(reactor: Reactor, url: string) {
 *   return new Agent(reactor).request("GET", url, { Accept: "text/html" })
 *     .addCallback((response) => response.text());
 * }
 * ```
 */
export class Agent implements AgentLike {
  readonly #sender: Sender;
  readonly #routes = new WeakMap<Origin, Route>();
  readonly #makeRoute: (origin: Origin) => Route;

  /**
   * Makes an agent.
   *
   * @param reactor Makes the connections, and its clock runs the time-outs.
   * @param options Pool, limits, time-outs.
   */
  constructor(reactor: ClientReactor, options: AgentOptions = {}) {
    const sender = new Sender(reactor, options);
    this.#sender = sender;
    const { endpointFactory, socketPath, bindAddress, tls = {} } = options;
    const settings = { timeoutSeconds: sender.timeouts.connectTimeoutSeconds, tls, bindAddress, socketPath };
    // Connections made in a way of its own are no good to other agents that share the pool.
    const own = endpointFactory ?? socketPath ?? bindAddress ?? options.tls;
    const prefix = own === undefined ? "" : `${nextPrefix++} `;
    this.#makeRoute = (origin) => ({
      key: prefix + origin.key,
      endpoint: endpointFactory === undefined
        ? endpointFor(reactor, origin, settings)
        : endpointFactory.endpointForURI(new URL(origin.key)),
      limits: sender.limits,
    });
  }

  /**
   * An agent whose connections are made by endpoints of your own.
   *
   * @param reactor Its clock runs the time-outs.
   * @param endpointFactory Says how servers are reached.
   * @param options As for the constructor.
   */
  static usingEndpointFactory(
    reactor: ClientReactor,
    endpointFactory: EndpointFactory,
    options: CommonAgentOptions = {},
  ): Agent {
    return new Agent(reactor, { ...options, endpointFactory });
  }

  /**
   * Requests a page.
   *
   * @param method The method: a token, in capitals.
   * @param uri An absolute address. A user and password in it are sent by Basic authentication.
   * @param headers Headers to send beside `Host` and those that frame the body, which are the agent's.
   * @param body The body. Bytes are not copied: leave them alone until the response is here.
   * @returns Fires when the head of the response is here; it fails with the errors of this module, or those of
   * connecting. Cancelling it closes the connection.
   * @throws {TypeError} If the method is no token, the address is none, or a header's name is none.
   */
  request(
    method: string,
    uri: string | URL,
    headers?: RequestHeaders | null,
    body?: RequestBody | null,
  ): Deferred<ClientResponse> {
    const { origin, path } = targetOf(uri);
    let route = this.#routes.get(origin);
    if (route === undefined) {
      try {
        route = this.#makeRoute(origin);
      } catch (error) {
        if (error instanceof SchemeNotSupported) return fail(error);
        throw error;
      }
      this.#routes.set(origin, route);
    }
    return this.#sender.send({ method, uri, headers, body }, route, origin, path, "");
  }
}

let nextPrefix = 1;

/** What is asked for, as a caller said it. */
export interface Asked {
  readonly method: string;
  readonly uri: string | URL;
  readonly headers: RequestHeaders | null | undefined;
  readonly body: RequestBody | null | undefined;
}

/** The part that all agents which connect share: time-outs, limits and the pool. */
export class Sender {
  readonly timeouts: RequestTimeouts;
  readonly limits: ResponseLimits;
  readonly #reactor: ClientReactor;
  readonly #pool: HTTPConnectionPool;

  constructor(reactor: ClientReactor, options: CommonAgentOptions) {
    this.#reactor = reactor;
    this.timeouts = requestTimeouts(options);
    this.limits = responseLimits(options.limits ?? {});
    this.#pool = options.pool ?? new HTTPConnectionPool(reactor, { persistent: false });
  }

  /** Sends a request on a route. */
  send(asked: Asked, route: Route, origin: Origin, target: string, extra: string): Deferred<ClientResponse> {
    const { method } = asked;
    if (method !== "GET") checkMethod(method);
    if (method === "CONNECT") throw new TypeError("Cannot request with CONNECT: ProxyAgent makes tunnels");
    const given = asked.headers == null ? null : ownHeaders(asked.headers);
    let lines = extra;
    if (origin.authorization !== "" && given?.has("authorization") !== true) {
      lines += `Authorization: ${origin.authorization}\r\n`;
    }
    const request = new ClientRequest(
      method,
      target,
      origin.authority,
      lines,
      given,
      wireBody(asked.body),
      this.timeouts,
      asked.uri,
    );
    const exchange = new Exchange(this.#pool, this.#reactor, route, request, this.#pool.retryAutomatically);
    exchange.start();
    return exchange.deferred;
  }
}

// A copy: the head is written later, and framing is the connection's affair.
function ownHeaders(headers: RequestHeaders): HTTPHeaders {
  const own = headers instanceof HTTPHeaders ? headers.copy() : new HTTPHeaders(headers);
  if (own.has("content-length")) own.delete("content-length");
  if (own.has("transfer-encoding")) own.delete("transfer-encoding");
  return own;
}
