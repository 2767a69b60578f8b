/**
 * `RequestQueue`: what a client still waits for, where answers come in the order of the requests.
 *
 * ```text
 *   push ─► Deferred      [ first | … | last ]  ◄── answer, fail: the first one's
 *   push ─► Deferred        ▲ one timer, that of the first       failAll: all of them, and later ones
 * ```
 * @module
 */
import { Deferred, Failure, TimeoutError } from "@ropewalk/deferred";
import type { DelayedCall, ReactorTime } from "@ropewalk/reactor/core";

/** What a {@linkcode RequestQueue} needs of its protocol. */
export interface RequestQueueOwner {
  /** The connection, which is lost when the time of a request is up. */
  readonly transport: { loseConnection(): void };
  /** Where time comes from. */
  readonly reactor: ReactorTime;
}

/** Options of {@linkcode RequestQueue}. */
export interface RequestQueueOptions {
  /** How long a request may wait for its answer; `null` for ever. @default null */
  timeoutSeconds?: number | null;
}

interface Entry<T, R> {
  readonly request: R;
  readonly result: Deferred<T>;
  readonly deadline: number;
  readonly seconds: number | null; // how long it was given
}

/**
 * A Deferred for each request of a protocol whose answers have no numbers: the oldest request is the one that an answer
 * is for. Cancelling one of the Deferreds keeps its place, as its answer still comes. When the time of a request is up,
 * all fail with `TimeoutError` and the connection is lost, as nobody can tell any more which answer belongs to which.
 *
 * @typeParam T What answers a request.
 * @typeParam R What is to be known of a request until then.
 *
 * @example
 * ```ts
 * import type { Deferred, Failure } from "@ropewalk/deferred";
 * import { LineReceiver, RequestQueue } from "@ropewalk/protocols";
 *
 * class Pipelined extends LineReceiver {
 *   readonly #requests = new RequestQueue<string>(this, { timeoutSeconds: 10 });
 *
 *   ask(question: string): Deferred<string> {
 *     const answer = this.#requests.push();
 *     this.sendLine(question);
 *     return answer;
 *   }
 *   override lineReceived(line: string) {
 *     if (!this.#requests.answer(line)) this.transport.loseConnection(); // nothing was asked
 *   }
 *   override connectionLost(reason: Failure) {
 *     this.#requests.failAll(reason);
 *   }
 * }
 * ```
 */
export class RequestQueue<T = unknown, R = undefined> {
  /** How long a request made from now on may wait for its answer, in seconds; `null` for ever. */
  timeoutSeconds: number | null;
  readonly #owner: RequestQueueOwner;
  readonly #entries: Entry<T, R>[] = [];
  #head = 0; // the first of #entries that counts
  #timer: DelayedCall | null = null; // for the earliest deadline, or before it
  #gone: Failure | null = null;

  /**
   * An empty queue.
   *
   * @param owner The protocol whose requests they are.
   * @param options How long each may wait.
   */
  constructor(owner: RequestQueueOwner, options: RequestQueueOptions = {}) {
    this.#owner = owner;
    this.timeoutSeconds = options.timeoutSeconds ?? null;
  }

  /** How many requests wait. */
  get length(): number {
    return this.#entries.length - this.#head;
  }

  /** The request that the next answer is for, or `undefined`. */
  get first(): R | undefined {
    return this.#entries[this.#head]?.request;
  }

  /** Why requests fail, once they all do; `null` before. */
  get gone(): Failure | null {
    return this.#gone;
  }

  /**
   * Adds a request.
   *
   * @param request What is to be known of it.
   * @returns Its answer. It fails at once if all do already.
   */
  push(...request: undefined extends R ? [request?: R] : [request: R]): Deferred<T>;
  push(request?: R): Deferred<T> {
    const result = new Deferred<T>();
    if (this.#gone !== null) {
      result.errback(this.#gone);
      return result;
    }
    const seconds = this.timeoutSeconds;
    let deadline = Infinity;
    if (seconds !== null) {
      const { reactor } = this.#owner;
      deadline = reactor.seconds() + seconds;
      if (this.#timer === null || deadline < this.#timer.getTime()) this.#arm(seconds);
    }
    this.#entries.push({ request: request as R, result, deadline, seconds });
    return result;
  }

  /**
   * Answers the first request.
   *
   * @returns False, with nothing done, if there is none.
   */
  answer(value: T): boolean {
    const result = this.#shift();
    (result as Deferred<unknown> | null)?.callback(value);
    return result !== null;
  }

  /**
   * Fails the first request; those behind it go on waiting.
   *
   * @returns False, with nothing done, if there is none.
   */
  fail(reason: Error | Failure): boolean {
    const result = this.#shift();
    result?.errback(reason);
    return result !== null;
  }

  /** Fails all requests, and those to come: the connection is lost, or of no use any more. The first reason counts. */
  failAll(reason: Failure): void {
    this.#gone ??= reason;
    this.#stopTimer();
    const waiting = this.#entries.splice(0).slice(this.#head);
    this.#head = 0;
    for (const { result } of waiting) result.errback(reason);
  }

  // The bookkeeping is done before the Deferred fires: what it calls may ask again.
  #shift(): Deferred<T> | null {
    const entry = this.#entries[this.#head];
    if (entry === undefined) return null;
    if (++this.#head === this.#entries.length) {
      this.#entries.length = this.#head = 0;
      this.#stopTimer();
    } else if (this.#head > 1024) {
      this.#entries.splice(0, this.#head);
      this.#head = 0;
    }
    return entry.result;
  }

  #arm(seconds: number): void {
    this.#stopTimer();
    this.#timer = this.#owner.reactor.callLater(seconds, () => this.#timeIsUp());
  }

  // The timer is not moved for each answer; it looks when it fires. A later request may have less time than the first.
  #timeIsUp(): void {
    this.#timer = null;
    let next: Entry<T, R> | null = null;
    for (let i = this.#head; i < this.#entries.length; i++) {
      if (next === null || this.#entries[i]!.deadline < next.deadline) next = this.#entries[i]!;
    }
    if (next === null || next.deadline === Infinity) return;
    const left = next.deadline - this.#owner.reactor.seconds();
    if (left > 0) {
      this.#arm(left);
      return;
    }
    this.failAll(new Failure(new TimeoutError(next.seconds!)));
    this.#owner.transport.loseConnection();
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}
