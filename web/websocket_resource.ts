/**
 * `WebSocketResource`: WebSockets beside pages.
 * @module
 */
import { acceptHandshake, HandshakeError, type WebSocketConnection } from "@ropewalk/protocols/websocket";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import type { Request } from "./request.ts";
import { type RenderResult, Resource } from "./resource.ts";

/** Options of {@linkcode WebSocketResource}. */
export interface WebSocketResourceOptions {
  /** The subprotocols it speaks, the preferred first. */
  subprotocols?: readonly string[];
  /**
   * The origins whose pages may connect: others are refused. By default only pages of the host that is asked, since a
   * browser sends its cookies along wherever the page is from; `"any"` allows all. Behind a proxy that speaks TLS in place
   * of the site, its origin has to be given: `["https://www.example"]`.
   */
  origins?: readonly string[] | "any";
}

/**
 * Turns requests into WebSockets. Programs that are no browsers send no `Origin` and are always let in.
 *
 * @example
 * ```ts
 * import { Resource, WebSocketResource } from "@ropewalk/web";
 * import { WebSocketConnection } from "@ropewalk/protocols/websocket";
 *
 * class Echo extends WebSocketConnection {
 *   override messageReceived(message: string | Uint8Array) {
 *     this.sendMessage(message);
 *   }
 * }
 *
 * const root = new Resource();
 * root.putChild("echo", new WebSocketResource(() => new Echo(true)));
 * ```
 */
export class WebSocketResource extends Resource {
  /** Answers for everything below it too. */
  override isLeaf = true;
  readonly #options: WebSocketResourceOptions;

  /**
   * Makes one.
   *
   * @param build Makes the protocol of a new connection (a server's: `new …(true)`); `null` refuses it with 403.
   * @param options Subprotocols and origins.
   */
  constructor(
    readonly build: (request: Request) => WebSocketConnection | null,
    options: WebSocketResourceOptions = {},
  ) {
    super();
    this.#options = options;
  }

  /** Answers a request. */
  override render(request: Request): RenderResult {
    try {
      this.#checkOrigin(request);
      // What is no handshake is refused before a protocol is made for it.
      acceptHandshake(request.method, request.requestHeaders.toPlatform());
      const protocol = this.build(request);
      if (protocol === null) throw new HandshakeError(403, "This WebSocket is not for you");
      const { subprotocols = [] } = this.#options;
      const { headers, agreed } = acceptHandshake(request.method, request.requestHeaders.toPlatform(), {
        subprotocols,
        perMessageDeflate: protocol.wantsDeflate,
      });
      for (const [name, value] of headers) request.setHeader(name, value);
      protocol.subprotocol = agreed.subprotocol;
      // The protocol opens with what it wants unless it is told what was agreed on.
      const opening = protocol as unknown as {
        connectionMade(): void;
        open(agreed: { deflate: boolean }): void;
      };
      if (protocol.wantsDeflate && !agreed.deflate) opening.connectionMade = () => opening.open(agreed);
      request.upgrade(protocol);
      return NOT_DONE_YET;
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error;
      return refuse(request, error);
    }
  }

  #checkOrigin(request: Request): void {
    const { origins } = this.#options;
    const origin = request.getHeader("origin");
    if (origin === undefined || origins === "any") return;
    const allowed = origins === undefined ? isOwn(origin, request) : origins.includes(origin);
    if (!allowed) throw new HandshakeError(403, "This origin may not connect");
  }
}

// An origin has no default port, a Host may.
function isOwn(origin: string, request: Request): boolean {
  const [scheme, port] = request.isSecure() ? ["https", ":443"] : ["http", ":80"];
  const host = request.host.toLowerCase();
  return origin.toLowerCase() === `${scheme}://${host.endsWith(port) ? host.slice(0, -port.length) : host}`;
}

function refuse(request: Request, error: HandshakeError): string {
  request.setResponseCode(error.status ?? 400);
  if (error.status === 426) {
    request.setHeader("upgrade", "websocket");
    request.setHeader("connection", "upgrade");
    request.setHeader("sec-websocket-version", "13");
  }
  if (error.status === 405) request.setHeader("allow", "GET");
  request.setHeader("content-type", "text/plain; charset=utf-8");
  return `${error.message}\n`;
}
