/**
 * `NetstringReceiver`: strings with their length in front, as decimal digits: `5:hello,`.
 * @module
 */
import type { Data } from "@ropewalk/reactor/core";
import { ByteQueue } from "./_byte_queue.ts";
import { toBytes } from "./bytes.ts";
import type { Factory } from "./factory.ts";
import { Protocol } from "./protocol.ts";
import { watch } from "./_watch.ts";

const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const COMMA = 0x2c;

/**
 * A protocol of netstrings (D. J. Bernstein's format). A peer that breaks the format loses its connection: leading
 * zeros, anything but digits before the colon, no comma at the end, or a length above `MAX_LENGTH`, which is refused
 * as soon as its digits say so, before any data.
 *
 * @example
 * ```ts
 * import { NetstringReceiver } from "@ropewalk/protocols";
 *
 * class Echo extends NetstringReceiver {
 *   override stringReceived(string: Uint8Array) {
 *     this.sendString(string);
 *   }
 * }
 * ```
 */
export class NetstringReceiver<F = Factory> extends Protocol<F> {
  /** What is kept of a chunk is copied. */
  readonly borrowsData = true;
  /** The longest string accepted, in bytes. May be assigned at any time. */
  MAX_LENGTH = 99999;
  /** True once the peer broke the format: nothing more is delivered. */
  brokenPeer = false;
  /** True after {@linkcode pauseProducing}: nothing is delivered. */
  paused = false;

  readonly #queue = new ByteQueue();
  #delivering = false;

  /** Takes some bytes and delivers the strings that are complete. */
  override dataReceived(data: Uint8Array): void {
    if (this.brokenPeer) return;
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
   * Sends a string.
   *
   * @param string Bytes, or text that is sent as UTF-8.
   */
  sendString(string: Data): void {
    const bytes = toBytes(string);
    this.transport.writeSequence([`${bytes.length}:`, bytes, ","]);
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

  /** The peer broke the format. Loses the connection, unless overridden. */
  protected handleParseError(): void {
    this.transport.loseConnection();
  }

  #run(): void {
    this.#delivering = true;
    try {
      while (!this.paused && !this.brokenPeer && this.#deliverOne());
    } finally {
      this.#delivering = false;
      this.#queue.settle();
    }
  }

  // True if a string was delivered, so that there may be another one.
  #deliverOne(): boolean {
    const queue = this.#queue;
    if (queue.switched(this.transport)) return false;
    const { bytes, start, end } = queue;
    let length = 0;
    let at = start;
    // At most as many digits as the limit has are looked at, each time: no need to keep the state of the digits.
    for (; at < end && bytes[at] !== COLON; at++) {
      const digit = bytes[at]!;
      const leadingZero = at > start && length === 0;
      if (digit < ZERO || digit > NINE || leadingZero) return this.#broken();
      length = length * 10 + digit - ZERO;
      if (length > this.MAX_LENGTH) return this.#broken();
    }
    if (at === end) return false;
    if (at === start) return this.#broken();
    const comma = at + 1 + length;
    if (comma >= end) return false;
    if (bytes[comma] !== COMMA) return this.#broken();
    queue.start = at + 1;
    const string = queue.takeView(length);
    queue.start++;
    const returned: unknown = this.stringReceived(string);
    if (returned !== undefined) watch(this, "stringReceived", returned);
    return true;
  }

  #broken(): false {
    this.brokenPeer = true;
    this.#queue.clear();
    this.handleParseError();
    return false;
  }
}
