/**
 * The time-outs of one connection, on one timer.
 *
 * The timer is not moved when something happens: when it goes off it looks at the deadline, and goes on to that if there
 * is time left. So a busy connection costs no timers, and an idle one no more than one.
 * @module
 */
import type { DelayedCall, ReactorTime } from "@ropewalk/reactor/core";
import type { TimeoutPhase } from "./errors.ts";

/** What a connection may be waiting for. */
export type Phase = TimeoutPhase | "idle" | "continue";

/** Watches one phase at a time, and the time for all of a request beside it. */
export class PhaseTimer {
  /** What is waited for. */
  phase: Phase = "idle";
  /** How long it may take. */
  seconds = 0;
  readonly #expired: (phase: Phase) => void;
  #reactor!: ReactorTime; // of the connection, from the first wait on
  #timer: DelayedCall | null = null;
  #deadline = Infinity;
  #total = Infinity;

  /** @param expired Told when a phase has taken too long, or all together: `"total"`. */
  constructor(expired: (phase: Phase) => void) {
    this.#expired = expired;
  }

  /**
   * A phase begins, or something moved in it.
   *
   * @param reactor The connection's.
   * @param phase What is waited for.
   * @param seconds How long at the most.
   * @param total When all has to be over, on the reactor's clock.
   */
  wait(reactor: ReactorTime, phase: Phase, seconds: number, total: number): void {
    this.phase = phase;
    this.seconds = seconds;
    this.#total = total;
    if (seconds === Infinity && total === Infinity) {
      this.#deadline = Infinity;
      return;
    }
    this.#reactor = reactor;
    const now = reactor.seconds();
    const deadline = Math.min(now + seconds, total);
    this.#deadline = deadline;
    const timer = this.#timer;
    if (timer === null) this.#timer = reactor.callLater(Math.max(0, deadline - now), this.#tick);
    else if (deadline < timer.getTime()) timer.reset(Math.max(0, deadline - now));
  }

  /** Nothing is waited for any more. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#deadline = Infinity;
  }

  readonly #tick = (): void => {
    this.#timer = null;
    if (this.#deadline === Infinity) return;
    const left = this.#deadline - this.#reactor.seconds();
    if (left > 0) this.#timer = this.#reactor.callLater(left, this.#tick);
    else this.#expired(this.#deadline >= this.#total ? "total" : this.phase);
  };
}
