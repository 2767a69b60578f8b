/**
 * Limits and times of a WebSocket.
 * @module
 */

/** Options of every WebSocket. */
export interface WebSocketOptions {
  /** The longest message accepted, in bytes, decompressed. @default 1 MiB */
  maxMessageBytes?: number;
  /** After how many seconds of silence to send a ping; 0 for never. @default 0 */
  pingSeconds?: number;
  /** How long the peer may take to answer a ping. @default 20 */
  pongTimeoutSeconds?: number;
  /** How long the peer may take to close after we asked it to. @default 10 */
  closeTimeoutSeconds?: number;
  /** Whether to agree on per-message deflate. @default false */
  perMessageDeflate?: boolean;
  /** Messages shorter than this are not compressed. @default 1024 */
  deflateFromBytes?: number;
}
