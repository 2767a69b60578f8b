/**
 * `CallLimit`: how many calls of a peer may run at a time.
 *
 * ```text
 *   calls that run   0 ───────────────── half ───────────────── most
 *                                          ▲                      │ one more that does not answer at once:
 *                                          └── read again ◄── the peer is not read
 * ```
 *
 * While calls of our own wait for the peer, what runs may wait for just these answers, which come the same way as its
 * calls: then it is read all the same, and calls beyond the limit are refused.
 * @module
 */
import { PBError } from "./errors.ts";
import type { Gate } from "./_gate.ts";
import type { Outbox } from "./_outbox.ts";

/** Counts the calls of one connection that were accepted and are not answered. */
export class CallLimit {
  readonly #most: number;
  readonly #outbox: Outbox;
  readonly #gate: Gate;
  #running = 0;
  #holding = false;

  /**
   * @param most How many may run.
   * @param outbox Of the connection.
   * @param gate What is closed meanwhile.
   */
  constructor(most: number, outbox: Outbox, gate: Gate) {
    this.#most = most;
    this.#outbox = outbox;
    this.#gate = gate;
  }

  /**
   * Before a call is served.
   *
   * @throws {PBError} If too many run already.
   */
  check(): void {
    if (this.#running >= this.#most) {
      throw new PBError(`Cannot take a call: ${this.#most} of this connection are not answered yet`);
    }
  }

  /** A call has not been answered at once. `waiting` tells whether calls of ours wait for the peer. */
  began(waiting: boolean): void {
    if (++this.#running < this.#most || waiting || this.#holding) return;
    this.#holding = true;
    this.#gate.hold(this.#outbox.transport);
  }

  /** It has been answered. */
  ended(): void {
    this.#running--;
    if (this.#holding && this.#running * 2 <= this.#most) this.ease();
  }

  /** A call of ours begins to wait for the peer, which has to be read for that. */
  ease(): void {
    if (!this.#holding) return;
    this.#holding = false;
    this.#gate.letGo(this.#outbox.transport);
  }
}
