/**
 * Flood control: some lines at once, then one in a while.
 * @module
 */
import type { DelayedCall, ReactorTime } from "@ropewalk/reactor/core";

/** A queue of lines that lets `burst` of them through at once, and then one every `seconds`. */
export class FloodControl {
  readonly #send: (line: string) => void;
  readonly #seconds: number;
  readonly #burst: number;
  readonly #maxLines: number;
  readonly #queue: string[] = [];
  #allowance: number;
  #lastRefill = 0;
  #timer: DelayedCall | null = null;
  #stopped = false;

  /** @param seconds Between lines; 0 for no flood control. */
  constructor(send: (line: string) => void, seconds: number, burst: number, maxLines: number) {
    this.#send = send;
    this.#seconds = seconds;
    this.#burst = this.#allowance = burst;
    this.#maxLines = maxLines;
  }

  /** How many lines wait. */
  get length(): number {
    return this.#queue.length;
  }

  /** Sends a line, now or later; after {@linkcode stop} never. @throws {RangeError} If too many lines wait. */
  push(line: string, clock: ReactorTime): void {
    if (this.#stopped) return;
    if (this.#seconds === 0) return this.#send(line);
    if (this.#queue.length >= this.#maxLines) throw new RangeError("Cannot send a line: too many wait");
    this.#queue.push(line);
    this.#drain(clock);
  }

  /** Forgets what waits: the connection is gone. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = null;
    this.#queue.length = 0;
  }

  #drain(clock: ReactorTime): void {
    const now = clock.seconds();
    this.#allowance = Math.min(this.#burst, this.#allowance + (now - this.#lastRefill) / this.#seconds);
    this.#lastRefill = now;
    while (this.#queue.length > 0 && this.#allowance > 1 - 1e-9) {
      this.#allowance--;
      this.#send(this.#queue.shift()!);
    }
    if (this.#queue.length > 0 && this.#timer === null) {
      this.#timer = clock.callLater((1 - this.#allowance) * this.#seconds, () => {
        this.#timer = null;
        this.#drain(clock);
      });
    }
  }
}
