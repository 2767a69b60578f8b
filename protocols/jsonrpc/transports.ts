/**
 * JSON-RPC over lines, netstrings and WebSockets.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import { decodeUtf8 } from "../bytes.ts";
import { LineReceiver } from "../line_receiver.ts";
import { NetstringReceiver } from "../netstring_receiver.ts";
import {
  type WebSocketClientOptions,
  WebSocketClientProtocol,
  type WebSocketServerOptions,
  WebSocketServerProtocol,
} from "../websocket/endpoints.ts";
import { JSONRPCPeer, type PeerOptions, type RemoteMethods } from "./peer.ts";

/** The longest message accepted, in bytes. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/**
 * JSON-RPC with a message on each line (LF; CRLF is accepted). Lines of up to 1 MiB.
 *
 * @example
 * ```ts
 * import { Factory, MethodTable } from "@ropewalk/protocols";
 * import { JSONRPCLines } from "@ropewalk/protocols/jsonrpc";
 *
 * const methods = new MethodTable().add("sum", (a: number, b: number) => a + b);
 * const factory = Factory.forProtocol(JSONRPCLines, { methods });
 * ```
 */
export class JSONRPCLines<M extends RemoteMethods = RemoteMethods> extends LineReceiver {
  /** What ends a line. */
  override delimiter = "\n";
  /** CRLF is accepted too. */
  override acceptBareLF = true;
  /** The longest message accepted, in bytes. */
  override MAX_LENGTH: number = MAX_MESSAGE_BYTES;
  /** Calls the far end, and answers it. */
  readonly peer: JSONRPCPeer<M>;

  /**
   * A connection to be.
   *
   * @param options What the far end may call, and limits.
   */
  constructor(options: PeerOptions = {}) {
    super();
    this.peer = new JSONRPCPeer<M>((text) => this.sendLine(text), options);
  }

  /** The connection is there. */
  override connectionMade(): void {
    this.peer.reactor ??= this.reactor;
  }

  /** A message came. */
  override lineReceived(line: string): void {
    if (line.trim() !== "") this.peer.received(line);
  }

  /** The connection is gone. */
  override connectionLost(reason: Failure): void {
    this.peer.lost(reason);
  }
}

/** JSON-RPC with each message a netstring of up to 1 MiB. See {@linkcode JSONRPCLines}. */
export class JSONRPCNetstrings<M extends RemoteMethods = RemoteMethods> extends NetstringReceiver {
  /** The longest message accepted, in bytes. */
  override MAX_LENGTH: number = MAX_MESSAGE_BYTES;
  /** Calls the far end, and answers it. */
  readonly peer: JSONRPCPeer<M>;

  /**
   * A connection to be.
   *
   * @param options What the far end may call, and limits.
   */
  constructor(options: PeerOptions = {}) {
    super();
    this.peer = new JSONRPCPeer<M>((text) => this.sendString(text), options);
  }

  /** The connection is there. */
  override connectionMade(): void {
    this.peer.reactor ??= this.reactor;
  }

  /** A message came. */
  override stringReceived(string: Uint8Array): void {
    this.peer.received(decodeUtf8(string));
  }

  /** The connection is gone. */
  override connectionLost(reason: Failure): void {
    this.peer.lost(reason);
  }
}

/** JSON-RPC over a WebSocket, the server's side. See {@linkcode JSONRPCLines}. */
export class JSONRPCWebSocketServer<M extends RemoteMethods = RemoteMethods> extends WebSocketServerProtocol {
  /** Calls the far end, and answers it. */
  readonly peer: JSONRPCPeer<M>;

  /**
   * A connection to be.
   *
   * @param options What the far end may call, and limits.
   */
  constructor(options: PeerOptions & WebSocketServerOptions = {}) {
    super(options);
    this.peer = new JSONRPCPeer<M>((text) => void this.sendMessage(text), options);
  }

  /** The WebSocket is open. */
  override opened(): void {
    this.peer.reactor ??= this.reactor;
  }

  /** A message came. */
  override messageReceived(message: string | Uint8Array): void {
    if (typeof message === "string") this.peer.received(message);
    else this.close(1003, "JSON-RPC is text");
  }

  /** The connection is gone. */
  override connectionLost(reason: Failure): void {
    this.peer.lost(reason);
    super.connectionLost(reason);
  }
}

/** JSON-RPC over a WebSocket, the client's side. See {@linkcode JSONRPCLines}. */
export class JSONRPCWebSocketClient<M extends RemoteMethods = RemoteMethods> extends WebSocketClientProtocol {
  /** Calls the far end, and answers it. */
  readonly peer: JSONRPCPeer<M>;

  /**
   * A connection to be.
   *
   * @param url Where to: `ws:` or `wss:`.
   * @param options What the far end may call, and limits.
   */
  constructor(url: string | URL, options: PeerOptions & WebSocketClientOptions = {}) {
    super(url, options);
    this.peer = new JSONRPCPeer<M>((text) => void this.sendMessage(text), options);
  }

  /** The WebSocket is open. */
  override opened(): void {
    this.peer.reactor ??= this.reactor;
  }

  /** A message came. */
  override messageReceived(message: string | Uint8Array): void {
    if (typeof message === "string") this.peer.received(message);
    else this.close(1003, "JSON-RPC is text");
  }

  /** The connection is gone. */
  override connectionLost(reason: Failure): void {
    this.peer.lost(reason);
    super.connectionLost(reason);
  }
}
