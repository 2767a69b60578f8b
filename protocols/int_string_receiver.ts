/**
 * Strings with their length in front, as a big-endian number of 1, 2 or 4 bytes.
 * @module
 */
import type { Data } from "@ropewalk/reactor/core";
import { ByteQueue } from "./_byte_queue.ts";
import { toBytes } from "./bytes.ts";
import { StringTooLongError } from "./errors.ts";
import type { Factory } from "./factory.ts";
import { Protocol } from "./protocol.ts";
import { watch } from "./_watch.ts";

/**
 * What {@linkcode Int8StringReceiver}, {@linkcode Int16StringReceiver} and {@linkcode Int32StringReceiver} have in
 * common.
 */
export abstract class IntNStringReceiver<F = Factory> extends Protocol<F> {
  /** What is kept of a chunk is copied. */
  readonly borrowsData = true;
  /** The longest string accepted, in bytes, whatever the prefix could say. May be assigned at any time. */
  MAX_LENGTH = 99999;
  /** True after {@linkcode pauseProducing}: nothing is delivered. */
  paused = false;
  /** How many bytes the length takes. */
  abstract readonly prefixLength: 1 | 2 | 4;

  readonly #queue = new ByteQueue();
  #delivering = false;
  #exceeded = false;

  /**
   * The bytes not delivered yet, as a copy. Assigning it replaces them, in the middle of a delivery too: that is how a
   * protocol switches to another one.
   */
  get recvd(): Uint8Array {
    return this.#queue.bytes.slice(this.#queue.start, this.#queue.end);
  }

  set recvd(bytes: Uint8Array) {
    this.#queue.switched(this.transport);
    this.#queue.clear();
    this.#queue.append(bytes);
  }

  /** Takes some bytes and delivers the strings that are complete. */
  override dataReceived(data: Uint8Array): void {
    if (this.#exceeded) return;
    if (this.#delivering) {
      this.#queue.append(data);
      return;
    }
    this.#queue.switched(this.transport);
    this.#queue.take(data);
    this.#run();
  }

  /** A string came. It is the protocol's to keep, but shares memory with its chunk: `slice()` what is kept for long. */
  stringReceived(_string: Uint8Array): void {}

  /**
   * The peer announced a string longer than `MAX_LENGTH`. Loses the connection, unless overridden; nothing more is
   * delivered in any case. {@linkcode recvd} holds what was not delivered.
   */
  lengthLimitExceeded(_length: number): void {
    this.transport.loseConnection();
  }

  /**
   * Sends a string.
   *
   * @param string Bytes, or text that is sent as UTF-8.
   * @throws {StringTooLongError} If its length does not fit the prefix; nothing is sent then.
   */
  sendString(string: Data): void {
    const bytes = toBytes(string);
    const size = this.prefixLength;
    const limit = 2 ** (8 * size) - 1;
    if (bytes.length > limit) throw new StringTooLongError(bytes.length, limit);
    const prefix = new Uint8Array(size);
    for (let i = size - 1, rest = bytes.length; i >= 0; i--, rest >>>= 8) prefix[i] = rest;
    this.transport.writeSequence([prefix, bytes]);
  }

  /** Stops delivery, in the middle of a chunk too, and the transport's reading. */
  pauseProducing(): void {
    this.paused = true;
    this.transport?.pauseProducing();
  }

  /** Goes on: what is buffered is delivered before this returns, unless inside a delivery. */
  resumeProducing(): void {
    this.paused = false;
    this.transport?.resumeProducing();
    if (!this.#delivering) this.#run();
  }

  /** Stops for good, and closes the connection. */
  stopProducing(): void {
    this.paused = true;
    this.transport?.stopProducing();
  }

  #run(): void {
    this.#delivering = true;
    try {
      this.#deliver();
    } finally {
      this.#delivering = false;
      this.#queue.settle();
    }
  }

  #deliver(): void {
    const queue = this.#queue;
    const size = this.prefixLength;
    while (!this.paused && queue.end - queue.start >= size) {
      if (queue.switched(this.transport)) return;
      const { bytes, start } = queue;
      let length = bytes[start]!;
      for (let i = 1; i < size; i++) length = length * 256 + bytes[start + i]!;
      if (length > this.MAX_LENGTH) {
        this.#exceeded = true;
        this.lengthLimitExceeded(length);
        return;
      }
      if (queue.end - start < size + length) return;
      queue.start = start + size;
      const returned: unknown = this.stringReceived(queue.takeView(length));
      if (returned !== undefined) watch(this, "stringReceived", returned);
    }
  }
}

/**
 * A protocol of strings of up to 255 bytes.
 *
 * @example
 * ```ts
 * import { Int8StringReceiver } from "@ropewalk/protocols";
 *
 * class Echo extends Int8StringReceiver {
 *   override stringReceived(string: Uint8Array) {
 *     this.sendString(string);
 *   }
 * }
 * ```
 */
export class Int8StringReceiver<F = Factory> extends IntNStringReceiver<F> {
  /** How many bytes the length takes. */
  override readonly prefixLength = 1;
}

/** A protocol of strings of up to 65,535 bytes; see {@linkcode Int8StringReceiver}. */
export class Int16StringReceiver<F = Factory> extends IntNStringReceiver<F> {
  /** How many bytes the length takes. */
  override readonly prefixLength = 2;
}

/** A protocol of strings of up to `MAX_LENGTH` bytes, as sent up to 4 GiB; see {@linkcode Int8StringReceiver}. */
export class Int32StringReceiver<F = Factory> extends IntNStringReceiver<F> {
  /** How many bytes the length takes. */
  override readonly prefixLength = 4;
}
