/**
 * `renderResource`: what a site answers, with no server.
 * @module
 */
import { ConnectionLost } from "@ropewalk/reactor/core";
import type { Address } from "@ropewalk/reactor/core";
import { type HTTPFactory, type Resource, Site } from "@ropewalk/web";
import { Clock } from "../clock.ts";
import { MemoryConnection } from "../memory/memory_connection.ts";
import { concatenate } from "../written.ts";
import { readResponse, type ResponseParts } from "./_read_response.ts";

/** Options of {@linkcode renderResource}. */
export interface RenderOptions {
  /** Headers beside `Host` and `Content-Length`. */
  headers?: Readonly<Record<string, string>>;
  /** The body; text is sent as UTF-8. */
  body?: string | Uint8Array;
  /** The clock of the connection, and of a site that is made here. @default a new one */
  clock?: Clock;
  /** The client's address. */
  peer?: Address;
  /** Whether the request comes by https. @default false */
  secure?: boolean;
}

/** What a site has answered so far. It is live: a resource that answers later is seen to when it does. */
export class RenderedResponse {
  /** The clock that the answer may depend on. */
  readonly clock: Clock;
  /** The connection: `late`, `disconnecting` and what else a test may look at. */
  readonly connection: MemoryConnection;
  readonly #method: string;

  /** Made by `renderResource`.
   *
   * @param connection The connection on which the request was sent.
   * @param clock Its clock.
   * @param method The request's method.
   */
  constructor(connection: MemoryConnection, clock: Clock, method: string) {
    this.connection = connection;
    this.clock = clock;
    this.#method = method;
  }

  /** The status; 0 while the resource has not begun to answer. */
  get status(): number {
    return this.#parts.status;
  }

  /** The phrase beside the status. */
  get phrase(): string {
    return this.#parts.phrase;
  }

  /** The headers. */
  get headers(): Headers {
    return this.#parts.headers;
  }

  /** What there is of the body, without the framing of chunks. */
  get body(): Uint8Array<ArrayBuffer> {
    return this.#parts.body;
  }

  /** Whether all of the answer is there. */
  get finished(): boolean {
    return this.#parts.finished;
  }

  /** What there is of the body, as UTF-8 text. */
  text(): string {
    return new TextDecoder().decode(this.body);
  }

  /** The body, as JSON. */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /** The client goes away, as when a reader closes the page: `notifyFinish` fails. */
  hangUp(): void {
    this.connection.peerCloses(new ConnectionLost());
  }

  get #parts(): ResponseParts {
    this.clock.advance(0);
    return readResponse(this.connection.value(), this.#method, !this.connection.connected);
  }
}

/**
 * Sends one request to a resource or a site, through the very code that serves it, and shows the answer.
 *
 * @param target A tree of resources, or a site.
 * @param request `"GET /path?a=b"`.
 * @param options Headers, a body, a clock.
 *
 * @example
 * ```ts
 * import { Resource } from "@ropewalk/web";
 * import { renderResource } from "@ropewalk/testing/web";
 * import { assertEquals } from "@std/assert";
 *
 * class Hello extends Resource {
 *   override isLeaf = true;
 *   render_GET() {
 *     return "hello";
 *   }
 * }
 *
 * const root = new Resource();
 * root.putChild("hello", new Hello());
 * const answer = renderResource(root, "GET /hello");
 * assertEquals([answer.status, answer.text(), answer.finished], [200, "hello", true]);
 * assertEquals(renderResource(root, "GET /nothing").status, 404);
 * ```
 */
export function renderResource(
  target: Resource | HTTPFactory,
  request: string,
  options: RenderOptions = {},
): RenderedResponse {
  const [method, path, ...more] = request.split(" ");
  if (!method || !path?.startsWith("/") || more.length > 0) {
    throw new TypeError(`Cannot render "${request}": say it as "GET /path"`);
  }
  const clock = options.clock ?? new Clock();
  const site = "buildProtocol" in target ? target : new Site(target, { reactor: clock });
  const connection = connect(site, clock, options);
  const body = typeof options.body === "string" ? new TextEncoder().encode(options.body) : options.body;
  const headers = { Host: "localhost", ...options.headers };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  if (body !== undefined) lines.push(`Content-Length: ${body.length}\r\n`);
  const head = new TextEncoder().encode(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  connection.receive(body === undefined ? head : concatenate([head, body]));
  return new RenderedResponse(connection, clock, method);
}

function connect(site: HTTPFactory, clock: Clock, { peer, secure }: RenderOptions): MemoryConnection {
  const connection = new MemoryConnection({ reactor: clock, lenient: true, ...(peer ? { peer } : {}) });
  const protocol = site.buildProtocol(connection.getPeer());
  if (protocol === null) throw new TypeError("Cannot render: the site accepts no connections");
  connection.secure = secure ?? false;
  connection.open(protocol);
  return connection;
}
