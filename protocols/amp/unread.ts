/**
 * `UnreadAnswers`: how much a peer was answered that it does not read.
 *
 * ```text
 *   sent … sent ─► every 64 KiB: does the peer take it?
 *                    yes ─► unregistered again
 *                    no  ─► counts, until all is with the peer, or it is too much
 * ```
 * @module
 */
import type { PushProducer, Transport } from "@ropewalk/reactor/core";

/** How much is sent before the transport is asked whether the peer takes it, in bytes. */
const LOOK_BYTES = 65536;

/**
 * A producer that is registered only while the peer does not take what was sent. It never stops the reading: both ends
 * ask and answer, so that two that waited for each other would wait for ever.
 */
export class UnreadAnswers implements PushProducer {
  readonly #maxBytes: number;
  readonly #tooMuch: () => void;
  #bytes = 0;
  #full = false;
  #transport: Transport | null = null; // where this is registered

  /**
   * Nothing was sent yet.
   *
   * @param maxBytes How much may wait.
   * @param tooMuch Called when there is more.
   */
  constructor(maxBytes: number, tooMuch: () => void) {
    this.#maxBytes = maxBytes;
    this.#tooMuch = tooMuch;
  }

  /** So much was written. */
  sent(bytes: number, transport: Transport): void {
    this.#bytes += bytes;
    if (this.#full) {
      if (this.#bytes > this.#maxBytes) this.#tooMuch();
    } else if (this.#bytes >= LOOK_BYTES) this.#look(transport);
  }

  /** The transport is to be another's. */
  release(): void {
    const transport = this.#transport;
    this.#transport = null;
    transport?.unregisterProducer();
  }

  /** For the transport. */
  pauseProducing(): void {
    this.#full = true;
  }

  /** For the transport. */
  resumeProducing(): void {
    this.#full = false;
    this.#bytes = 0;
    this.release();
  }

  /** For the transport: the connection is gone, or will be. */
  stopProducing(): void {
    this.#transport = null;
  }

  #look(transport: Transport): void {
    if (transport.disconnecting) return;
    this.#transport = transport;
    try {
      transport.registerProducer(this, true);
    } catch { // the program has a producer of its own there, which is told instead
      this.#transport = null;
    }
    if (this.#full) return;
    this.#bytes = 0;
    this.release();
  }
}
