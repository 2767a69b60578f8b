/**
 * WebSocket frames (RFC 6455 §5), with no socket in it: bytes in, frames out.
 *
 * ```text
 *    byte 0                 byte 1              then            then          then
 *   ┌───┬─┬─┬─┬────────┐   ┌────┬──────────┐   ┌────────────┐  ┌──────────┐  ┌─────────┐
 *   │FIN│R│R│R│ opcode │   │MASK│ length 7 │   │ 16 or 64   │  │ mask, 4  │  │ payload │
 *   └───┴─┴─┴─┴────────┘   └────┴──────────┘   └────────────┘  └──────────┘  └─────────┘
 * ```
 * @module
 */
import { ByteQueue } from "../_byte_queue.ts";
import { WebSocketError } from "./errors.ts";

/** The kinds of frames. */
export const CONTINUATION = 0;
/** Text. */
export const TEXT = 1;
/** Bytes. */
export const BINARY = 2;
/** The end. */
export const CLOSE = 8;
/** Asks for a pong. */
export const PING = 9;
/** Answers a ping, or comes unasked. */
export const PONG = 10;

/** A frame that came. One object for each parser: look at it before the next one is asked for. */
export interface Frame {
  /** Whether the message ends with it. */
  fin: boolean;
  /** Whether its message is compressed. */
  rsv1: boolean;
  /** What kind it is. */
  opcode: number;
  /** Its payload, unmasked. It is the receiver's to keep. */
  payload: Uint8Array;
}

/** Limits and rights of a {@linkcode FrameParser}. */
export interface FrameParserOptions {
  /** Whether frames have to be masked (a server's must) or must not be. */
  masked: boolean;
  /** The longest payload accepted in a data frame; those of control frames have at most 125 bytes anyway. */
  maxFrameBytes: number;
  /** Whether RSV1 may be set: per-message deflate was agreed on. */
  allowRsv1: boolean;
}

/** Cuts a stream into frames, and checks what can be checked of one frame. */
export class FrameParser {
  /** What has not been parsed. */
  readonly queue: ByteQueue = new ByteQueue();
  /** The longest payload accepted; what is left of a message may be less than the limit of messages. */
  maxFrameBytes: number;
  readonly #masked: boolean;
  readonly #allowRsv1: boolean;
  readonly #frame: Frame = { fin: true, rsv1: false, opcode: 0, payload: new Uint8Array(0) };

  /**
   * Begins with nothing.
   *
   * @param options Limits and rights.
   */
  constructor(options: FrameParserOptions) {
    this.#masked = options.masked;
    this.#allowRsv1 = options.allowRsv1;
    this.maxFrameBytes = options.maxFrameBytes;
  }

  /**
   * The next frame, or `null` if there is no whole one.
   *
   * @throws {WebSocketError} If it breaks the protocol, or is too long: as soon as its head shows it.
   */
  next(): Frame | null {
    const { bytes, start, end } = this.queue;
    const available = end - start;
    if (available < 2) return null;
    const first = bytes[start]!;
    const second = bytes[start + 1]!;
    const opcode = first & 15;
    const fin = first >= 128;
    if ((first & (this.#allowRsv1 ? 0x30 : 0x70)) !== 0) {
      throw new WebSocketError(1002, "a reserved bit is set");
    }
    if (opcode > PONG || (opcode > BINARY && opcode < CLOSE)) {
      throw new WebSocketError(1002, "an unknown opcode");
    }
    if ((second >= 128) !== this.#masked) {
      throw new WebSocketError(1002, this.#masked ? "a frame is not masked" : "a frame is masked");
    }
    let length = second & 127;
    if (opcode >= CLOSE) {
      if (!fin) throw new WebSocketError(1002, "a control frame is fragmented");
      if (length > 125) throw new WebSocketError(1002, "a control frame is too long");
      if ((first & 0x40) !== 0) throw new WebSocketError(1002, "a control frame is compressed");
    }
    let at = start + 2;
    if (length === 126) {
      if (available < 4) return null;
      length = bytes[at]! << 8 | bytes[at + 1]!;
      if (length < 126) throw new WebSocketError(1002, "a length is not as short as it can be");
      at += 2;
    } else if (length === 127) {
      if (available < 10) return null;
      length = 0;
      for (let i = 0; i < 8; i++) length = length * 256 + bytes[at + i]!; // beyond 2^53 only the size matters
      if (length < 65536 || bytes[at]! >= 128) {
        throw new WebSocketError(1002, "a length is not as it has to be");
      }
      at += 8;
    }
    // What is between the fragments of a message is not of it, so its limit is not for control frames.
    if (length > this.maxFrameBytes && opcode < CLOSE) {
      throw new WebSocketError(1009, "a message is too long");
    }
    const maskAt = at;
    if (this.#masked) at += 4;
    if (end - at < length) return null;
    const payload = bytes.slice(at, at + length);
    if (this.#masked) unmask(payload, bytes, maskAt);
    this.queue.start = at + length;
    const frame = this.#frame;
    frame.fin = fin;
    frame.rsv1 = (first & 0x40) !== 0;
    frame.opcode = opcode;
    frame.payload = payload;
    return frame;
  }
}

/** XORs a payload, which begins its own memory, with the four bytes at `key[at]`. */
export function unmask(payload: Uint8Array, key: Uint8Array, at: number): void {
  const length = payload.length;
  let i = 0;
  if (length >= 32 && payload.byteOffset % 4 === 0) {
    // Four bytes at once; in memory the key stands as the payload does, so the order of bytes does not matter.
    const word = new Int32Array(key.slice(at, at + 4).buffer)[0]!;
    const words = new Int32Array(payload.buffer, payload.byteOffset, length >> 2);
    for (let j = 0; j < words.length; j++) words[j]! ^= word;
    i = words.length * 4;
  }
  for (; i < length; i++) payload[i]! ^= key[at + (i & 3)]!;
}

/**
 * Writes the head of a frame.
 *
 * @param into Where; there must be room for 14 bytes.
 * @param first FIN, RSV1 and opcode.
 * @param length Of the payload.
 * @param mask Where in `into` the mask is to stand is returned less 4 if this is set; the bytes are the caller's.
 * @returns Where the payload begins.
 */
export function writeHead(into: Uint8Array, first: number, length: number, mask: boolean): number {
  const bit = mask ? 128 : 0;
  into[0] = first;
  let at = 2;
  if (length < 126) {
    into[1] = bit | length;
  } else if (length < 65536) {
    into[1] = bit | 126;
    into[2] = length >> 8;
    into[3] = length;
    at = 4;
  } else {
    into[1] = bit | 127;
    for (let i = 9, rest = length; i > 1; i--, rest = Math.floor(rest / 256)) into[i] = rest;
    at = 10;
  }
  return mask ? at + 4 : at;
}
