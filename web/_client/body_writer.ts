/**
 * The body of a request on its way to the server, at the pace of the connection.
 * @module
 */
import { type Deferred, type Failure, maybeDeferred } from "@ropewalk/deferred";
import type { Consumer, Data, PullProducer, PushProducer, Transport } from "@ropewalk/reactor/core";
import { toBytes } from "@ropewalk/protocols/bytes";
import { ExcessWrite, WrongBodyLength } from "./errors.ts";
import { UNKNOWN_LENGTH } from "./response.ts";

/** Makes the body of a request at the pace at which the connection takes it. */
export interface BodyProducer extends PushProducer {
  /** How many bytes it will make; if that is not known, the body goes in chunks. */
  readonly length: number | typeof UNKNOWN_LENGTH;
  /**
   * Begins to write the body.
   *
   * @param consumer Takes it.
   * @returns A Deferred or promise that fires when all is written, or fails.
   */
  startProducing(consumer: Consumer): Deferred<void> | Promise<void>;
}

/** Who wants to know how the writing goes. */
export interface WriterOwner {
  /** Something was written, or could be. */
  bodyMoves(): void;
  /** All of the body is written. */
  bodySent(): void;
  /** The producer failed, or wrote another number of bytes than it had said. */
  bodyBroken(reason: Error | Failure): void;
}

/** Stands between a body's producer and the transport: counts, makes chunks, passes back-pressure on. */
export class BodyWriter implements Consumer, PushProducer {
  readonly #transport: Transport;
  readonly #producer: BodyProducer;
  readonly #owner: WriterOwner;
  readonly #length: number; // -1 for chunks
  #written = 0;
  #inner: PushProducer | PullProducer | null = null; // registered by the producer: it copies from elsewhere
  #over = false;
  #paused = false;
  #started: Deferred<void> | null = null;

  constructor(transport: Transport, producer: BodyProducer, owner: WriterOwner) {
    this.#transport = transport;
    this.#producer = producer;
    this.#owner = owner;
    this.#length = producer.length === UNKNOWN_LENGTH ? -1 : producer.length;
  }

  /** True while the transport takes no more. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Begins. */
  start(): void {
    this.#transport.registerProducer(this, true);
    if (this.#over) return; // the connection is gone already
    const started = maybeDeferred(() => this.#producer.startProducing(this));
    this.#started = started;
    started.addCallbacks(() => this.#complete(), (failure) => this.#break(failure));
  }

  write(data: Data): void {
    if (this.#over) return;
    const bytes = toBytes(data);
    if (bytes.length === 0) return;
    this.#written += bytes.length;
    if (this.#length < 0) {
      this.#transport.writeSequence([`${bytes.length.toString(16)}\r\n`, bytes, "\r\n"]);
    } else if (this.#written > this.#length) {
      this.#break(new ExcessWrite(`The body was to have ${this.#length} bytes, and there are more`));
      return;
    } else this.#transport.write(bytes);
    this.#owner.bodyMoves();
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    this.#inner = producer;
    if (!streaming) producer.resumeProducing(); // a pull producer is asked once for each time there is room
  }

  unregisterProducer(): void {
    this.#inner = null;
  }

  pauseProducing(): void {
    if (this.#over) return;
    this.#paused = true;
    if (this.#inner === null) this.#producer.pauseProducing();
    else if ("pauseProducing" in this.#inner) this.#inner.pauseProducing();
  }

  resumeProducing(): void {
    if (this.#over) return;
    this.#paused = false;
    this.#owner.bodyMoves();
    (this.#inner ?? this.#producer).resumeProducing();
  }

  /** The transport is gone, or nobody wants the body any more. */
  stopProducing(): void {
    if (this.#over) return;
    this.#over = true;
    this.#started?.addErrback(() => {}); // it fails because we stop it
    (this.#inner ?? this.#producer).stopProducing();
  }

  /** Nobody wants the body any more, though the connection is there. */
  abandon(): void {
    const registered = this.#started !== null && !this.#over;
    this.stopProducing();
    if (registered) this.#transport.unregisterProducer();
  }

  #complete(): void {
    if (this.#over) return;
    if (this.#length >= 0 && this.#written < this.#length) {
      this.#break(
        new WrongBodyLength(`The body was to have ${this.#length} bytes, and has ${this.#written}`),
      );
      return;
    }
    this.#over = true;
    if (this.#length < 0) this.#transport.write("0\r\n\r\n");
    this.#transport.unregisterProducer();
    this.#owner.bodySent();
  }

  #break(reason: Error | Failure): void {
    if (this.#over) return;
    if (reason instanceof ExcessWrite) this.#producer.stopProducing();
    this.#over = true;
    this.#transport.unregisterProducer();
    this.#owner.bodyBroken(reason);
  }
}
