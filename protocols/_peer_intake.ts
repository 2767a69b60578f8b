/**
 * `PeerIntake`: whether a peer takes what it is sent.
 *
 * ```text
 *   begin ─► write … write ─► end        the transport tells us to hold if more than 64 KiB are unsent:
 *     full ◄────────────┘                `held`, and `taken` when all of it is with the peer
 * ```
 * @module
 */
import type { PushProducer, Transport } from "@ropewalk/reactor/core";

/**
 * A producer for protocols that write when they are asked, not by themselves. It is registered only from
 * {@linkcode begin} to {@linkcode end}, and for as long as the peer has not taken what was written: one that stayed
 * registered would hold up everybody's `loseConnection`.
 */
export class PeerIntake implements PushProducer {
  /** True while the peer has not taken what was sent. */
  full = false;
  readonly #held: () => void;
  readonly #taken: () => void;
  #transport: Transport | null = null; // where this is registered
  #depth = 0;

  /**
   * Nothing is watched yet.
   *
   * @param held Called when too much waits to be sent.
   * @param taken Called when all of it is sent.
   */
  constructor(held: () => void, taken: () => void) {
    this.#held = held;
    this.#taken = taken;
  }

  /** From here on what is written counts. May be nested. */
  begin(transport: Transport): void {
    if (this.#depth++ > 0 || this.#transport !== null || transport.disconnecting) return;
    this.#transport = transport;
    transport.registerProducer(this, true);
  }

  /** Everything was written, for now. */
  end(): void {
    if (--this.#depth > 0 || this.full) return;
    const transport = this.#transport;
    this.#transport = null;
    transport?.unregisterProducer();
  }

  /** For the transport. */
  pauseProducing(): void {
    if (this.full) return;
    this.full = true;
    this.#held();
  }

  /** For the transport. */
  resumeProducing(): void {
    this.full = false;
    this.#depth++;
    try {
      this.#taken();
    } finally {
      this.end();
    }
  }

  /** For the transport: the connection is gone, or will be. */
  stopProducing(): void {
    this.#transport = null;
    this.full = true;
  }
}
