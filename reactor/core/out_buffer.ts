/**
 * What a connection has to send: writes are copied to the end of one buffer, and leave together. Text is joined first
 * and encoded when bytes follow it or it leaves: one call of the encoder for a hundred lines, as it costs more than they.
 *
 * ```text
 *   write ──► #bytes [ copied | copied | …      ] + #text ──take──► the host sends it
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
const MOST_TEXT = 65_536; // characters that wait to be encoded
const encoder = new TextEncoder();

/** Bytes to send. */
export class OutBuffer {
  #filled = 0; // bytes of #bytes that wait
  #text = ""; // text that waits behind them, not encoded yet
  #bytes: Uint8Array = NOTHING;
  #spare: Uint8Array = NOTHING;

  /** How many bytes wait: at least so many, as text that is not encoded yet counts a byte for each of its characters. */
  get length(): number {
    return this.#filled + this.#text.length;
  }

  /** Adds a copy of the data. */
  add(data: Data): void {
    if (typeof data === "string") {
      this.#text += data;
      if (this.#text.length > MOST_TEXT) this.#encode();
      return;
    }
    if (this.#text !== "") this.#encode();
    this.#reserve(data.length);
    this.#bytes.set(data, this.#filled);
    this.#filled += data.length;
  }

  /** All that waits. Until {@linkcode done} nothing writes to it. */
  take(): Uint8Array {
    if (this.#text !== "") this.#encode();
    const all = this.#bytes.subarray(0, this.#filled);
    this.#bytes = this.#spare;
    this.#spare = NOTHING;
    this.#filled = 0;
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
    this.#filled = 0;
    this.#text = "";
    this.#bytes = this.#spare = NOTHING;
  }

  // Nearly all text is ASCII, so a byte for each character is reserved; where that was too little, three for what is left.
  #encode(): void {
    const text = this.#text;
    this.#text = "";
    this.#reserve(text.length);
    const { read, written } = encoder.encodeInto(text, this.#bytes.subarray(this.#filled));
    this.#filled += written;
    if (read === text.length) return;
    const rest = text.slice(read);
    this.#reserve(rest.length * 3);
    this.#filled += encoder.encodeInto(rest, this.#bytes.subarray(this.#filled)).written;
  }

  #reserve(more: number): void {
    const needed = this.#filled + more;
    if (needed <= this.#bytes.length) return;
    const old = this.#bytes;
    const size = Math.max(needed, old.length * 2, FIRST);
    const larger = size > KEPT ? takeLarge(size) : new Uint8Array(size);
    if (this.#filled > 0) larger.set(old.subarray(0, this.#filled));
    if (old.length > KEPT) giveLarge(old.buffer as ArrayBuffer);
    this.#bytes = larger;
  }
}
