/**
 * `UnreadCount`: how much a peer was answered since it last read what was sent.
 * @module
 */
import type { Transport } from "@ropewalk/reactor/core";

/** With no more than this unsent a peer counts as one that reads, in bytes. */
const LITTLE = 65_536;

/** Counts answers that nobody reads. It needs no producer, so a program may have its own. */
export class UnreadCount {
  readonly #most: number;
  #bytes = 0;

  /** @param most How much may wait, in bytes. */
  constructor(most: number) {
    this.#most = most;
  }

  /** So much was written in answer. @returns Whether the peer lets too much wait; never, if the transport does not tell. */
  isTooMuch(bytes: number, transport: Transport): boolean {
    const unsent = transport.unsentBytes ?? 0;
    this.#bytes = unsent <= LITTLE ? 0 : this.#bytes + bytes;
    return this.#bytes > this.#most;
  }
}
