/**
 * `StatefulProtocol`: a chain of functions, each of which says how many bytes the next one wants.
 * @module
 */
import type { Transport } from "@ropewalk/reactor/core";
import { ByteQueue } from "./_byte_queue.ts";
import type { Factory } from "./factory.ts";
import { Protocol } from "./protocol.ts";

/** A function and the number of bytes it wants to be called with. */
export type ProtocolState = readonly [take: (data: Uint8Array) => ProtocolState | null | void, bytes: number];

/**
 * A protocol of fixed-size parts. Each state's function gets exactly as many bytes as it asked for, and returns the
 * next state, or nothing to stay.
 *
 * @example
 * ```ts
 * import { type ProtocolState, StatefulProtocol } from "@ropewalk/protocols";
 *
 * class Pascal extends StatefulProtocol {
 *   override getInitialState(): ProtocolState {
 *     return [(length) => [(text) => this.got(text), length[0]!], 1];
 *   }
 *
 *   got(text: Uint8Array): ProtocolState {
 *     this.transport.write(text);
 *     return this.getInitialState();
 *   }
 * }
 * ```
 */
export abstract class StatefulProtocol<F = Factory> extends Protocol<F> {
  /** What is kept of a chunk is copied. */
  readonly borrowsData = true;
  readonly #queue = new ByteQueue();
  #state: ProtocolState | null = null;
  #delivering = false;

  /** The state that a connection begins in. */
  abstract getInitialState(): ProtocolState;

  /** Begins in the initial state. */
  override makeConnection(transport: Transport): void {
    this.#state = this.getInitialState();
    super.makeConnection(transport);
  }

  /** Takes some bytes, and calls the states whose bytes are complete. */
  override dataReceived(data: Uint8Array): void {
    if (this.#delivering) {
      this.#queue.append(data);
      return;
    }
    const queue = this.#queue;
    queue.switched(this.transport);
    queue.take(data);
    this.#delivering = true;
    try {
      let state = this.#state ??= this.getInitialState();
      while (queue.length >= state[1]) {
        const next = state[0](queue.takeView(state[1]));
        if (next === state || !next) {
          // A state that wants nothing and stays would be called for ever.
          if (state[1] <= 0) throw new RangeError("Cannot stay in a state that takes no bytes");
        } else {
          this.#state = state = next;
        }
        if (this.transport.disconnecting) {
          queue.clear();
          return;
        }
        if (queue.switched(this.transport)) return;
      }
    } finally {
      this.#delivering = false;
      queue.settle();
    }
  }
}
