/**
 * `Brake`: a peer that asks and does not read its answers is not listened to until it has read them.
 *
 * ```text
 *   so many bytes written ──► registered as the transport's producer ──► not told to hold: taken out again
 *                                      │ told to hold                       (the peer reads well)
 *                                      ▼
 *                             reading stops, messages in hand wait ──► all is sent: they go on
 * ```
 *
 * It is a producer only for the time in between: a connection that has one is not closed before the producer is done.
 * @module
 */
import type { PushProducer, Transport } from "@ropewalk/reactor/core";
import type { Gate } from "./_gate.ts";

/** Stops the reading of one connection. */
export class Brake implements PushProducer {
  readonly #limit: number;
  readonly #gate: Gate;
  #holding = false;
  #written = 0;
  #transport: Transport | null = null;

  /**
   * @param limit After so many bytes it is looked whether they were sent.
   * @param gate What is closed meanwhile.
   */
  constructor(limit: number, gate: Gate) {
    this.#limit = limit;
    this.#gate = gate;
  }

  /** So many bytes were given to the transport. */
  wrote(bytes: number, transport: Transport): void {
    this.#written += bytes;
    if (this.#written < this.#limit || this.#transport !== null) return;
    this.#written = 0;
    if (transport.disconnecting) return;
    this.#transport = transport;
    try {
      transport.registerProducer(this, true);
    } catch {
      this.#transport = null; // the program has a producer there: it is the program that paces this connection
      return;
    }
    if (!this.#holding) this.#letGo();
  }

  #letGo(): void {
    const transport = this.#transport;
    this.#transport = null;
    transport?.unregisterProducer();
  }

  /** The transport has more to send than it likes. */
  pauseProducing(): void {
    if (this.#holding) return;
    this.#holding = true;
    this.#gate.hold(this.#transport);
  }

  /** It has sent everything. */
  resumeProducing(): void {
    const transport = this.#transport;
    if (!this.#holding || transport === null) return;
    this.#holding = false;
    this.#written = 0;
    this.#letGo();
    this.#gate.letGo(transport);
  }

  /** The connection is gone. */
  stopProducing(): void {
    this.#transport = null;
  }
}
