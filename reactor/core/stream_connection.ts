/**
 * `StreamConnection`: one stream connection, as its protocol's transport.
 *
 * ```text
 *   write ──► #out (copied) ──┐ at the end of the turn, or of dataReceived
 *                             ├──► #sending ──► stream.write, again until all is sent
 *                 spare ◄─────┘
 *   stream.read(#buffer) ──► dataReceived ──► stream.read …     one read and one write in flight at most
 * ```
 *
 * The completions of read and write are functions bound once; no promise is made here but the host's own.
 * @module
 */
import { Failure } from "@ropewalk/deferred";
import type { Address } from "./addresses.ts";
import { ConnectionAborted, ConnectionDone, ConnectionLost, TLSError } from "./errors.ts";
import type { HostStream } from "./host_network.ts";
import type {
  Data,
  PeerCertificate,
  PullProducer,
  PushProducer,
  StreamProtocol,
  TLSClientOptions,
  TLSServerOptions,
  Transport,
} from "./interfaces.ts";
import type { ReactorBase } from "./reactor_base.ts";

const FIRST_BUFFER = 2048;
const LARGEST_BUFFER = 65_536;
const HIGH_WATER = 65_536;
const encoder = new TextEncoder();

/** TLS in the middle of a connection: the part of `HostNetwork` that `startTLS` needs. */
export interface StreamUpgrades {
  /** The server's side of a handshake. */
  serveTLS(stream: HostStream, options: TLSServerOptions): Promise<HostStream>;
  /** The client's side. */
  connectTLS(stream: HostStream, options: TLSClientOptions): Promise<HostStream>;
}

/** A connection, as its protocol's transport. */
export class StreamConnection implements Transport {
  /** True once closing was asked for. */
  disconnecting = false;
  /** Runs this connection. */
  readonly reactor: ReactorBase;
  #stream: HostStream;
  readonly #protocol: StreamProtocol;
  readonly #upgrades: StreamUpgrades;
  readonly #isServer: boolean;
  readonly #onLost: ((reason: Failure) => void) | null;

  #buffer: Uint8Array | null = null;
  #reading = false;
  #paused = false;
  #held: Uint8Array | null = null; // came while reading was paused
  #eof = false;
  #upgrade: Upgrade | null = null; // startTLS was called, and is not through

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
  #aborted = false;

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

  /**
   * @param reactor Runs this connection.
   * @param stream The host's.
   * @param protocol Handles it.
   * @param upgrades For {@linkcode startTLS}.
   * @param isServer Whether it was accepted.
   * @param onLost Told at the very end.
   */
  constructor(
    reactor: ReactorBase,
    stream: HostStream,
    protocol: StreamProtocol,
    upgrades: StreamUpgrades,
    isServer: boolean,
    onLost: ((reason: Failure) => void) | null,
  ) {
    this.reactor = reactor;
    this.#stream = stream;
    this.#protocol = protocol;
    this.#upgrades = upgrades;
    this.#isServer = isServer;
    this.#onLost = onLost;
  }

  /** True under TLS. */
  get secure(): boolean {
    return this.#stream.tls !== undefined;
  }

  /** What ALPN chose, or `null`. */
  get negotiatedProtocol(): string | null {
    return this.#stream.tls?.negotiatedProtocol ?? null;
  }

  /** The peer's certificate under TLS, or `null`. */
  getPeerCertificate(): PeerCertificate | null {
    return this.#stream.tls?.peerCertificate() ?? null;
  }

  /** Gives the connection to the protocol, and begins to read. */
  start(): void {
    const { figures } = this.reactor;
    try {
      this.#stream.setNoDelay?.(true);
    } catch { /* it is gone already: the first read tells */ }
    figures.connections++;
    figures.connectionsTotal++;
    this.#guard("makeConnection", () => this.#protocol.makeConnection(this));
    this.#readMore();
  }

  // ------------------------------------------------------------------------------------------------- reading

