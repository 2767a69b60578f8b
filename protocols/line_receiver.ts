/**
 * `LineReceiver`: lines of text, and raw bytes in between.
 * @module
 */
import type { PushProducer } from "@ropewalk/reactor/core";
import { LineBuffer } from "./_line_buffer.ts";
import { decodeUtf8, latin1, toBytes } from "./bytes.ts";
import type { Factory } from "./factory.ts";
import { Protocol } from "./protocol.ts";
import { watch } from "./_watch.ts";

/**
 * What {@linkcode LineReceiver} and {@linkcode ByteLineReceiver} have in common.
 *
 * @typeParam L What a line is: text or bytes.
 * @typeParam F The type of its factory.
 */
export abstract class LineReceiverBase<L extends string | Uint8Array, F = Factory> extends Protocol<F>
  implements PushProducer {
  /** What is kept of a chunk is copied. */
  readonly borrowsData = true;
  /** The longest line accepted, in bytes without the delimiter. May be assigned at any time. */
  MAX_LENGTH = 16384;
  /**
   * Whether a bare line feed ends a line as CRLF does: lines are then looked for by LF alone, and one CR before it is
   * not part of the line. {@linkcode sendLine} still sends the delimiter.
   */
  acceptBareLF = false;
  /** True after {@linkcode pauseProducing}: nothing is delivered. */
  paused = false;
  /** What ends a line. May be assigned at any time, and takes effect at once. */
  abstract delimiter: L;

  readonly #buffer = new LineBuffer();
  #raw = false;
  #delivering = false;
  #known: L | null = null; // the delimiter that #oneByte stands for
  #oneByte = "";
  #searchedFor = "";

  /** Takes some bytes and delivers what is complete. Called from inside a delivery it only adds to the buffer. */
  override dataReceived(data: Uint8Array): void {
    if (this.#delivering) {
      this.#buffer.append(data);
      return;
    }
    this.#buffer.switched(this.transport);
    this.#buffer.take(data);
    this.#run();
  }

  /** A line came, without its delimiter. */
  lineReceived(_line: L): void {}

  /** Some bytes came in raw mode: all that there are. They are the protocol's to keep. */
  rawDataReceived(_data: Uint8Array): void {}

  /**
   * A line is too long. Loses the connection, unless overridden.
   *
   * @param _line Everything that was buffered: the line and what came after it.
   */
  lineLengthExceeded(_line: L): void {
    this.transport.loseConnection();
  }

  /** From now on bytes go to {@linkcode rawDataReceived} as they come: the rest of this chunk too. */
  setRawMode(): void {
    this.#raw = true;
  }

  /**
   * From now on bytes are lines again.
   *
   * @param rest What {@linkcode rawDataReceived} got beyond the raw part. Inside a delivery its lines follow once the
   * present call has returned; otherwise they are delivered before this returns.
   */
  setLineMode(rest?: Uint8Array): void {
    this.#raw = false;
    if (rest === undefined || rest.length === 0) return;
    if (this.#delivering) this.#buffer.putBack(rest);
    else this.dataReceived(rest);
  }

  /** Drops what is buffered, and returns it. */
  clearLineBuffer(): L {
    return this.#toLine(this.#buffer.takeAll());
  }

  /** Sends a line and the delimiter. */
  sendLine(line: L): void {
    this.transport.writeSequence([line, this.delimiter]);
  }

  /** Stops delivery, in the middle of a chunk too, and the transport's reading. */
  pauseProducing(): void {
    this.paused = true;
    this.transport?.pauseProducing();
  }

  /** Goes on: what is buffered is delivered first, before this returns unless inside a delivery. */
  resumeProducing(): void {
    this.paused = false;
    this.transport?.resumeProducing();
    if (!this.#delivering) this.#run();
  }

  /** Stops for good: nothing more is delivered, and the connection is closed. */
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
      this.#buffer.settle();
    }
  }

  #deliver(): void {
    const buffer = this.#buffer;
    while (buffer.start < buffer.end && !this.paused) {
      if (buffer.switched(this.transport)) return;
      if (this.#raw) {
        const returned: unknown = this.rawDataReceived(buffer.takeAll());
        if (returned !== undefined) watch(this, "rawDataReceived", returned);
        continue;
      }
      if (this.transport?.disconnecting) {
        buffer.clear(); // no lines after loseConnection, so nothing to keep them for
        return;
      }
      const bareLF = this.acceptBareLF;
      const isText = typeof this.delimiter === "string"; // the kind of the delimiter is the kind of the lines
      if (this.delimiter !== this.#known) this.#learnDelimiter();
      const delimiter = bareLF ? "\n" : this.#oneByte;
      if (delimiter !== this.#searchedFor) {
        this.#searchedFor = delimiter;
        buffer.searchAgain();
      }
      const found = buffer.find(delimiter);
      if (found < 0) {
        if (buffer.end - buffer.start >= this.MAX_LENGTH + (bareLF ? 2 : delimiter.length)) {
          this.lineLengthExceeded(this.#toLine(buffer.takeAll()));
        }
        return;
      }
      const length = bareLF && found > 0 && buffer.bytes[buffer.start + found - 1] === 13 ? found - 1 : found;
      if (length > this.MAX_LENGTH) {
        this.lineLengthExceeded(this.#toLine(buffer.takeAll()));
        return;
      }
      const line = isText ? buffer.peekText(length) : buffer.peekView(length);
      buffer.skip(found + delimiter.length);
      const returned: unknown = this.lineReceived(line as L);
      if (returned !== undefined) watch(this, "lineReceived", returned);
    }
  }

  #learnDelimiter(): void {
    const delimiter = this.delimiter;
    if (delimiter.length === 0) throw new TypeError("Cannot look for lines: the delimiter is empty");
    this.#known = delimiter;
    this.#oneByte = latin1(toBytes(delimiter));
  }

  #toLine(bytes: Uint8Array): L {
    return (typeof this.delimiter === "string" ? decodeUtf8(bytes) : bytes) as L;
  }
}

