/**
 * `Gate`: the one place where the reading of a connection is held up, whoever wants it to be and however many do.
 * @module
 */
import type { Transport } from "@ropewalk/reactor/core";
import type { Inbox } from "./_inbox.ts";

/** Holds a connection's messages, and its transport, until nobody wants that any more. */
export class Gate {
  readonly #inbox: Inbox;
  readonly #goOn: () => void;
  #holders = 0;

  /**
   * @param inbox What came and waits.
   * @param goOn Deals with what waits.
   */
  constructor(inbox: Inbox, goOn: () => void) {
    this.#inbox = inbox;
    this.#goOn = goOn;
  }

  /** One more wants it to be held up. Messages in hand wait, and the transport is not read. */
  hold(transport: Transport | null): void {
    this.#holders++;
    this.#inbox.held = true;
    if (transport?.disconnecting === false) transport.pauseProducing();
  }

  /** One fewer does; after the last, what waits is dealt with, and then the transport is read again. */
  letGo(transport: Transport | null): void {
    if (--this.#holders > 0) return;
    this.#inbox.held = false;
    if (transport?.disconnecting !== false) return;
    this.#goOn();
    if (this.#holders === 0 && !transport.disconnecting) transport.resumeProducing();
  }
}
