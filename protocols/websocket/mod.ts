/**
 * WebSockets (RFC 6455), server and client, with per-message deflate (RFC 7692).
 *
 * @example
 * ```ts
 * import { WebSocketServerProtocol } from "@ropewalk/protocols/websocket";
 *
 * class Shout extends WebSocketServerProtocol {
 *   override messageReceived(message: string | Uint8Array) {
 *     if (typeof message === "string") this.sendMessage(message.toUpperCase());
 *     else this.close(1003, "text only");
 *   }
 * }
 * ```
 *
 * @module
 */
export { WebSocketConnection, type WebSocketState } from "./connection.ts";
export type { WebSocketOptions } from "./options.ts";
export {
  type HandshakeOptions,
  type WebSocketClientOptions,
  WebSocketClientProtocol,
  WebSocketHandshakeProtocol,
  type WebSocketServerOptions,
  WebSocketServerProtocol,
} from "./endpoints.ts";
export { HandshakeError, WebSocketError } from "./errors.ts";
export {
  acceptHandshake,
  acceptKey,
  type AcceptOptions,
  type Agreement,
  checkAnswer,
  handshakeRequest,
  type Head,
  parseHead,
  type RequestOptions,
} from "./handshake.ts";
