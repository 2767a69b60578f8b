/**
 * `UnreadAnswers`: how much a peer was answered that it does not read.
 *
 * ```text
 *   sent … sent ─► every 64 KiB: does the peer take it?
 *                    yes ─► unregistered again
 *                    no  ─► counts ─► too much: hold ─► all is with the peer: goOn
 *                                                    └► a minute later it is not: cutOff
 * ```
 * @module
 */
import type { DelayedCall, PushProducer, Transport } from "@ropewalk/reactor/core";

/** How much is sent before the transport is asked whether the peer takes it, in bytes. */
const LOOK_BYTES = 65536;

/** How long a peer may take for what waits, once that is too much, in seconds. */
const MAX_HOLD_SECONDS = 60;

/** The connection, as its unread answers see it. */
export interface UnreadHost {
  /** No more questions are to be heard for now. */
  hold(): void;
  /** They may be heard again. */
  goOn(): void;
  /** The peer has not read anything: two that hold each other up would wait for ever. */
  cutOff(): void;
}

/** A producer that is registered only while the peer does not take what was sent. */
export class UnreadAnswers implements PushProducer {
  /** True from `hold` to `goOn`. */
  isHolding = false;
  readonly #maxBytes: number;
  readonly #host: UnreadHost;
  #bytes = 0;
  #full = false;
  #transport: Transport | null = null; // where this is registered
  #timer: DelayedCall | null = null;

  /**
   * Nothing was sent yet.
   *
   * @param maxBytes How much may wait.
   * @param host Told when it is more.
   */
  constructor(maxBytes: number, host: UnreadHost) {
    this.#maxBytes = maxBytes;
    this.#host = host;
  }

  /** So much was written. */
  sent(bytes: number, transport: Transport): void {
    this.#bytes += bytes;
    if (!this.#full && this.#bytes >= LOOK_BYTES) this.#look(transport);
    if (!this.#full || this.#bytes <= this.#maxBytes || this.isHolding || transport.disconnecting) return;
    this.isHolding = true;
    this.#timer = transport.reactor.callLater(MAX_HOLD_SECONDS, () => {
      this.#timer = null;
      this.#host.cutOff();
    });
    this.#host.hold();
  }

  /** The transport is to be another's, or is gone. */
  release(): void {
    this.isHolding = false;
    this.#timer?.cancel();
    this.#timer = null;
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
    const wasHolding = this.isHolding;
    this.#full = false;
    this.#bytes = 0;
    this.release();
    if (wasHolding) this.#host.goOn();
  }

  /** For the transport: the connection is gone, or will be. */
  stopProducing(): void {
    this.#transport = null;
    this.release();
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
