/**
 * Until when a connection waits.
 *
 * ```text
 *   wait ──▶ the deadline moves; a timer is set only if none fires before it
 *   the timer ──▶ is there time left, because the deadline has moved?  it is set again : the time is up
 * ```
 *
 * A connection moves its deadline with each request, and sets a timer once in a while.
 * @module
 */
import type { DelayedCall, ReactorTime } from "@ropewalk/reactor/core";

/** The time of a reactor, where it is cheap only as it was at the beginning of the turn. */
export function turnSeconds(reactor: ReactorTime): number {
  return reactor.turnSeconds !== undefined ? reactor.turnSeconds() : reactor.seconds();
}

/** A deadline that is moved more often than it is missed. */
export class Deadline {
  readonly #of: { readonly reactor: ReactorTime };
  readonly #missed: () => void;
  #at = Infinity;
  #timer: DelayedCall | null = null;
  #timerAt = Infinity;

  /**
   * @param of Its `reactor` gives the time; it may get another one before the first call.
   * @param missed Told when the time is up.
   */
  constructor(of: { readonly reactor: ReactorTime }, missed: () => void) {
    this.#of = of;
    this.#missed = missed;
  }

  /** Waits so long from now. */
  wait(seconds: number): void {
    this.#at = turnSeconds(this.#of.reactor) + seconds;
    if (this.#at < this.#timerAt) this.#arm(seconds);
  }

  /** Waits for ever. */
  never(): void {
    this.#at = Infinity;
  }

  /** Waits for ever, and leaves no timer. */
  cancel(): void {
    this.#at = this.#timerAt = Infinity;
    if (this.#timer !== null && this.#timer.active()) this.#timer.cancel();
    this.#timer = null;
  }

  #arm(seconds: number): void {
    this.#timerAt = this.#at;
    if (this.#timer !== null && this.#timer.active()) this.#timer.reset(seconds);
    else this.#timer = this.#of.reactor.callLater(seconds, this.#fired);
  }

  readonly #fired = (): void => {
    this.#timer = null;
    this.#timerAt = Infinity;
    if (this.#at === Infinity) return;
    const left = this.#at - this.#of.reactor.seconds();
    if (left > 0) this.#arm(left);
    else this.#missed();
  };
}
