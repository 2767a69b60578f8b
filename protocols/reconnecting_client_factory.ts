/**
 * `ReconnectingClientFactory`: tries again, with growing delays.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import type { Connector, DelayedCall, ReactorTime } from "@ropewalk/reactor/core";
import { ClientFactory } from "./factory.ts";

/** Options of {@linkcode ReconnectingClientFactory}. */
export interface ReconnectingClientFactoryOptions {
  /** Where the delays take their time from. @default the reactor of the connector */
  reactor?: ReactorTime;
}

/**
 * A client factory that connects again whenever an attempt failed or the connection was lost. The delays grow by a
 * factor, spread by a little chance so that the clients of a server that went down do not all come back at once.
 *
 * Call {@linkcode resetDelay} once a connection is good (often in `buildProtocol`); otherwise the delays go on from
 * where they were.
 *
 * @example
 * ```ts
 * import { Protocol, ReconnectingClientFactory } from "@ropewalk/protocols";
 *
 * class Feed extends ReconnectingClientFactory {
 *   override buildProtocol() {
 *     this.resetDelay();
 *     return this.adopt(new Protocol());
 *   }
 * }
 * ```
 */
export class ReconnectingClientFactory extends ClientFactory {
  /** No delay is longer, in seconds. (Twisted's is an hour, which looks dead to whoever waits.) */
  maxDelay = 60;
  /** What {@linkcode resetDelay} goes back to, in seconds; the first retry waits `factor` times as long. */
  initialDelay = 1;
  /** By how much each delay is longer than the one before. */
  factor: number = Math.E;
  /** The standard deviation of a delay, as a part of it; 0 for exact delays. */
  jitter = 0.119626565582;
  /** The present delay, in seconds. */
  delay = 1;
  /** How often it was tried again since the last {@linkcode resetDelay}. */
  retries = 0;
  /** After how many retries to give up; `null` for never. */
  maxRetries: number | null = null;
  /** False after {@linkcode stopTrying}. */
  continueTrying = true;
  /** The connector that is tried again. */
  connector: Connector | null = null;
  /** Where the delays take their time from; `null` for the connector's reactor. */
  reactor: ReactorTime | null;
  #call: DelayedCall | null = null;

  /**
   * Tries for ever, until told otherwise.
   *
   * @param options Where time comes from.
   */
  constructor(options: ReconnectingClientFactoryOptions = {}) {
    super();
    this.reactor = options.reactor ?? null;
  }

  /** Twisted's name for {@linkcode reactor}. */
  get clock(): ReactorTime | null {
    return this.reactor;
  }

  set clock(clock: ReactorTime | null) {
    this.reactor = clock;
  }

  /** Tries again. */
  override clientConnectionFailed(connector: Connector, _reason: Failure): void {
    if (this.continueTrying) this.retry(connector);
  }

  /** Connects again. */
  override clientConnectionLost(connector: Connector, _reason: Failure): void {
    if (this.continueTrying) this.retry(connector);
  }

  /**
   * Connects again after the next delay, unless {@linkcode maxRetries} is reached or trying was stopped.
   *
   * @param connector The one to use. @default the last one
   * @throws {TypeError} If there is no connector yet, or no reactor.
   */
  retry(connector: Connector | null = this.connector): void {
    if (!this.continueTrying) return;
    if (connector === null) throw new TypeError("Cannot retry: there is no connector yet");
    this.connector = connector;
    if (this.maxRetries !== null && this.retries >= this.maxRetries) return;
    const reactor = this.reactor ?? connector.reactor;
    if (!reactor) throw new TypeError("Cannot retry: the factory was given no reactor");
    this.retries++;
    this.delay = Math.min(this.delay * this.factor, this.maxDelay);
    if (this.jitter) {
      // The limit holds for what chance adds, too.
      const spread = this.delay * (1 + this.jitter * normal());
      this.delay = Math.min(Math.max(spread, 0), this.maxDelay);
    }
    if (this.#call?.active()) this.#call.cancel();
    this.#call = reactor.callLater(this.delay, () => {
      this.#call = null;
      connector.connect();
    });
  }

  /** Gives up: a retry that waits is cancelled, an attempt that runs is stopped. */
  stopTrying(): void {
    this.continueTrying = false;
    if (this.#call !== null) {
      this.#call.cancel();
      this.#call = null;
      return; // nothing is being tried while a retry waits
    }
    try {
      this.connector?.stopConnecting();
    } catch {
      // It was not connecting: there is nothing to stop.
    }
  }

  /** The connection is good: the next retry waits for the first delay again. */
  resetDelay(): void {
    this.delay = this.initialDelay;
    this.retries = 0;
    this.continueTrying = true;
  }
}

// One number of the standard normal distribution (Box and Muller).
function normal(): number {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
