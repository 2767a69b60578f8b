/**
 * One TCP or UNIX connection over a `Deno.Conn`.
 *
 * ```text
 *   write ──► #out (copied) ──┐ at the end of the turn, or of dataReceived
 *                             ├──► #sending ──► conn.write, again until all is sent
 *                 spare ◄─────┘
 *   conn.read(#buffer) ──► dataReceived ──► conn.read …       one read and one write in flight at most
 * ```
 *
 * The completions of read and write are two functions bound once; no promise is made here but the host's own.
 * @module
 */
import { Failure } from "@ropewalk/deferred";
import { ConnectionAborted, ConnectionDone, ConnectionLost, NotSupportedError } from "../core/errors.ts";
import type { Address } from "../core/addresses.ts";
import type {
  Data,
  PeerCertificate,
  PullProducer,
  PushProducer,
  StreamProtocol,
  TLSClientOptions,
  TLSServerOptions,
  Transport,
} from "../core/interfaces.ts";
import type { ReactorBase } from "../core/reactor_base.ts";

const FIRST_BUFFER = 2048;
const LARGEST_BUFFER = 65_536;
const HIGH_WATER = 65_536;
const encoder = new TextEncoder();

/** The part of `Deno.Conn` that is used. */
export interface HostConnection {
  read(buffer: Uint8Array): Promise<number | null>;
  write(data: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  setNoDelay?(on?: boolean): void;
  setKeepAlive?(on?: boolean): void;
}

/** A connection, as its protocol's transport. */
export class StreamConnection implements Transport {
  disconnecting = false;
  readonly secure = false;
  readonly negotiatedProtocol = null;
  readonly reactor: ReactorBase;
  readonly #conn: HostConnection;
  readonly #host: Address;
  readonly #peer: Address;
  readonly #protocol: StreamProtocol;
  readonly #onLost: (reason: Failure) => void;

  #buffer: Uint8Array | null = null;
  #reading = false;
  #paused = false;
  #held: Uint8Array | null = null; // came while reading was paused
  #eof = false;

  #out: Uint8Array = new Uint8Array(0);
  #outLength = 0;
  #sending: Uint8Array | null = null;
  #sent = 0;
  #spare: Uint8Array | null = null;
  #writing = false;
  #scheduled = false;
  #delivering = false;
  #closingWrite = false;
  #writeClosed = false;
  #lost = false;

  #producer: PushProducer | PullProducer | null = null;
  #streaming = false;
  #producerPaused = false;

  readonly #readDone = (count: number | null): void => this.#onRead(count);
  readonly #readFailed = (error: unknown): void => this.#broken(error);
  readonly #writeDone = (count: number): void => this.#onWritten(count);
  readonly #writeFailed = (error: unknown): void => this.#broken(error);
  readonly #flushLater = (): void => {
    this.#scheduled = false;
    this.#flush();
  };

  constructor(
    reactor: ReactorBase,
    conn: HostConnection,
    host: Address,
    peer: Address,
    protocol: StreamProtocol,
    onLost: (reason: Failure) => void,
  ) {
    this.reactor = reactor;
    this.#conn = conn;
    this.#host = host;
    this.#peer = peer;
    this.#protocol = protocol;
    this.#onLost = onLost;
  }

  /** Gives the connection to the protocol, and begins to read. */
  start(): void {
    const { figures } = this.reactor;
    figures.connections++;
    figures.connectionsTotal++;
    this.#guard("makeConnection", () => this.#protocol.makeConnection(this));
    this.#readMore();
  }

  // ------------------------------------------------------------------------------------------------- reading

  #readMore(): void {
    if (this.#reading || this.#paused || this.#eof || this.disconnecting || this.#lost) return;
    this.#reading = true;
    this.#buffer ??= new Uint8Array(FIRST_BUFFER);
    this.#conn.read(this.#buffer).then(this.#readDone, this.#readFailed);
  }

