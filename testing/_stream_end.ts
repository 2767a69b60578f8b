/**
 * `StreamEnd`: one of two joined ends of a connection in memory.
 *
 * ```text
 *   protocol ──write──► queue ──take()──►  carrier  ──arrive()──► inbox ──► dataReceived
 *                       (of A)          (pump or network)         (of B)
 * ```
 *
 * The end knows the rules of a connection: what order things leave in, who hears what when it closes, when producers
 * hold. When and in what pieces things travel is the carrier's business: a pump that a test works by hand, or a
 * simulated network.
 * @module
 */
import { Failure } from "@ropewalk/deferred";
import {
  ConnectionAborted,
  ConnectionDone,
  ConnectionLost,
  guard,
  type PullProducer,
  type PushProducer,
  type StreamProtocol,
  TLSError,
} from "@ropewalk/reactor/core";
import { deliver } from "./_deliver.ts";
import { Hello, negotiate } from "./_hello.ts";
import { MemoryTransport, type MemoryTransportOptions } from "./memory_transport.ts";
import { concatenate } from "./written.ts";

/** More than this waiting to be sent makes a push producer hold. */
export const HIGH_WATER_BYTES = 65_536;

/** The end of what one side sends. */
export const END: unique symbol = Symbol("end");
/** The connection is torn down. */
export const RESET: unique symbol = Symbol("reset");

/** Bytes of one kind: plain, or inside TLS. */
export class Bytes {
  constructor(readonly data: Uint8Array, readonly secure: boolean) {}
}

/** What travels. */
export type Parcel = Bytes | Hello | typeof END | typeof RESET;

/** Moves parcels between two ends. */
export interface Carrier {
  /** There is something to take from `end`, or room in it again. May be called at any time, also while delivering. */
  wake(end: StreamEnd): void;
  /** A protocol threw; its connection is lost already. */
  threw(end: StreamEnd, error: unknown): void;
  /** The connection of `end` was lost. */
  lost?(end: StreamEnd, reason: Failure): void;
}

/** The protocol of an end that nobody uses: a factory refused the connection, or it is not open yet. */
export const SILENT: StreamProtocol = {
  makeConnection(): void {},
  dataReceived(): void {},
  connectionLost(): void {},
};

/** One end. */
export class StreamEnd extends MemoryTransport {
  /** The other end. */
  peer!: StreamEnd;
  /** Who hears of this connection. */
  protocol!: StreamProtocol;
  /** The peer sends no more. */
  readClosed = false;
  /** Bytes that arrived and were not read yet. */
  unread = 0;
  #queue: (Bytes | Hello)[] = [];
  #queued = 0;
  #inbox: (Bytes | Hello | typeof END)[] = [];
  #reading = false;
  #endWanted = false;
  #endTaken = false;
  #resetWanted = false;
  #held = false; // the push producer was told to pause
  #peerHello: Hello | null = null;

  constructor(
    readonly carrier: Carrier,
    readonly side: "server" | "client",
    options: MemoryTransportOptions,
  ) {
    super(options);
  }

  /** Bytes that were written and not taken yet. */
  get queued(): number {
    return this.#queued;
  }

  /** Ties a protocol to this end. */
  open(protocol: StreamProtocol): void {
    this.protocol = protocol;
    this.#guard(() => protocol.makeConnection(this));
  }

  // ---- what the carrier does

  /** Whether {@linkcode take} would return something. */
  get hasParcel(): boolean {
    if (this.#resetWanted) return true;
    const first = this.#queue[0];
    if (first === undefined) return this.#endWanted && !this.#endTaken;
    return first instanceof Hello || !first.secure || this.#peerHello !== null;
  }

  /**
   * The next parcel that leaves, or `null`. Small writes leave together.
   *
   * @param maxBytes The most bytes to take; at least 1.
   */
  take(maxBytes = HIGH_WATER_BYTES): Parcel | null {
    if (!this.hasParcel) return null;
    if (this.#resetWanted) {
      this.#resetWanted = false;
      return RESET;
    }
    const first = this.#queue[0];
    if (first === undefined) {
      this.#endTaken = true;
      return END;
    }
    if (first instanceof Hello) {
      this.#queue.shift();
      return first;
    }
    return this.#takeBytes(first.secure, maxBytes);
  }

  #takeBytes(secure: boolean, maxBytes: number): Bytes {
    const pieces: Uint8Array[] = [];
    let length = 0;
    let used = 0;
    for (const item of this.#queue) {
      if (item instanceof Hello || item.secure !== secure) break;
      const room = maxBytes - length;
      if (item.data.length > room) {
        if (room === 0) break;
        pieces.push(item.data.subarray(0, room));
        length += room;
        this.#queue[used] = new Bytes(item.data.subarray(room), secure);
        break;
      }
      pieces.push(item.data);
      length += item.data.length;
      used++;
    }
    this.#queue.splice(0, used);
    this.#queued -= length;
    return new Bytes(pieces.length === 1 ? pieces[0]! : concatenate(pieces, length), secure);
  }

  /** To be called after each {@linkcode take}, in a later turn than the write: what was taken has left. */
  left(parcel: Parcel): void {
    if (!this.connected) return;
    if (parcel === RESET) {
      this.#lost(this.abortReason === null ? new ConnectionAborted() : this.abortReason.value);
    } else if (parcel === END) this.#endLeft();
    else if (this.#queued === 0) this.#drained();
  }

  #endLeft(): void {
    if (this.disconnecting || this.readClosed) this.#lost(new ConnectionDone());
    else this.#guard(() => this.protocol.writeConnectionLost?.());
  }

