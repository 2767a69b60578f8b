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
import type { Inbox } from "./_inbox.ts";

/** Stops the reading of one connection. */
export class Brake implements PushProducer {
  readonly #limit: number;
  readonly #inbox: Inbox;
  readonly #goOn: () => void;
  #written = 0;
  #transport: Transport | null = null;

  /**
   * @param limit After so many bytes it is looked whether they were sent.
   * @param inbox What came and waits.
   * @param goOn Deals with what waits.
   */
  constructor(limit: number, inbox: Inbox, goOn: () => void) {
    this.#limit = limit;
    this.#inbox = inbox;
    this.#goOn = goOn;
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
    if (!this.#inbox.held) this.#letGo();
  }

  #letGo(): void {
    const transport = this.#transport;
    this.#transport = null;
    transport?.unregisterProducer();
  }

  /** The transport has more to send than it likes. */
  pauseProducing(): void {
    this.#inbox.held = true;
    if (this.#transport?.disconnecting === false) this.#transport.pauseProducing();
  }

  /** It has sent everything. */
  resumeProducing(): void {
    const transport = this.#transport;
    if (!this.#inbox.held || transport === null) return;
    this.#inbox.held = false;
    this.#written = 0;
    this.#letGo();
    if (transport.disconnecting) return;
    this.#goOn();
    if (!this.#inbox.held && !transport.disconnecting) transport.resumeProducing();
  }

  /** The connection is gone. */
  stopProducing(): void {
    this.#transport = null;
  }
}
