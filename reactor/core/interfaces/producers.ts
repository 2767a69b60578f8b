/**
 * Producers and consumers: who makes data, and who says when.
 * @module
 */

/** Bytes, or text that is sent as UTF-8. */
export type Data = Uint8Array | string;

/** Makes data at its own pace, and can be told to hold. */
export interface PushProducer {
  /** Hold: the consumer has enough for now. */
  pauseProducing(): void;
  /** Go on. */
  resumeProducing(): void;
  /** Stop for good: the consumer is gone. */
  stopProducing(): void;
}

/** Makes one piece of data each time it is asked. */
export interface PullProducer {
  /** Write one piece. */
  resumeProducing(): void;
  /** Stop for good: the consumer is gone. */
  stopProducing(): void;
}

/** Takes what a producer makes. */
export interface Consumer {
  /** Takes some data. */
  write(data: Data): void;
  /**
   * Ties a producer to this consumer, which then tells it when to pause and go on.
   *
   * @param producer A push producer if `streaming`, else a pull producer.
   * @param streaming Which kind it is.
   */
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void;
  /** The producer has nothing more. */
  unregisterProducer(): void;
}