/**
 * A protocol of lines of text.
 *
 * Text is UTF-8; malformed bytes become U+FFFD. A line may share memory with the chunk it came in (at most the
 * reactor's read buffer of 64 KiB).
 *
 * @example
 * ```ts
 * import { LineReceiver } from "@ropewalk/protocols";
 *
 * class Shout extends LineReceiver {
 *   override lineReceived(line: string) {
 *     this.sendLine(line.toUpperCase());
 *   }
 * }
 * ```
 *
 * @example Lines that end with CRLF or with a bare LF
 * ```ts
 * import { LineReceiver } from "@ropewalk/protocols";
 *
 * class Lenient extends LineReceiver {
 *   override acceptBareLF = true;
 * }
 * ```
 */
export class LineReceiver<F = Factory> extends LineReceiverBase<string, F> {
  /** What ends a line: CRLF unless assigned. */
  override delimiter = "\r\n";

  /** Sends a line and the delimiter. */
  override sendLine(line: string): void {
    this.transport.write(line + this.delimiter);
  }
}

/**
 * A protocol of lines of bytes. They are the protocol's to keep, but share memory with the chunk they came in:
 * `slice()` what is kept for long.
 *
 * @example
 * ```ts
 * import { ByteLineReceiver } from "@ropewalk/protocols";
 *
 * class Echo extends ByteLineReceiver {
 *   override lineReceived(line: Uint8Array) {
 *     this.sendLine(line);
 *   }
 * }
 * ```
 */
export class ByteLineReceiver<F = Factory> extends LineReceiverBase<Uint8Array, F> {
  /** What ends a line: CRLF unless assigned. */
  override delimiter: Uint8Array = new Uint8Array([13, 10]);
}