  #drained(): void {
    const { producer } = this;
    if (producer === null || (this.streaming && !this.#held)) return;
    this.#held = false;
    this.#guard(() => producer.resumeProducing());
  }

  /**
   * Something arrived. It is read at once unless this end has paused.
   *
   * @returns False if nobody is there any more: the sender should hear of a reset.
   */
  arrive(parcel: Parcel): boolean {
    if (!this.connected) return parcel === END || parcel === RESET;
    if (parcel === RESET) {
      // Who has heard the peer's end, and has sent all there was, loses nothing by it.
      const isDone = this.readClosed && this.disconnecting && this.#queued === 0;
      this.#lost(isDone ? new ConnectionDone() : new ConnectionLost());
      return true;
    }
    if (parcel instanceof Bytes) this.unread += parcel.data.length;
    this.#inbox.push(parcel);
    this.read();
    return true;
  }

  /** Reads what has arrived, as far as the protocol wants it. */
  read(): void {
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#inbox.length > 0 && this.connected && this.producerState === "producing") {
        const parcel = this.#inbox.shift()!;
        if (parcel === END) this.#readEnd();
        else if (parcel instanceof Hello) this.#readHello(parcel);
        else this.#readBytes(parcel);
      }
    } finally {
      this.#reading = false;
    }
  }

  #readBytes({ data, secure }: Bytes): void {
    this.unread -= data.length;
    if (this.disconnecting || this.readClosed) return; // a connection that goes down reads no more
    if (this.secure && !secure) {
      this.#lost(new TLSError("The TLS handshake failed: plain bytes came in its place"));
      return;
    }
    this.#guard(() => deliver(this.protocol, data));
    if (this.peer.queued > 0) this.carrier.wake(this.peer); // there is room again
  }

  #readHello(hello: Hello): void {
    this.#peerHello = hello;
    this.#shakeHands();
  }

  #readEnd(): void {
    if (this.disconnecting || this.readClosed) return;
    this.readClosed = true;
    const { protocol } = this;
    if (protocol.readConnectionLost === undefined) {
      const { producer } = this; // nobody waits for what it would still make
      if (producer !== null) {
        this.#guard(() => producer.stopProducing());
        this.producer = this.streaming = null;
      }
      this.loseConnection(); // what is unsent is sent first: the peer may wait for it
      return;
    }
    this.#guard(() => protocol.readConnectionLost!());
    if (this.connected && this.#endTaken) this.#lost(new ConnectionDone());
  }

  /** Loses the connection for a reason of the carrier's own: the host crashed, the peer was silent too long. */
  breakOff(reason: Error): void {
    if (this.connected) this.#lost(reason);
  }

  // ---- what the protocol does

  /** As a transport's: a pull producer is asked for its first piece at once. */
  override registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    super.registerProducer(producer, streaming);
    if (this.producer !== producer) return;
    if (!streaming) producer.resumeProducing();
    else this.#hold();
  }

  /** As a transport's. */
  override unregisterProducer(): void {
    this.#held = false;
    super.unregisterProducer();
  }

  /** As a transport's: what arrived meanwhile is read in a later turn. */
  override resumeProducing(): void {
    super.resumeProducing();
    this.carrier.wake(this);
    this.carrier.wake(this.peer);
  }

  /** As a transport's: bytes that are written from now on wait until both ends have switched. */
  override startTLS(...args: Parameters<MemoryTransport["startTLS"]>): void {
    super.startTLS(...args);
    const [options, normal = true] = args;
    this.#queue.push(new Hello(normal === (this.side === "server"), options));
    this.carrier.wake(this);
    if (this.#peerHello !== null) this.#shakeHands();
  }

  #shakeHands(): void {
    if (!this.secure || this.#peerHello === null) return;
    const { options, normal } = this.tls!;
    const ours = new Hello(normal === (this.side === "server"), options);
    const outcome = negotiate(ours, this.#peerHello);
    if (outcome instanceof TLSError) this.#lost(outcome);
    else {
      this.negotiatedProtocol = outcome;
      this.carrier.wake(this);
    }
  }

  protected override accept(bytes: Uint8Array): void {
    this.#queue.push(new Bytes(bytes, this.secure));
    this.#queued += bytes.length;
    this.#hold();
    this.carrier.wake(this);
  }

  #hold(): void {
    if (!this.streaming || this.#held || this.#queued <= HIGH_WATER_BYTES) return;
    this.#held = true;
    const producer = this.producer as PushProducer;
    this.#guard(() => producer.pauseProducing());
  }

  protected override finish(): void {
    this.#endWanted = true;
    this.#endTaken = false; // after a half-close a second END stands for the later turn in which the loss is told
    this.carrier.wake(this);
  }

  protected override finishWriting(): void {
    this.#endWanted = true;
    this.carrier.wake(this);
  }

  protected override reset(): void {
    this.#queue = [];
    this.#queued = 0;
    this.#resetWanted = true;
    this.carrier.wake(this);
  }

  // ---- the end

  #guard(f: () => unknown): void {
    guard(f, (error) => {
      if (this.connected) this.#lost(error);
      this.carrier.threw(this, error);
    });
  }

  #lost(error: unknown): void {
    const reason = new Failure(error);
    this.#queue = [];
    this.#queued = 0;
    this.#inbox = [];
    this.unread = 0;
    // What was not sent is dropped. The peer sees the connection end, unless it was torn down by either side.
    this.#resetWanted = false;
    this.#endWanted = true;
    if (error instanceof ConnectionLost) this.#endTaken = true;
    this.carrier.wake(this);
    guard(() => this.lose(this.protocol, reason), (problem) => this.carrier.threw(this, problem));
    this.carrier.lost?.(this, reason);
  }
}
