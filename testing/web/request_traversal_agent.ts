/**
 * `RequestTraversalAgent`: an agent whose every request is answered by a site in memory.
 * @module
 */
import { type Deferred, succeed } from "@ropewalk/deferred";
import { type FactoryOf, ipAddress, type StreamProtocol } from "@ropewalk/reactor/core";
import { type HTTPFactory, type Resource, Site } from "@ropewalk/web";
import {
  Agent,
  type AgentLike,
  type ClientResponse,
  type RequestBody,
  type RequestHeaders,
} from "@ropewalk/web/client";
import type { Clock } from "../clock.ts";
import { IOPump, type LoopbackOptions } from "../loopback.ts";
import { MemoryReactor } from "../memory/memory_reactor.ts";

/** Options of {@linkcode RequestTraversalAgent}. */
export interface RequestTraversalAgentOptions extends Omit<LoopbackOptions, "greet" | "clock"> {
  /** The reactor of both sides; its clock runs all time-outs. @default a new one */
  reactor?: MemoryReactor;
}

/**
 * An agent for tests of code that requests pages: whatever host an address names, the site or tree of resources answers,
 * through the real client and the real server. Nothing moves until {@linkcode RequestTraversalAgent.flush}, so a test
 * sees the time before the answer, too.
 *
 * @example
 * ```ts
 * import { Resource } from "@ropewalk/web";
 * import { successResultOf } from "@ropewalk/testing";
 * import { RequestTraversalAgent } from "@ropewalk/testing/web";
 * import { assertEquals } from "@std/assert";
 *
 * class Hello extends Resource {
 *   override isLeaf = true;
 *   render_GET() {
 *     return "hello";
 *   }
 * }
 *
 * const agent = new RequestTraversalAgent(new Hello());
 * const text = agent.request("GET", "http://example.org/").addCallback((response) => response.text());
 * agent.flush();
 * assertEquals(successResultOf(text), "hello");
 * ```
 */
export class RequestTraversalAgent implements AgentLike {
  /** The reactor of both sides. */
  readonly reactor: MemoryReactor;
  /** The connections that were made, the oldest first. */
  readonly connections: IOPump[] = [];
  readonly #site: HTTPFactory;
  readonly #agent: Agent;
  readonly #options: RequestTraversalAgentOptions;

  /** Puts a site in the place of the whole web.
   *
   * @param target A tree of resources, or a site.
   * @param options The reactor, and how bytes are cut on their way.
   */
  constructor(target: Resource | HTTPFactory, options: RequestTraversalAgentOptions = {}) {
    this.reactor = options.reactor ?? new MemoryReactor();
    this.#options = options;
    this.#site = "buildProtocol" in target ? target : new Site(target, { reactor: this.reactor });
    this.#agent = Agent.usingEndpointFactory(this.reactor, {
      endpointForURI: (uri) => ({
        connect: <P extends StreamProtocol>(factory: FactoryOf<P>) => this.#connect(uri, factory),
      }),
    });
  }

  /** Requests a page, as `Agent.request`. */
  request(
    method: string,
    uri: string | URL,
    headers?: RequestHeaders | null,
    body?: RequestBody | null,
  ): Deferred<ClientResponse> {
    return this.#agent.request(method, uri, headers, body);
  }

  /** Moves everything that either side has to say, on every connection, until both are silent. */
  flush(): void {
    for (let moved = true; moved;) {
      moved = false;
      for (const pump of this.connections) moved = pump.flush() || moved;
    }
  }

  #connect<P extends StreamProtocol>(uri: URL, factory: FactoryOf<P>): Deferred<P> {
    const address = ipAddress("TCP", "10.0.0.1", Number(uri.port) || 80);
    const server = this.#site.buildProtocol(ipAddress("TCP", "192.168.1.1", 54321));
    if (server === null) throw new TypeError("Cannot request a page: the site accepts no connections");
    const client = factory.buildProtocol(address);
    if (client === null) throw new TypeError("Cannot request a page: the agent's factory built no protocol");
    const pump = new IOPump(server, client, { ...this.#options, clock: this.reactor as Clock, greet: false });
    this.connections.push(pump);
    return succeed(client);
  }
}
