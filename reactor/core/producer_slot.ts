/**
 * The producer that a connection may have registered.
 * @module
 */
import type { PullProducer, PushProducer } from "./interfaces.ts";

/** The buffered bytes at which a push producer is told to hold. */
export const HIGH_WATER = 65_536;

/** Holds one producer and knows when it has to pause and go on. */
export class ProducerSlot {
  #producer: PushProducer | PullProducer | null = null;
  #streaming = false;
  #paused = false;

  /** True while a producer is registered. */
  get taken(): boolean {
    return this.#producer !== null;
  }

  /** Puts a producer in. */
  fill(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (this.#producer !== null) throw new TypeError("Cannot register a producer: there is one already");
    this.#producer = producer;
    this.#streaming = streaming;
    this.#paused = false;
  }

  /** Takes it out. */
  empty(): PushProducer | PullProducer | null {
    const producer = this.#producer;
    this.#producer = null;
    this.#streaming = false;
    this.#paused = false;
    return producer;
  }

  /** So many bytes are buffered: a push producer is told to hold when they are too many. @returns What it returns. */
  filled(bytes: number): unknown {
    if (!this.#streaming || this.#paused || bytes <= HIGH_WATER) return;
    this.#paused = true;
    return (this.#producer as PushProducer).pauseProducing();
  }

  /**
   * Everything is sent: a push producer that holds goes on, a pull producer makes the next piece.
   *
   * @returns What it returns.
   */
  drained(): unknown {
    if (this.#producer === null || (this.#streaming && !this.#paused)) return;
    this.#paused = false;
    return this.#producer.resumeProducing();
  }
}
