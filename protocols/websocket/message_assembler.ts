/**
 * A WebSocket message that comes in fragments (RFC 6455 §5.4).
 *
 * ```text
 *   TEXT "he" ─► CONTINUATION "l" ─► (PING: not of the message) ─► CONTINUATION FIN "lo" ─► "hello"
 * ```
 * @module
 */
import { decodeUtf8, NO_BYTES } from "../bytes.ts";
import { WebSocketError } from "./errors.ts";
import { CONTINUATION, type Frame, TEXT } from "./frames.ts";

/**
 * Puts fragments together, and checks them as they come. What is kept is one piece of memory that doubles: a message of
 * a million fragments of one byte takes no more than twice its bytes.
 */
export class MessageAssembler {
  /** Whether the message is text; only while there is one. */
  isText = false;
  /** Whether it is compressed. */
  compressed = false;
  #begun = false;
  #bytes: Uint8Array<ArrayBuffer> = NO_BYTES;
  #length = 0;
  #decoder: TextDecoder | null = null; // only to see whether text is UTF-8

  /** How many bytes there are so far. */
  get length(): number {
    return this.#length;
  }

  /** Whether a message has begun that is not complete. */
  get begun(): boolean {
    return this.#begun;
  }

  /**
   * Takes a frame of the message.
   *
   * @returns Whether the message is complete.
   * @throws {WebSocketError} If the frame does not belong here, or shows that the text is no UTF-8.
   */
  add({ fin, rsv1, opcode, payload }: Frame): boolean {
    if (opcode === CONTINUATION) {
      if (!this.#begun) throw new WebSocketError(1002, "a continuation of nothing");
      if (rsv1) throw new WebSocketError(1002, "a continuation is marked as compressed");
    } else {
      if (this.#begun) throw new WebSocketError(1002, "a message begins inside another one");
      this.#begun = true;
      this.isText = opcode === TEXT;
      this.compressed = rsv1;
    }
    if (this.isText && !this.compressed) this.#check(payload, fin);
    this.#append(payload);
    return fin;
  }

  /** The message that is complete; the next one may begin. Text that is not compressed is a string. */
  take(): string | Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#length);
    const message = this.isText && !this.compressed ? decodeUtf8(bytes) : bytes;
    this.clear();
    return message;
  }

  /** Forgets everything. */
  clear(): void {
    this.#begun = false;
    this.#bytes = NO_BYTES;
    this.#length = 0;
    this.#decoder = null;
  }

  // Malformed text is refused with the fragment that shows it.
  #check(payload: Uint8Array, fin: boolean): void {
    this.#decoder ??= new TextDecoder("utf-8", { fatal: true });
    try {
      this.#decoder.decode(payload, { stream: !fin });
    } catch {
      throw new WebSocketError(1007, "text is not UTF-8");
    }
  }

  #append(payload: Uint8Array): void {
    const length = this.#length + payload.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(payload, this.#length);
    this.#length = length;
  }
}
