/**
 * `StringTransport`: a transport that keeps what is written to it.
 * @module
 */
import { Failure } from "@ropewalk/deferred";
import { ConnectionAborted, ConnectionDone, type StreamProtocol } from "@ropewalk/reactor/core";
import { MemoryTransport, type MemoryTransportOptions } from "./memory_transport.ts";
import { Written } from "./written.ts";

/** Options of {@linkcode StringTransport}. */
export interface StringTransportOptions extends MemoryTransportOptions {
  /** Whether pausing and resuming is allowed on a connection that is going down. @default false */
  lenient?: boolean;
}

/**
 * A transport for one protocol in a test: it keeps what is written, and notes what else is asked of it. It never calls
 * the protocol. What a real transport refuses is refused here too, and what one drops is dropped: see
 * {@linkcode StringTransport.late}.
 *
 * @example
 * ```ts
 * import { Protocol } from "@ropewalk/protocols";
 * import { StringTransport } from "@ropewalk/testing";
 * import { assert, assertEquals } from "@std/assert";
 *
 * class Daytime extends Protocol {
 *   override connectionMade() {
 *     this.transport.write(`${this.reactor.seconds()}\r\n`);
 *     this.transport.loseConnection();
 *   }
 * }
 *
 * const transport = new StringTransport();
 * new Daytime().makeConnection(transport);
 * assertEquals(transport.text(), "0\r\n");
 * assert(transport.disconnecting);
 * ```
 */
export class StringTransport extends MemoryTransport {
  /** What was written, one piece for each write. */
  readonly io: Written = new Written();
  readonly #lenient: boolean;

  /** Makes a transport with an open connection.
   *
   * @param options The reactor, the addresses, and how strict to be.
   */
  constructor(options: StringTransportOptions = {}) {
    super(options);
    this.#lenient = options.lenient ?? false;
  }

  /** What was written since the last {@linkcode clear}. */
  value(): Uint8Array<ArrayBuffer> {
    return this.io.value();
  }

  /** What was written since the last {@linkcode clear}, as UTF-8 text. */
  text(): string {
    return this.io.text();
  }

  /** Forgets what was written. */
  clear(): void {
    this.io.clear();
  }

  /**
   * Stops reading; see `producerState`.
   *
   * @throws {TypeError} If the connection is going down: nothing would come of it, so the protocol should know.
   */
  override pauseProducing(): void {
    this.#checkReading("pause");
    super.pauseProducing();
  }

  /** Goes on reading. Throws as {@linkcode pauseProducing} does. */
  override resumeProducing(): void {
    this.#checkReading("resume");
    super.resumeProducing();
  }

  #checkReading(what: string): void {
    if (this.#lenient) return;
    if (this.producerState === "stopped") throw new TypeError(`Cannot ${what} reading: it was stopped`);
    if (this.disconnecting) throw new TypeError(`Cannot ${what} reading: the connection is being lost`);
  }

  /** Keeps the bytes. */
  protected override accept(bytes: Uint8Array): void {
    this.io.add(bytes);
  }

  /** Nothing: a test looks at `disconnecting`. */
  protected override finish(): void {}

  /** Nothing: a test looks at `aborting`. */
  protected override reset(): void {}

  /** Nothing: a test looks at `writeDisconnected`. */
  protected override finishWriting(): void {}
}

/**
 * A {@linkcode StringTransport} that tells its protocol when the connection is lost: synchronously, inside
 * `loseConnection` or `abortConnection`.
 *
 * @example
 * ```ts
 * import { Protocol } from "@ropewalk/protocols";
 * import { StringTransportWithDisconnection } from "@ropewalk/testing";
 * import { assert } from "@std/assert";
 *
 * const transport = new StringTransportWithDisconnection();
 * const protocol = transport.protocol = new Protocol();
 * protocol.makeConnection(transport);
 * transport.loseConnection();
 * assert(!transport.connected);
 * ```
 */
export class StringTransportWithDisconnection extends StringTransport {
  /** The protocol that hears of the loss; a test sets it. */
  protocol: StreamProtocol | null = null;

  /** Tells the protocol. */
  protected override finish(): void {
    this.lose(this.#told(), new Failure(new ConnectionDone()));
  }

  /** Tells the protocol. */
  protected override reset(): void {
    this.lose(this.#told(), new Failure(new ConnectionAborted()));
  }

  /** Tells the protocol, if it has `writeConnectionLost`. */
  protected override finishWriting(): void {
    this.#told().writeConnectionLost?.();
  }

  #told(): StreamProtocol {
    if (this.protocol !== null) return this.protocol;
    throw new TypeError("Cannot lose the connection: set the transport's `protocol` first");
  }
}
