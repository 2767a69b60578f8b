/**
 * Per-message deflate (RFC 7692) through the platform's `CompressionStream`.
 *
 * The platform compresses whole streams only. So each message is one stream: both sides agree on
 * `no_context_takeover`, and what we send ends with a final block and a zero byte (RFC 7692 §7.2.3.4).
 * @module
 */
import { concatBytes } from "../bytes.ts";
import { WebSocketError } from "./errors.ts";

// An empty block, whose header the sender left out, and an empty final one.
const TAIL = Uint8Array.of(0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff);
const ZERO = Uint8Array.of(0);

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  stream: CompressionStream | DecompressionStream,
  maxBytes: number,
): Promise<Uint8Array> {
  const writer = stream.writable.getWriter();
  // What goes wrong here goes wrong at the reading end, too.
  writer.write(bytes).catch(() => {});
  writer.close().catch(() => {});
  const reader = stream.readable.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concatBytes(parts);
    length += value.length;
    if (length > maxBytes) {
      await reader.cancel().catch(() => {});
      throw new WebSocketError(1009, "a message is too long");
    }
    parts.push(value);
  }
}

/** Compresses a message. */
export async function deflate(message: Uint8Array): Promise<Uint8Array> {
  const stream = await through(new Uint8Array(message), new CompressionStream("deflate-raw"), Infinity);
  return concatBytes([stream, ZERO]);
}

/**
 * Decompresses a message.
 *
 * @param payload What came.
 * @param maxBytes How long the message may be; a bomb is stopped there.
 * @throws {WebSocketError} If it is too long, or is not compressed data.
 */
export async function inflate(payload: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  try {
    return await through(concatBytes([payload, TAIL]), new DecompressionStream("deflate-raw"), maxBytes);
  } catch (error) {
    if (error instanceof WebSocketError) throw error;
  }
  try {
    // A stream that has its final block already, and a zero byte behind it.
    return await through(payload.slice(0, -1), new DecompressionStream("deflate-raw"), maxBytes);
  } catch (error) {
    if (error instanceof WebSocketError) throw error;
    throw new WebSocketError(1007, "a message is not compressed data");
  }
}
