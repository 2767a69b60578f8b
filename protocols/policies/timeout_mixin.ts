/**
 * `TimeoutMixin`: a protocol that notices when nothing happens.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import type { DelayedCall, ReactorTime, Transport } from "@ropewalk/reactor/core";

/** What {@linkcode TimeoutMixin} adds to a protocol. */
export interface Timeouts {
  /** The present period, in seconds; `null` for none. */
  readonly timeOut: number | null;
  /**
   * Starts, changes or (`null`) ends the timeout.
   *
   * @param seconds The new period.
   * @returns The one before.
   */
  setTimeout(seconds: number | null): number | null;
  /** A sign of life: the period begins anew. Does nothing without a timeout. */
  resetTimeout(): void;
  /** The period went by: loses the connection, unless overridden. */
  timeoutConnection(): void;
}

/** What the mixin needs of the class that it extends. */
export interface Timeable {
  /** The connection. */
  transport: Transport;
  /** Where time comes from. */
  reactor: ReactorTime;
  /** The connection is gone. */
  connectionLost(reason: Failure): void;
}

// The language asks for `any[]` here: a mixin's constructor takes whatever its base takes.
/** A class of `P`, with any constructor. */
// deno-lint-ignore no-explicit-any
export type ClassOf<P> = abstract new (...args: any[]) => P;

/**
 * A subclass of a protocol's class, with a timeout that is cancelled when the connection is lost.
 *
 * @param Base The class: `Protocol` or one that extends it.
 * @returns The subclass, to be extended.
 *
 * @example
 * ```ts
 * import { LineReceiver, TimeoutMixin } from "@ropewalk/protocols";
 *
 * class Impatient extends TimeoutMixin(LineReceiver) {
 *   override connectionMade() {
 *     this.setTimeout(10);
 *   }
 *   override lineReceived(line: string) {
 *     this.resetTimeout();
 *     this.sendLine(line);
 *   }
 *   override timeoutConnection() {
 *     this.sendLine("Too slow.");
 *     this.transport.loseConnection();
 *   }
 * }
 * ```
 */
export function TimeoutMixin<B extends ClassOf<Timeable>>(Base: B): B & ClassOf<Timeouts> {
  abstract class WithTimeout extends Base implements Timeouts {
    timeOut: number | null = null;
    #call: DelayedCall | null = null;

    setTimeout(seconds: number | null): number | null {
      const previous = this.timeOut;
      this.timeOut = seconds;
      if (seconds === null) {
        this.#call?.cancel();
        this.#call = null;
      } else if (this.#call !== null) {
        this.#call.reset(seconds);
      } else {
        this.#call = this.reactor.callLater(seconds, () => {
          this.#call = null;
          this.timeoutConnection();
        });
      }
      return previous;
    }

    resetTimeout(): void {
      if (this.#call !== null && this.timeOut !== null) this.#call.reset(this.timeOut);
    }

    timeoutConnection(): void {
      this.transport.loseConnection();
    }

    override connectionLost(reason: Failure): void {
      this.setTimeout(null);
      super.connectionLost(reason);
    }
  }
  return WithTimeout;
}
