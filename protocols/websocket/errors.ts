/**
 * What can go wrong with WebSockets.
 * @module
 */

/** The peer broke the protocol. */
export class WebSocketError extends Error {
  /** Stable identifier of this kind of error. */
  readonly code = "WEBSOCKET_ERROR";
  /** The name of the class. */
  override readonly name = "WebSocketError";
  /**
   * Tells what is wrong.
   *
   * @param closeCode The code that the connection is closed with (RFC 6455 §7.4).
   * @param message What is wrong.
   */
  constructor(readonly closeCode: number, message: string) {
    super(message);
  }
}

/** The opening handshake failed. */
export class HandshakeError extends Error {
  /** Stable identifier of this kind of error. */
  readonly code = "WEBSOCKET_HANDSHAKE";
  /** The name of the class. */
  override readonly name = "HandshakeError";
  /**
   * Tells what is wrong.
   *
   * @param status The HTTP status: what a server answers, or what a client got.
   * @param message What is wrong.
   */
  constructor(readonly status: number, message: string) {
    super(message);
  }
}
