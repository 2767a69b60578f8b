/**
 * `ProxyFactory`: a proxy that programs are told to use.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import { ServerFactory } from "@ropewalk/protocols";
import { connectWith, type ReactorTime } from "@ropewalk/reactor/core";
import { Agent, type AgentLike } from "./_client/agent.ts";
import type { ClientReactor } from "./_client/endpoints.ts";
import { HTTPConnectionPool } from "./_client/pool.ts";
import { errorBody } from "./_error_body.ts";
import { checkReactor, requestHeadersFor } from "./_proxy_headers.ts";
import { TunnelSide } from "./_proxy_tunnel.ts";
import { bodyFor, refuse, relay } from "./_relay.ts";
import type { ResponseChannel } from "./_response_channel.ts";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import type { RequestHead } from "./_request_site.ts";
import type { Request } from "./request.ts";
import { type RenderResult, Resource } from "./resource.ts";
import type { Session } from "./session.ts";
import { HTTPFactory, type HTTPFactoryOptions } from "./site.ts";

/** Where a client of a proxy wants to go. */
export interface ProxyTarget {
  /** A name or address; IPv6 without brackets. */
  readonly host: string;
  /** The port. */
  readonly port: number;
  /** True for a tunnel, by CONNECT. */
  readonly tunnel: boolean;
}

/** Options of {@linkcode ProxyFactory}: those of a server, and these. */
export interface ProxyFactoryOptions extends HTTPFactoryOptions {
  /**
   * Says who may go where; others get 403. By default pages from anywhere, and tunnels to port 443 only: a tunnel to
   * any port would send mail for strangers.
   */
  allow?: (target: ProxyTarget, request: Request) => boolean;
  /** Makes the requests, in place of an agent of its own. */
  agent?: AgentLike;
  /** How long connecting may take, in seconds. @default 10 */
  connectTimeoutSeconds?: number;
  /** How long the head of an answer may take, in seconds. @default 60 */
  responseTimeoutSeconds?: number;
}

/**
 * A forward proxy: gets pages by http that are asked for by their whole address, and opens tunnels for CONNECT. It asks
 * nobody who they are: listen where only those who may use it can reach it, or say in `allow` who may.
 *
 * @example
 * ```ts
 * import { ProxyFactory } from "@ropewalk/web";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * function start(reactor: Reactor) {
 *   return reactor.listenTCP(3128, new ProxyFactory(reactor), { hostname: "127.0.0.1" });
 * }
 * ```
 */
export class ProxyFactory extends HTTPFactory {
  readonly #resource: ForwardResource;

  /**
   * Makes one.
   *
   * @param reactor Makes the connections; its clock runs the time-outs.
   * @param options Who may go where, limits and time-outs.
   */
  constructor(reactor: ClientReactor, options: ProxyFactoryOptions = {}) {
    super(options);
    checkReactor(reactor, "be a proxy");
    this.#resource = new ForwardResource(reactor, options);
  }

  /** One resource for all. */
  override getResourceFor(_request: Request): Resource {
    return this.#resource;
  }

  /** Bodies are passed on while they arrive. */
  override streamsBody(_request: Request): boolean {
    return true;
  }

  /** The object for a request; that for a tunnel has no framing of its own. */
  override makeRequest(channel: ResponseChannel, head: RequestHead): Request {
    if (head.method !== "CONNECT") return super.makeRequest(channel, head);
    // To HTTP/1.0 nothing is sent in chunks: what follows the head of a tunnel is no body (RFC 9110 §9.3.6).
    const { method, target, host, headers } = head;
    return super.makeRequest(channel, { method, target, minor: 0, host, headers });
  }

  /** @ignore */
  override findSession(_uid: string): Session | undefined {
    return undefined;
  }

  /** @ignore */
  override makeSession(_reactor: ReactorTime): Session {
    throw new TypeError("Cannot make a session: a proxy has none");
  }
}

const onlyWeb = ({ port, tunnel }: ProxyTarget): boolean => !tunnel || port === 443;

class ForwardResource extends Resource {
  override isLeaf = true;
  readonly #reactor: ClientReactor;
  readonly #agent: AgentLike;
  readonly #allow: (target: ProxyTarget, request: Request) => boolean;
  readonly #connectSeconds: number;

  constructor(reactor: ClientReactor, options: ProxyFactoryOptions) {
    super();
    this.#reactor = reactor;
    this.#allow = options.allow ?? onlyWeb;
    this.#connectSeconds = options.connectTimeoutSeconds ?? 10;
    this.#agent = options.agent ?? new Agent(reactor, {
      pool: new HTTPConnectionPool(reactor, { persistent: false }),
      connectTimeoutSeconds: this.#connectSeconds,
      responseTimeoutSeconds: options.responseTimeoutSeconds ?? 60,
    });
  }

  override render(request: Request): RenderResult {
    const tunnel = request.method === "CONNECT";
    const url = addressOf(tunnel ? `http://${request.uri}` : request.uri);
    if (url === null || url.protocol !== "http:") {
      return errorBody(request, 400, "This is a proxy: ask for a whole address, by http.");
    }
    const port = Number(portOf(request.uri, tunnel) ?? (url.port || 80));
    const target: ProxyTarget = { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port, tunnel };
    if (target.host === "" || port < 1 || port > 65_535) {
      return errorBody(request, 400, "There is no such address.");
    }
    if (!this.#allow(target, request)) return errorBody(request, 403, "This proxy does not go there.");
    if (tunnel) this.#open(request, target);
    else {
      const headers = requestHeadersFor(request.requestHeaders);
      url.hash = "";
      relay(request, this.#agent.request(request.method, url, headers, bodyFor(request)));
    }
    return NOT_DONE_YET;
  }

  #open(request: Request, { host, port }: ProxyTarget): void {
    const [near, far] = TunnelSide.pair();
    const connected: Deferred<TunnelSide> = connectWith(
      (factory) =>
        this.#reactor.connectTCP(host, port, factory, {
          timeoutSeconds: Math.min(this.#connectSeconds, 3e9),
        }),
      new FarSide(far),
    );
    let left = false;
    request.notifyFinish().addErrback(() => {
      left = true;
      connected.cancel();
      far.giveUp();
    });
    connected.addCallbacks(() => {
      if (!left) request.upgrade(near);
    }, (failure) => {
      if (!left) refuse(request, failure);
    });
  }
}

class FarSide extends ServerFactory {
  readonly #side: TunnelSide;

  constructor(side: TunnelSide) {
    super();
    this.#side = side;
  }

  override buildProtocol(): TunnelSide {
    return this.#side;
  }
}

function addressOf(text: string): URL | null {
  return /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : null;
}

// A tunnel's port stands in its target; URL would leave 80 out.
function portOf(target: string, tunnel: boolean): string | undefined {
  return tunnel ? /:(\d+)$/.exec(target)?.[1] ?? "0" : undefined;
}
