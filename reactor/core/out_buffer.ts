/**
 * What a connection has to send: writes are copied to the end of one buffer, and leave together.
 *
 * ```text
 *   write ──► #bytes [ copied | copied | …      ] ──take──► the host sends it
 *             spare  [                          ] ◄──done── and gives it back
 * ```
 *
 * A small spare stays with its connection. Large ones are shared by all connections: few are in use at one time, and
 * the one that was used last is still in the processor's cache.
 * @module
 */
import { giveLarge, takeLarge } from "./large_buffers.ts";
import type { Data } from "./interfaces.ts";

const NOTHING = new Uint8Array(0);
const FIRST = 256;
const KEPT = 8192; // a larger buffer is not kept by its connection
const ENCODED_APART = 65_536; // longer text is encoded into memory of its own first
const BY_HAND = 64; // shorter text is encoded here: a call of the host's encoder costs more
const encoder = new TextEncoder();

/** Bytes to send. */
export class OutBuffer {
  /** How many bytes wait. */
  length = 0;
  #bytes: Uint8Array = NOTHING;
  #spare: Uint8Array = NOTHING;

  /** Adds a copy of the data. */
  add(data: Data): void {
    if (typeof data === "string") this.#addText(data);
    else {
      this.#reserve(data.length);
      this.#bytes.set(data, this.length);
      this.length += data.length;
    }
  }

  /** All that waits. Until {@linkcode done} nothing writes to it. */
  take(): Uint8Array {
    const all = this.#bytes.subarray(0, this.length);
    this.#bytes = this.#spare;
    this.#spare = NOTHING;
    this.length = 0;
    return all;
  }

  /** What {@linkcode take} gave is sent. */
  done(sent: Uint8Array): void {
    const size = sent.buffer.byteLength;
    if (size > KEPT) giveLarge(sent.buffer as ArrayBuffer);
    else if (size > this.#spare.length) this.#spare = new Uint8Array(sent.buffer as ArrayBuffer);
  }

  /** Drops everything. */
  clear(): void {
    if (this.#bytes.length > KEPT) giveLarge(this.#bytes.buffer as ArrayBuffer);
    this.length = 0;
    this.#bytes = this.#spare = NOTHING;
  }

  #addText(text: string): void {
    const { length } = text;
    if (length > ENCODED_APART) { // three bytes a character would be reserved below
      this.add(encoder.encode(text));
      return;
    }
    this.#reserve(length * 3);
    if (length <= BY_HAND) {
      const bytes = this.#bytes;
      let at = this.length;
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code > 0x7f) break;
        bytes[at++] = code;
      }
      if (i === length) {
        this.length = at;
        return;
      }
    }
    this.length += encoder.encodeInto(text, this.#bytes.subarray(this.length)).written;
  }

  #reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.#bytes.length) return;
    const old = this.#bytes;
    const size = Math.max(needed, old.length * 2, FIRST);
    const larger = size > KEPT ? takeLarge(size) : new Uint8Array(size);
    if (this.length > 0) larger.set(old.subarray(0, this.length));
    if (old.length > KEPT) giveLarge(old.buffer as ArrayBuffer);
    this.#bytes = larger;
  }
}