  #onRead(count: number | null): void {
    this.#reading = false;
    if (this.#lost) return;
    if (count === null) {
      this.#endOfInput();
      return;
    }
    this.reactor.figures.bytesIn += count;
    const buffer = this.#buffer!;
    const keeps = this.#protocol.borrowsData !== true;
    if (count === buffer.length && count < LARGEST_BUFFER) this.#buffer = new Uint8Array(count * 4);
    else if (keeps && count > buffer.length / 2) this.#buffer = null; // theirs now
    const own = buffer !== this.#buffer;
    let data = count === buffer.length ? buffer : buffer.subarray(0, count);
    if (!own && (keeps || this.#paused)) data = data.slice();
    if (this.disconnecting) return;
    if (this.#paused) this.#held = data;
    else {
      this.#deliver(data);
      this.#readMore();
    }
  }

  #deliver(data: Uint8Array): void {
    this.#delivering = true;
    try {
      this.#protocol.dataReceived(data);
    } catch (error) {
      this.#faulty("dataReceived", error);
    }
    this.#delivering = false;
    if (!this.#writing && !this.#scheduled) this.#flush();
  }

  #endOfInput(): void {
    this.#eof = true;
    if (this.#protocol.readConnectionLost !== undefined) {
      this.#guard("readConnectionLost", () => this.#protocol.readConnectionLost!());
      if (this.#writeClosed) this.#end(new Failure(new ConnectionDone()));
    } else this.loseConnection();
  }

  pauseProducing(): void {
    this.#paused = true;
  }

  resumeProducing(): void {
    if (!this.#paused || this.disconnecting) return;
    this.#paused = false;
    if (this.#held === null) this.#readMore();
    else queueMicrotask(() => this.#deliverHeld());
  }

  #deliverHeld(): void {
    const held = this.#held;
    if (this.#paused || this.#lost || this.disconnecting) return;
    this.#held = null;
    if (held !== null) this.#deliver(held);
    this.#readMore();
  }

  stopProducing(): void {
    this.loseConnection();
  }

  // ------------------------------------------------------------------------------------------------- writing

  write(data: Data): void {
    if (this.#lost || this.#closingWrite || data.length === 0) return;
    if (typeof data === "string") {
      this.#reserve(data.length * 3);
      this.#outLength += encoder.encodeInto(data, this.#out.subarray(this.#outLength)).written;
    } else {
      this.#reserve(data.length);
      this.#out.set(data, this.#outLength);
      this.#outLength += data.length;
    }
    this.#changed();
  }

  writeSequence(parts: Iterable<Data>): void {
    for (const part of parts) this.write(part);
  }

  #reserve(more: number): void {
    const needed = this.#outLength + more;
    if (needed <= this.#out.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#out.length * 2, 1024));
    larger.set(this.#out.subarray(0, this.#outLength));
    this.#out = larger;
  }

  // Something was written, or closing was asked for: it is dealt with at the end of this turn.
  #changed(): void {
    if (this.#streaming && !this.#producerPaused && this.#buffered() > HIGH_WATER) {
      this.#producerPaused = true;
      this.#guard("pauseProducing", () => (this.#producer as PushProducer).pauseProducing());
    }
    if (this.#scheduled || this.#delivering || this.#writing) return;
    this.#scheduled = true;
    queueMicrotask(this.#flushLater);
  }

  #buffered(): number {
    return this.#outLength + (this.#sending === null ? 0 : this.#sending.length - this.#sent);
  }

  #flush(): void {
    if (this.#writing || this.#lost) return;
    if (this.#outLength === 0) {
      this.#drained();
      return;
    }
    const out = this.#out;
    this.#sending = out.subarray(0, this.#outLength);
    this.#sent = 0;
    this.#out = this.#spare ?? new Uint8Array(0);
    this.#spare = out.length <= LARGEST_BUFFER ? out : null;
    this.#outLength = 0;
    this.#writing = true;
    this.#conn.write(this.#sending).then(this.#writeDone, this.#writeFailed);
  }

  #onWritten(count: number): void {
    if (this.#lost) return;
    this.reactor.figures.bytesOut += count;
    this.#sent += count;
    const sending = this.#sending!;
    if (this.#sent < sending.length) {
      this.#conn.write(sending.subarray(this.#sent)).then(this.#writeDone, this.#writeFailed);
      return;
    }
    this.#sending = null;
    this.#writing = false;
    this.#flush();
  }

  // Everything is sent.
  #drained(): void {
    if (this.#producer !== null) {
      if (!this.#streaming) this.#guard("resumeProducing", () => this.#producer?.resumeProducing());
      else if (this.#producerPaused) {
        this.#producerPaused = false;
        this.#guard("resumeProducing", () => this.#producer?.resumeProducing());
      }
      return; // closing waits for the producer
    }
    if (this.disconnecting) this.#end(new Failure(new ConnectionDone()));
    else if (this.#closingWrite && !this.#writeClosed) this.#closeWrite();
  }

  #closeWrite(): void {
    this.#writeClosed = true;
    this.#conn.closeWrite().then(() => {
      if (this.#lost) return;
      this.#guard("writeConnectionLost", () => this.#protocol.writeConnectionLost?.());
      if (this.#eof) this.#end(new Failure(new ConnectionDone()));
    }, this.#writeFailed);
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (this.#producer !== null) throw new TypeError("Cannot register a producer: there is one already");
    if (this.#lost || this.disconnecting) {
      producer.stopProducing();
      return;
    }
    this.#producer = producer;
    this.#streaming = streaming;
    this.#producerPaused = false;
    if (!streaming) this.#guard("resumeProducing", () => producer.resumeProducing());
  }

  unregisterProducer(): void {
    this.#producer = null;
    this.#streaming = false;
    if (this.disconnecting || this.#closingWrite) this.#changed();
  }

  // ------------------------------------------------------------------------------------------------- closing

  loseConnection(): void {
    if (this.#lost || this.disconnecting) return;
    this.disconnecting = true;
    this.#changed();
  }

  loseWriteConnection(): void {
    if (this.#lost || this.disconnecting || this.#closingWrite) return;
    this.#closingWrite = true;
    this.#changed();
  }

  abortConnection(): void {
    this.#abort(new Failure(new ConnectionAborted()));
  }

  #abort(reason: Failure): void {
    if (this.#lost) return;
    this.disconnecting = true;
    this.#outLength = 0;
    queueMicrotask(() => this.#end(reason));
  }

  #broken(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#end(
      new Failure(new ConnectionLost(`Connection to the other side was lost: ${message}`, { cause: error })),
    );
  }

  #end(reason: Failure): void {
    if (this.#lost) return;
    this.#lost = true;
    this.disconnecting = true;
    this.#held = null;
    this.#buffer = null;
    try {
      this.#conn.close();
    } catch { /* the host has closed it already */ }
    const producer = this.#producer;
    this.#producer = null;
    if (producer !== null) this.#report("stopProducing", () => producer.stopProducing());
    this.reactor.figures.connections--;
    this.#report("connectionLost", () => this.#protocol.connectionLost(reason));
    this.#onLost(reason);
  }

  // Calls a method of the protocol; one that throws loses its connection.
  #guard(name: string, f: () => void): void {
    try {
      f();
    } catch (error) {
      this.#faulty(name, error);
    }
  }

  #report(name: string, f: () => void): void {
    try {
      f();
    } catch (error) {
      this.reactor.reportError(error, `Error in ${name} of a protocol`);
    }
  }

  #faulty(name: string, error: unknown): void {
    this.reactor.reportError(error, `Error in ${name} of a protocol`);
    this.#abort(new Failure(error));
  }

  // ------------------------------------------------------------------------------------------------- the rest

  getHost(): Address {
    return this.#host;
  }

  getPeer(): Address {
    return this.#peer;
  }

  setTcpNoDelay(on: boolean): void {
    if (!this.#lost) this.#conn.setNoDelay?.(on);
  }

  setTcpKeepAlive(on: boolean): void {
    if (!this.#lost) this.#conn.setKeepAlive?.(on);
  }

  startTLS(_options: TLSServerOptions | TLSClientOptions, _normal = true): void {
    throw new NotSupportedError("Cannot start TLS: this reactor has none yet");
  }

  getPeerCertificate(): PeerCertificate | null {
    return null;
  }
}
