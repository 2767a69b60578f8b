/**
 * The buffer beneath every framing protocol: bytes come in at the end and are used up from the start.
 *
 * ```text
 *   bytes  ┌───────────┬──────────────────────┬─────────────┐
 *          │  used up  │  waiting             │  free       │
 *          └───────────┴──────────────────────┴─────────────┘
 *                      ▲ start                ▲ end
 * ```
 *
 * The memory is one of three kinds. BORROWED: the chunk in hand, looked at in place, gone when the call returns. OWN:
 * ours, written to again and again, so that no view of it may leave. FROZEN: written once, so that views of it may be
 * given away. A chunk that holds only whole messages is never copied at all; what is left of one is copied once.
 * Every byte is copied O(1) times, whatever the sizes of the chunks.
 * @module
 */
import type { Transport } from "@ropewalk/reactor/core";
import { NO_BYTES } from "./bytes.ts";

const BORROWED = 0;
const OWN = 1;
const FROZEN = 2;

/** Our own memory is given back when it is empty and larger than this. */
const KEPT_BYTES = 65536;

/** A queue of bytes. */
export class ByteQueue {
  /** The memory; only `start` to `end` counts. Views of it may only be given away after {@linkcode freeze}. */
  bytes: Uint8Array = NO_BYTES;
  /** Where the waiting bytes begin. */
  start = 0;
  /** Where they end. */
  end = 0;
  /** Changes whenever an offset into `bytes` from before means something else, or more bytes stand behind it. */
  epoch = 0;
  #kind = FROZEN;
  #own: Uint8Array = NO_BYTES;
  #underTLS = false;

  /** How many bytes wait. */
  get length(): number {
    return this.end - this.start;
  }

  /** Takes a chunk that stays as it is until {@linkcode settle}: in place if nothing waits, else as a copy. */
  take(chunk: Uint8Array): void {
    if (this.start !== this.end) {
      this.append(chunk);
      return;
    }
    this.bytes = chunk;
    this.start = 0;
    this.end = chunk.length;
    this.#kind = BORROWED;
    this.epoch++;
  }

  /** Takes a copy of a chunk. */
  append(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#makeOwn(chunk.length);
    this.bytes.set(chunk, this.end);
    this.end += chunk.length;
    this.epoch++;
  }

  /** The chunk given to {@linkcode take} is about to go: copies what is left of it. */
  settle(): void {
    if (this.start === this.end) {
      if (this.#own.length > KEPT_BYTES) this.#own = NO_BYTES;
      this.clear();
    } else if (this.#kind === BORROWED || (this.#kind === FROZEN && this.length * 2 < this.bytes.length)) {
      this.#makeOwn(0);
      this.epoch++;
    }
  }

  /** Has the memory never be written to again, so that views of the waiting bytes may be given away. */
  freeze(): void {
    if (this.#kind === FROZEN) return;
    this.bytes = this.bytes.slice(this.start, this.end);
    this.end -= this.start;
    this.start = 0;
    this.#kind = FROZEN;
    this.epoch++;
  }

  /** A view of all that waits, which is used up. The view may be kept. */
  takeAll(): Uint8Array {
    this.freeze();
    const all = this.bytes.subarray(this.start, this.end);
    this.start = this.end;
    return all;
  }

  /** A view of the next bytes, which are used up. The view may be kept. */
  takeView(length: number): Uint8Array {
    const view = this.peekView(length);
    this.start += length;
    return view;
  }

  /** A view of the next bytes, which are not used up. The view may be kept. */
  peekView(length: number): Uint8Array {
    this.freeze();
    return this.bytes.subarray(this.start, this.start + length);
  }

  /** The end of what {@linkcode takeAll} gave was not wanted. Costs nothing if nothing came meanwhile. */
  putBack(rest: Uint8Array): void {
    if (rest.length === 0) return;
    const start = rest.byteOffset - this.bytes.byteOffset;
    if (
      this.start !== this.end || this.#kind !== FROZEN || rest.buffer !== this.bytes.buffer ||
      start + rest.length !== this.end
    ) {
      this.append(rest);
      return;
    }
    this.start = start;
  }

  /** Drops everything. */
  clear(): void {
    this.bytes = NO_BYTES;
    this.start = this.end = 0;
    this.#kind = FROZEN;
    this.epoch++;
  }

  /**
   * Drops everything if the transport has gone over to TLS since this was asked last: it came in plain text, where
   * anybody on the way could have put it behind the request to switch.
   *
   * @returns True if it has.
   */
  switched(transport: Transport | undefined): boolean {
    if (transport === undefined) return false;
    const underTLS = transport.tlsStarted ?? transport.secure;
    if (underTLS === this.#underTLS) return false;
    this.#underTLS = underTLS;
    this.clear();
    return true;
  }

  // Moves what waits to memory of our own with `room` bytes free behind it.
  #makeOwn(room: number): void {
    const length = this.end - this.start;
    const needed = length + room;
    if (this.#kind === OWN && this.end + room <= this.#own.length) return;
    if (needed > this.#own.length || (this.#kind === OWN && needed * 2 > this.#own.length)) {
      const larger = new Uint8Array(Math.max(64, needed + (needed >> 1))); // half as much again: amortised O(1)
      larger.set(this.bytes.subarray(this.start, this.end));
      this.#own = larger;
    } else if (this.#kind === OWN) {
      this.#own.copyWithin(0, this.start, this.end);
    } else {
      this.#own.set(this.bytes.subarray(this.start, this.end));
    }
    this.bytes = this.#own;
    this.start = 0;
    this.end = length;
    this.#kind = OWN;
  }
}
