/**
 * JSON-RPC 2.0: over lines, netstrings and WebSockets. (HTTP is in `@ropewalk/web/jsonrpc`.)
 *
 * @example
 * ```ts
 * import { MethodTable } from "@ropewalk/protocols";
 * import { JSONRPCLines } from "@ropewalk/protocols/jsonrpc";
 *
 * const methods = new MethodTable().add("upper", (text: string) => text.toUpperCase());
 * const protocol = new JSONRPCLines({ methods });
 * ```
 *
 * @module
 */
export { type DispatcherOptions, JSONRPCDispatcher } from "./dispatcher.ts";
export {
  INTERNAL_ERROR,
  INVALID_PARAMS,
  INVALID_REQUEST,
  JSONRPCError,
  METHOD_NOT_FOUND,
  PARSE_ERROR,
} from "./errors.ts";
export { type BatchCall, JSONRPCPeer, type PeerOptions, type RemoteMethods, type Settled } from "./peer.ts";
export {
  JSONRPCLines,
  JSONRPCNetstrings,
  JSONRPCWebSocketClient,
  JSONRPCWebSocketServer,
} from "./transports.ts";
