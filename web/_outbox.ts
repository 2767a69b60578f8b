/**
 * What a connection sends: text is joined until the end of the turn, or until bytes follow.
 *
 * ```text
 *   answer, answer, head … ──▶ [ text ] ──flush──▶ transport.write      one write for all answers of a turn
 *   a long body ──▶ flush, then transport.write
 * ```
 * @module
 */
import type { PushProducer, Transport } from "@ropewalk/reactor/core";

/** Once so much is collected it is given to the transport. */
const MUCH_OUTPUT = 32_768;
/** Before so much was written a connection does not ask the transport to tell when it has enough. */
const UNWATCHED_OUTPUT = 65_536;

/** A connection that sends: it is told when the transport has enough. */
export interface Sender extends PushProducer {
  readonly transport: Transport;
}

/** The sending side of a connection. */
export class Outbox {
  readonly #sender: Sender;
  #text = ""; // not given to the transport yet
  #written = 0; // bytes, while it is not watched
  #watching = false; // the sender is registered with the transport

  /** @param sender Its `transport` gets everything. */
  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** True if nothing waits. */
  get empty(): boolean {
    return this.#text === "";
  }

  /** Sends text at the end of the turn. */
  add(text: string): void {
    this.#text += text;
    if (this.#text.length > MUCH_OUTPUT) this.flush();
  }

  /** Sends what waits, then a whole body or answer. */
  send(data: Uint8Array): void {
    this.write(data);
    if (this.#written > UNWATCHED_OUTPUT) this.watch();
  }

  /** Sends what waits, then a piece of a body. */
  write(data: Uint8Array): void {
    this.#written += data.length;
    this.flush();
    this.#sender.transport.write(data);
  }

  /** Sends what waits, then a piece of a body as a chunk (RFC 9112 §7.1). */
  writeChunk(data: Uint8Array): void {
    this.#written += data.length;
    this.flush();
    this.#sender.transport.writeSequence([`${data.length.toString(16)}\r\n`, data, "\r\n"]);
  }

  /** Sends what waits. */
  flush(): void {
    const text = this.#text;
    if (text === "") return;
    this.#text = "";
    this.#written += text.length;
    this.#sender.transport.write(text);
    if (this.#written > UNWATCHED_OUTPUT) this.watch();
  }

  /** Drops what waits: the connection is lost. */
  clear(): void {
    this.#text = "";
    this.#written = -Infinity;
  }

  /** Has the transport tell when it has enough. */
  watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    this.#sender.transport.registerProducer(this.#sender, true);
  }

  /** Sends what waits, and has the transport tell no more: one that is watched waits for its producer before it closes. */
  unwatch(): void {
    this.flush();
    this.#written = -Infinity;
    if (!this.#watching) return;
    this.#watching = false;
    this.#sender.transport.unregisterProducer();
  }
}
