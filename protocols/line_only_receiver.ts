/**
 * `LineOnlyReceiver`: lines of text and nothing else.
 * @module
 */
import { LineBuffer } from "./_line_buffer.ts";
import { decodeUtf8, encodeUtf8, latin1 } from "./bytes.ts";
import type { Factory } from "./factory.ts";
import { Protocol } from "./protocol.ts";
import { watch } from "./_watch.ts";

/**
 * A protocol of lines of text that never goes over to raw bytes. Its limit is Twisted's, a little stricter than that
 * of `LineReceiver`: more than `MAX_LENGTH` bytes, in a finished line or in an unfinished one, are too many.
 *
 * @example
 * ```ts
 * import { LineOnlyReceiver } from "@ropewalk/protocols";
 *
 * class Echo extends LineOnlyReceiver {
 *   override lineReceived(line: string) {
 *     this.sendLine(line);
 *   }
 * }
 * ```
 */
export class LineOnlyReceiver<F = Factory> extends Protocol<F> {
  /** What is kept of a chunk is copied. */
  readonly borrowsData = true;
  /** What ends a line. */
  delimiter = "\r\n";
  /** The longest line accepted, in bytes without the delimiter. */
  MAX_LENGTH = 16384;

  readonly #buffer = new LineBuffer();
  #delivering = false;
  #known: string | null = null;
  #oneByte = "";

  /** Takes some bytes and delivers the lines that are complete. */
  override dataReceived(data: Uint8Array): void {
    if (this.#delivering) {
      this.#buffer.append(data);
      return;
    }
    this.#buffer.switched(this.transport);
    this.#buffer.take(data);
    this.#delivering = true;
    try {
      this.#deliver();
    } finally {
      this.#delivering = false;
      this.#buffer.settle();
    }
  }

  /** A line came, without its delimiter. */
  lineReceived(_line: string): void {}

  /** A line is too long. Loses the connection, unless overridden; what came after the line is dropped. */
  lineLengthExceeded(_line: string): void {
    this.transport.loseConnection();
  }

  /** Sends a line and the delimiter. */
  sendLine(line: string): void {
    this.transport.write(line + this.delimiter);
  }

  #deliver(): void {
    const buffer = this.#buffer;
    while (buffer.start < buffer.end) {
      if (buffer.switched(this.transport)) return;
      if (this.transport?.disconnecting) {
        buffer.clear();
        return;
      }
      if (this.delimiter !== this.#known) {
        if (this.delimiter === "") throw new TypeError("Cannot look for lines: the delimiter is empty");
        this.#known = this.delimiter;
        this.#oneByte = latin1(encodeUtf8(this.delimiter));
        buffer.searchAgain();
      }
      const length = buffer.find(this.#oneByte);
      if (length > this.MAX_LENGTH || (length < 0 && buffer.length > this.MAX_LENGTH)) {
        const whole = buffer.takeAll();
        this.lineLengthExceeded(decodeUtf8(length < 0 ? whole : whole.subarray(0, length)));
        return;
      }
      if (length < 0) return;
      const line = buffer.peekText(length);
      buffer.skip(length + this.#oneByte.length);
      const returned: unknown = this.lineReceived(line);
      if (returned !== undefined) watch(this, "lineReceived", returned);
    }
  }
}
