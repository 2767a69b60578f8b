/**
 * `Inbox`: cuts a stream of bytes into whole messages. A message that lies within one chunk is handed on as a view of
 * that chunk; only a message that is not all there is copied.
 * @module
 */
import type { ResolvedLimits } from "./limits.ts";
import { Scanner } from "./_scanner.ts";

/** Receives one whole message: `bytes` from `start` to `end`, valid during the call only. */
export type MessageHandler = (bytes: Uint8Array, start: number, end: number) => void;

/** What was received and not yet dealt with. */
export class Inbox {
  readonly scanner: Scanner;
  /** Whether messages wait for now, and what comes too. Whoever ends it feeds something, be it nothing. */
  held = false;
  readonly #handler: MessageHandler;
  #kept: Uint8Array = new Uint8Array(0);
  #keptLength = 0;
  #feeding = false;
  #queue: Uint8Array[] | null = null;
  #stopped = false;

  constructor(limits: ResolvedLimits, handler: MessageHandler) {
    this.scanner = new Scanner(limits);
    this.#handler = handler;
  }

  /** Bytes of a message that is not all there yet. */
  get waiting(): number {
    return this.#keptLength;
  }

  /** Deals with no more messages, not even those in hand. */
  stop(): void {
    this.#stopped = true;
    this.#queue = null;
    this.#kept = new Uint8Array(0);
    this.#keptLength = 0;
  }

  /**
   * Takes some bytes. A call from within the handler is dealt with after the chunk in hand.
   *
   * @throws {BananaError} If they are no banana, or exceed a limit; and whatever the handler throws.
   */
  feed(data: Uint8Array): void {
    if (this.#stopped) return;
    if (this.#feeding) {
      (this.#queue ??= []).push(data.slice());
      return;
    }
    this.#feeding = true;
    try {
      this.#chunk(data);
      while (this.#queue !== null && this.#queue.length > 0) this.#chunk(this.#queue.shift()!);
    } finally {
      this.#feeding = false;
    }
  }

  #chunk(data: Uint8Array): void {
    if (this.held) {
      this.#keep(data, 0);
      return;
    }
    let bytes = data;
    let end = data.length;
    if (this.#keptLength > 0) {
      this.#keep(data, 0);
      bytes = this.#kept;
      end = this.#keptLength;
    }
    let start = 0;
    while (start < end) {
      const next = this.scanner.scan(bytes, start, end);
      if (next < 0) break;
      this.#handler(bytes, start, next);
      if (this.#stopped) return;
      start = next;
      if (this.held) break;
    }
    if (bytes === data) {
      if (start < end) this.#keep(data, start);
    } else if (start === end) {
      this.#keptLength = 0;
      if (this.#kept.length > 65536) this.#kept = new Uint8Array(0);
    } else if (start > 0) {
      this.#kept.copyWithin(0, start, end);
      this.#keptLength = end - start;
    }
  }

  #keep(data: Uint8Array, from: number): void {
    const more = data.length - from;
    const need = this.#keptLength + more;
    if (need > this.#kept.length) {
      const grown = new Uint8Array(Math.max(need, this.#kept.length * 2, 512));
      grown.set(this.#kept.subarray(0, this.#keptLength));
      this.#kept = grown;
    }
    this.#kept.set(from === 0 ? data : data.subarray(from), this.#keptLength);
    this.#keptLength = need;
  }
}
