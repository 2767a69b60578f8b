/**
 * `Outbox`: messages on their way to the peer. What is written while received bytes are dealt with leaves in one piece.
 * @module
 */
import type { Transport } from "@ropewalk/reactor/core";
import type { Brake } from "./_brake.ts";
import { Jellier } from "./jellier.ts";
import type { Ledger } from "./_ledger.ts";
import { Output } from "./_output.ts";
import type { SecurityOptions } from "./security.ts";

// What is written in one turn is handed to the transport at the latest when it is this much.
const FLUSH_AT = 64 * 1024;
// A buffer that one large message made larger than this is not kept.
const KEEP = 1024 * 1024;

/** What is to be sent over one connection. */
export class Outbox {
  readonly out: Output = new Output(false, 1024);
  transport: Transport | null = null;
  brake: Brake | null = null;
  /** Whether received bytes are being dealt with. */
  receiving = false;
  /** True once the connection is lost: nothing is sent any more. */
  closed = false;
  readonly #ledger: Ledger;
  readonly #security: SecurityOptions;
  readonly #jellier: Jellier;
  // The jellier that writes a message now; messages that are sent meanwhile (by a `getStateToCopy`, say) come after it.
  #composing = false;
  #queued: Uint8Array[] = [];

  constructor(ledger: Ledger, security: SecurityOptions) {
    this.#ledger = ledger;
    this.#security = security;
    this.#jellier = new Jellier(this.out, ledger, security);
  }

  /** Hands what is complete to the transport. */
  flush(): void {
    const out = this.out;
    if (out.length === 0 || this.#composing) return;
    const bytes = out.bytes.subarray(0, out.length);
    out.length = 0;
    const { transport } = this;
    if (transport !== null && !this.closed) {
      transport.write(bytes);
      if (this.brake !== null) this.brake.wrote(bytes.length, transport);
    }
    if (out.length === 0) out.reset(KEEP);
  }

  /** What writes the next message, which ends in {@linkcode sent} or {@linkcode unsent}. */
  begin(): Jellier {
    if (this.#composing) {
      const apart = new Output(this.out.compress);
      return new Jellier(apart, this.#ledger, this.#security);
    }
    this.#composing = true;
    return this.#jellier;
  }

  /** A message is complete: it leaves now, or with the others of this turn. */
  sent(jellier: Jellier): void {
    jellier.commit();
    if (jellier !== this.#jellier) {
      this.#queued.push(jellier.out.take());
      return;
    }
    this.#end();
    if (!this.receiving || this.out.length >= FLUSH_AT) this.flush();
  }

  /** A message cannot be sent: what was written of it, from `start`, is taken back. */
  unsent(jellier: Jellier, start: number): void {
    jellier.out.length = start;
    jellier.rollBack();
    if (jellier === this.#jellier) this.#end();
  }

  #end(): void {
    this.#composing = false;
    if (this.#queued.length === 0) return;
    const queued = this.#queued;
    this.#queued = [];
    for (const bytes of queued) this.out.raw(bytes);
  }

  /** Sends a message of a word and a number. */
  pair(word: number, number: number): void {
    const jellier = this.begin();
    jellier.pair(word, number);
    this.sent(jellier);
  }

  /** As {@linkcode pair}, with a word that is in no vocabulary. */
  tell(word: string, number: number): void {
    const jellier = this.begin();
    jellier.out.list(2);
    jellier.out.text(word);
    jellier.out.int(number);
    this.sent(jellier);
  }
}