  #readMore(): void {
    if (this.#reading || this.#paused || this.#eof || this.disconnecting || this.#lost) return;
    if (this.#upgrade !== null) return;
    this.#reading = true;
    this.#buffer ??= new Uint8Array(FIRST_BUFFER);
    this.#stream.read(this.#buffer).then(this.#readDone, this.#readFailed);
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
    if (this.#upgrade !== null) { // what comes after the switch is the handshake's
      this.#held = buffer.slice(0, count);
      this.#switch();
      return;
    }
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
    if (this.#writing || this.#lost || this.#upgrade?.begun) return;
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
    this.#stream.write(this.#sending).then(this.#writeDone, this.#writeFailed);
  }

  #onWritten(count: number): void {
    if (this.#lost) return;
    this.reactor.figures.bytesOut += count;
    this.#sent += count;
    const sending = this.#sending!;
    if (this.#sent < sending.length) {
      this.#stream.write(sending.subarray(this.#sent)).then(this.#writeDone, this.#writeFailed);
      return;
    }
    this.#sending = null;
    this.#writing = false;
    this.#flush();
  }

  // Everything is sent.
  #drained(): void {
    if (this.#upgrade !== null) {
      this.#switch();
      return;
    }
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
    this.#stream.closeWrite().then(() => {
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

  // ------------------------------------------------------------------------------------------------- TLS

  /** Goes over to TLS once what was written so far is sent; what is written from now on goes under TLS. */
  startTLS(options: TLSServerOptions | TLSClientOptions, normal = true): void {
    if (this.secure || this.#upgrade !== null) {
      throw new TypeError("Cannot start TLS: it was started already");
    }
    if (this.#lost || this.disconnecting) return;
    this.#upgrade = new Upgrade(options, this.#isServer === normal, this.#out, this.#outLength);
    this.#out = new Uint8Array(0);
    this.#outLength = 0;
    if (!this.#scheduled) queueMicrotask(() => this.#switch());
  }

  // Goes on with the switch as far as it can: plain text out first, then a read in flight, then the handshake.
  #switch(): void {
    const upgrade = this.#upgrade;
    if (upgrade === null || upgrade.begun || this.#lost || this.#writing) return;
    if (upgrade.plainLength > 0) {
      this.#sending = upgrade.plain.subarray(0, upgrade.plainLength);
      upgrade.plainLength = 0;
      this.#sent = 0;
      this.#writing = true;
      this.#stream.write(this.#sending).then(this.#writeDone, this.#writeFailed);
      return;
    }
    if (this.#reading && this.#held === null) return; // it goes on when the first bytes of the handshake are there
    upgrade.begun = true;
    const plain = this.#held === null ? this.#stream : new ReadAgain(this.#stream, this.#held);
    this.#held = null;
    const shake = upgrade.isServer
      ? this.#upgrades.serveTLS(plain, upgrade.options as TLSServerOptions)
      : this.#upgrades.connectTLS(plain, upgrade.options as TLSClientOptions);
    shake.then((secured) => {
      this.#upgrade = null;
      if (this.#lost) {
        secured.close();
        return;
      }
      this.#stream = secured;
      this.#guard("handshakeCompleted", () => this.#protocol.handshakeCompleted?.());
      this.#flush();
      this.#readMore();
    }, (error) => this.#end(new Failure(error instanceof TLSError ? error : new TLSError(String(error)))));
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
    this.#aborted = true;
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
      if (this.#aborted && this.#stream.abort) this.#stream.abort();
      else this.#stream.close();
    } catch { /* the host has closed it already */ }
    const producer = this.#producer;
    this.#producer = null;
    if (producer !== null) this.#report("stopProducing", () => producer.stopProducing());
    this.reactor.figures.connections--;
    this.#report("connectionLost", () => this.#protocol.connectionLost(reason));
    this.#onLost?.(reason);
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

  /** Our end's address. */
  getHost(): Address {
    return this.#stream.localAddress;
  }

  /** The far end's address. */
  getPeer(): Address {
    return this.#stream.remoteAddress;
  }

  setTcpNoDelay(on: boolean): void {
    if (!this.#lost) this.#stream.setNoDelay?.(on);
  }

  setTcpKeepAlive(on: boolean): void {
    if (!this.#lost) this.#stream.setKeepAlive?.(on);
  }
}

/** A switch to TLS that is under way. */
class Upgrade {
  begun = false;

  constructor(
    readonly options: TLSServerOptions | TLSClientOptions,
    readonly isServer: boolean,
    readonly plain: Uint8Array, // written before the switch, to be sent first
    public plainLength: number,
  ) {}
}

/** A stream of which some bytes were read already. */
class ReadAgain implements HostStream {
  readonly localAddress: Address;
  readonly remoteAddress: Address;
  #first: Uint8Array | null;

  constructor(private readonly stream: HostStream, first: Uint8Array) {
    this.localAddress = stream.localAddress;
    this.remoteAddress = stream.remoteAddress;
    this.#first = first;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    const first = this.#first;
    if (first === null) return this.stream.read(buffer);
    const count = Math.min(first.length, buffer.length);
    buffer.set(first.subarray(0, count));
    this.#first = count === first.length ? null : first.subarray(count);
    return Promise.resolve(count);
  }

  write(data: Uint8Array): Promise<number> {
    return this.stream.write(data);
  }

  closeWrite(): Promise<void> {
    return this.stream.closeWrite();
  }

  close(): void {
    this.stream.close();
  }

  abort(): void {
    (this.stream.abort ?? this.stream.close).call(this.stream);
  }

  setNoDelay(on: boolean): void {
    this.stream.setNoDelay?.(on);
  }

  setKeepAlive(on: boolean): void {
    this.stream.setKeepAlive?.(on);
  }
}
