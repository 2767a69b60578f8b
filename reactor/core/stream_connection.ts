/**
 * `StreamConnection`: one stream connection, as its protocol's transport.
 *
 * ```text
 *   write ──► out (copied) ──► stream.write, again until all is sent     at the end of the turn, or of dataReceived
 *   stream.read(buffer) ──► dataReceived ──► stream.read …               one read and one write in flight at most
 * ```
 *
 * The completions of read and write are functions bound once; no promise is made here but the host's own.
 * @module
 */
import { Failure } from "@ropewalk/deferred";
import type { Address } from "./addresses.ts";
import { ConnectionAborted, ConnectionDone, ConnectionLost, TLSError } from "./errors.ts";
import { guard, onRejection } from "./guard.ts";
import type { HostStream } from "./host_network.ts";
import type {
  Data,
  DelayedCall,
  PeerCertificate,
  PullProducer,
  PushProducer,
  StreamProtocol,
  TLSClientOptions,
  TLSServerOptions,
  Transport,
} from "./interfaces.ts";
import { InBuffer, takeOver } from "./in_buffer.ts";
import { OutBuffer } from "./out_buffer.ts";
import { ProducerSlot } from "./producer_slot.ts";
import type { ReactorBase } from "./reactor_base.ts";
import { type StreamUpgrades, TLSSwitch } from "./tls_switch.ts";

/** How long a peer may take to close its side, after we have closed ours under TLS. */
const FAREWELL_SECONDS = 5;

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

  readonly #in = new InBuffer();
  #reading = false;
  #paused = false;
  #held: Uint8Array | null = null; // came while reading was paused
  #heldEnd = false; // so did the end of input
  #ended = false; // the peer has finished sending

  readonly #out = new OutBuffer();
  #sending: Uint8Array | null = null;
  #sent = 0;
  #scheduled = false;
  #delivering = false;
  #closingWrite = false;
  #writeClosed = false;
  #aborted = false;
  #lost = false;
  readonly #producer = new ProducerSlot();
  #farewell: DelayedCall | null = null; // closed under TLS: the limit of the wait for the peer to do so

  #tls: TLSSwitch | null = null; // from startTLS to the end of the handshake

  readonly #readDone = (count: number | null): void => this.#onRead(count);
  readonly #readFailed = (error: unknown): void => this.#onReadFailed(error);
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

  /** True from the moment that TLS was asked for. */
  get tlsStarted(): boolean {
    return this.#tls !== null || this.#stream.tls !== undefined;
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
    figures.connections.add(this);
    figures.connectionsTotal++;
    try {
      this.#watch("makeConnection", this.#protocol.makeConnection(this));
    } catch (error) {
      this.#faulty("makeConnection", error);
    }
    this.#readMore();
  }

  // ------------------------------------------------------------------------------------------------- reading

  #readMore(): void {
    if (
      this.#reading || this.#delivering || this.#ended || this.#lost || this.#tls !== null ||
      (this.#farewell === null && (this.#paused || this.disconnecting))
    ) return;
    this.#reading = true;
    this.#stream.read(this.#in.forRead()).then(this.#readDone, this.#readFailed);
  }

  #onRead(count: number | null): void {
    this.#reading = false;
    if (this.#lost) {
      this.#tls?.readDone(null);
      this.#in.drop();
      return;
    }
    if (this.#tls !== null) {
      this.#readBeforeTLS(this.#tls, count);
      return;
    }
    if (this.#farewell !== null) {
      if (count === null) this.#ended = true;
      this.#endIfBothClosed();
      this.#readMore();
      return;
    }
    if (count === null) {
      this.#in.drop(); // there will be no more
      if (this.#paused) this.#heldEnd = true;
      else this.#endOfInput();
      return;
    }
    this.reactor.figures.bytesIn += count;
    if (this.disconnecting) return;
    if (this.#paused) {
      this.#held = this.#in.give(count);
      return;
    }
    // No read is begun before the buffer is ours again, whatever the protocol does.
    if (this.#protocol.borrowsData === true) {
      this.#deliver(this.#in.lend(count));
      this.#in.takeBack(count);
    } else this.#deliver(this.#in.give(count));
    this.#delivered();
    this.#readMore();
  }

  #deliver(data: Uint8Array): void {
    this.#delivering = true;
    try {
      this.#watch("dataReceived", this.#protocol.dataReceived(data));
    } catch (error) {
      this.#faulty("dataReceived", error);
    }
    this.#delivering = false;
  }

  #delivered(): void {
    if (this.#out.length > 0 || this.disconnecting || this.#closingWrite) this.#flush();
  }

  #endOfInput(): void {
    this.#ended = true;
    if (this.#protocol.readConnectionLost === undefined) {
      if (this.disconnecting) return; // it is closing anyway, and a producer may finish
      const producer = this.#producer.empty(); // nobody waits for what it would still make
      if (producer !== null) this.#report("stopProducing", () => producer.stopProducing());
      this.loseConnection(); // what is unsent is sent first: the peer may wait for it
      return;
    }
    try {
      this.#watch("readConnectionLost", this.#protocol.readConnectionLost());
    } catch (error) {
      this.#faulty("readConnectionLost", error);
    }
    if (this.#writeClosed && !this.#aborted) this.#end(new Failure(new ConnectionDone()));
  }

  pauseProducing(): void {
    this.#paused = true;
  }

  resumeProducing(): void {
    if (!this.#paused || this.disconnecting) return;
    this.#paused = false;
    if (this.#held === null && !this.#heldEnd) this.#readMore();
    else queueMicrotask(() => this.#deliverHeld());
  }

  #deliverHeld(): void {
    if (this.#paused || this.#lost || this.disconnecting || this.#tls !== null) return;
    const held = this.#held;
    this.#held = null;
    if (held !== null) {
      this.#deliver(held);
      this.#delivered();
    }
    if (this.#heldEnd && !this.#paused && !this.disconnecting) {
      this.#heldEnd = false;
      this.#endOfInput();
    }
    this.#readMore();
  }

  stopProducing(): void {
    this.loseConnection();
  }

  // ------------------------------------------------------------------------------------------------- writing

  write(data: Data): void {
    if (this.#lost || this.#aborted || this.#farewell !== null || data.length === 0) return;
    if (this.#closingWrite && (this.#writeClosed || !this.#producer.taken)) return;
    if (typeof data === "string" || !this.#passOn(data)) this.#out.add(data);
    if (!this.#delivering || this.#producer.taken) this.#changed(); // a delivery ends with a flush
  }

  // A proxy's case: what was just read, by us or by another connection, goes out as it is. The host sends what it can
  // at once, before anybody could change it.
  #passOn(data: Uint8Array): boolean {
    if (
      this.#sending !== null || this.#out.length > 0 || this.#tls !== null || !takeOver(data)
    ) return false;
    this.#send(data);
    return true;
  }

  writeSequence(parts: Iterable<Data>): void {
    for (const part of parts) this.write(part);
  }

  // Something was written, or closing was asked for: it is dealt with at the end of this turn.
  #changed(): void {
    if (this.#producer.taken) {
      try {
        this.#watch("pauseProducing", this.#producer.filled(this.unsentBytes));
      } catch (error) {
        this.#faulty("pauseProducing", error);
      }
    }
    if (this.#scheduled || this.#delivering || this.#sending !== null) return;
    this.#scheduled = true;
    queueMicrotask(this.#flushLater);
  }

  /** How many bytes were written and are not with the system yet; text counts one for each character. */
  get unsentBytes(): number {
    return this.#out.length + (this.#sending === null ? 0 : this.#sending.length - this.#sent);
  }

  #flush(): void {
    if (this.#sending !== null || this.#lost || this.#aborted) return;
    if (this.#tls !== null) this.#flushBeforeTLS(this.#tls);
    else if (this.#out.length === 0) this.#drained();
    else this.#send(this.#out.take());
  }

  #send(data: Uint8Array): void {
    this.#sending = data;
    this.#sent = 0;
    this.#stream.write(data).then(this.#writeDone, this.#writeFailed);
  }

  #onWritten(count: number): void {
    const sending = this.#sending;
    if (this.#lost || sending === null) return;
    this.reactor.figures.bytesOut += count;
    this.#sent += count;
    if (this.#sent < sending.length) {
      if (!this.#aborted) {
        this.#stream.write(sending.subarray(this.#sent)).then(this.#writeDone, this.#writeFailed);
      }
      return;
    }
    this.#sending = null;
    this.#out.done(sending);
    this.#flush();
  }

  // Everything is sent.
  #drained(): void {
    if (this.#producer.taken) {
      try {
        this.#watch("resumeProducing", this.#producer.drained());
      } catch (error) {
        this.#faulty("resumeProducing", error);
      }
      return; // closing waits for the producer
    }
    if (this.disconnecting) this.#close();
    else if (this.#closingWrite && !this.#writeClosed) this.#closeWrite();
  }

  #closeWrite(): void {
    this.#writeClosed = true;
    this.#stream.closeWrite().then(() => {
      if (this.#lost) return;
      try {
        this.#watch("writeConnectionLost", this.#protocol.writeConnectionLost?.());
      } catch (error) {
        this.#faulty("writeConnectionLost", error);
      }
      if (this.#ended && !this.#aborted) this.#end(new Failure(new ConnectionDone()));
    }, this.#writeFailed);
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (this.#lost || this.#aborted) {
      this.#watch("stopProducing", producer.stopProducing());
      return;
    }
    this.#producer.fill(producer, streaming);
    if (streaming) this.#watch("pauseProducing", this.#producer.filled(this.unsentBytes));
    else this.#watch("resumeProducing", producer.resumeProducing());
  }

  unregisterProducer(): void {
    this.#producer.empty();
    if (this.disconnecting || this.#closingWrite) this.#changed();
  }

  // ------------------------------------------------------------------------------------------------- TLS

  /** Goes over to TLS once what was written so far is sent; what is written after that goes under TLS. */
  startTLS(options: TLSServerOptions | TLSClientOptions, normal = true): void {
    if (this.tlsStarted) throw new TypeError("Cannot start TLS: it was started already");
    if (this.#lost || this.disconnecting) return;
    const upgrades = this.#upgrades;
    const upgrade = this.#isServer === normal
      ? (stream: HostStream) => upgrades.serveTLS(stream, options as TLSServerOptions)
      : (stream: HostStream) => upgrades.connectTLS(stream, options as TLSClientOptions);
    this.#tls = new TLSSwitch(this.#out.take(), upgrade);
    this.#flush();
  }

  #flushBeforeTLS(tls: TLSSwitch): void {
    const plain = tls.takePlain();
    if (plain !== null) this.#send(plain);
    else if (!tls.shaking) this.#handshake(tls);
  }

  // It came after the switch was asked for, so it is not for the protocol.
  #readBeforeTLS(tls: TLSSwitch, count: number | null): void {
    const data = count === null ? null : this.#in.copy(count);
    if (tls.shaking) tls.readDone(data);
    else if (data === null) this.#heldEnd = true;
    else this.#held = data;
  }

  #handshake(tls: TLSSwitch): void {
    const before = { held: this.#held, ended: this.#heldEnd, reading: this.#reading };
    this.#held = null;
    tls.shake(this.reactor, this.#stream, before, (error) => this.#end(new Failure(error))).then(
      (secured) => {
        this.#tls = null;
        tls.over();
        if (this.#lost) {
          secured.close();
          return;
        }
        this.#stream = secured;
        this.#in.drop();
        try {
          this.#watch("handshakeCompleted", this.#protocol.handshakeCompleted?.());
        } catch (error) {
          this.#faulty("handshakeCompleted", error);
        }
        this.#flush();
        this.#readMore();
      },
      (error) => this.#end(new Failure(error instanceof TLSError ? error : new TLSError(String(error)))),
    );
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

  // Everything is sent. Under TLS a peer sends what no protocol asked for, such as session tickets: if the socket were
  // closed with some of it unread, the system would throw away what has not reached the peer yet (RFC 2525, section
  // 2.17). So our side is closed, and what still comes is read and dropped until the peer has closed too.
  #close(): void {
    if (this.#farewell !== null) return;
    if (!this.secure) {
      this.#end(new Failure(new ConnectionDone()));
      return;
    }
    this.#farewell = this.reactor.callLater(
      FAREWELL_SECONDS,
      () => this.#end(new Failure(new ConnectionDone())),
    );
    this.#held = null;
    if (this.#heldEnd) this.#ended = true;
    if (this.#writeClosed) this.#endIfBothClosed();
    else {
      this.#stream.closeWrite().then(() => {
        this.#writeClosed = true;
        this.#endIfBothClosed();
      }, this.#writeFailed);
    }
    this.#readMore();
  }

  #endIfBothClosed(): void {
    if (this.#ended && this.#writeClosed) this.#end(new Failure(new ConnectionDone()));
  }

  abortConnection(reason: Failure = new Failure(new ConnectionAborted())): void {
    this.#abort(reason);
  }

  /** Ends it at once, for a reason of the reactor's own; one that was aborted ends by itself. */
  breakOff(reason: Failure): void {
    if (!this.#aborted) this.#end(reason);
  }

  #abort(reason: Failure): void {
    if (this.#lost || this.#aborted) return;
    this.disconnecting = true;
    this.#aborted = true;
    this.#out.clear();
    queueMicrotask(() => this.#end(reason));
  }

  #onReadFailed(error: unknown): void {
    this.#reading = false;
    this.#tls?.readDone(null);
    if (this.#lost) this.#in.drop();
    else this.#broken(error);
  }

  #broken(error: unknown): void {
    if (this.#farewell !== null) { // all was said
      this.#end(new Failure(new ConnectionDone()));
      return;
    }
    const message = error instanceof Error ? error.message : String(error);
    const text = `Connection to the other side was lost: ${message}`;
    this.#end(new Failure(new ConnectionLost(text, { cause: error })));
  }

  #end(reason: Failure): void {
    if (this.#lost) return;
    this.#lost = true;
    this.disconnecting = true;
    this.#held = null;
    this.#tls?.over();
    if (this.#farewell?.active()) this.#farewell.cancel();
    if (!this.#reading) this.#in.drop(); // else when the read ends, as it does at once now
    try {
      if (this.#aborted && this.#stream.abort) this.#stream.abort();
      else this.#stream.close();
    } catch { /* the host has closed it already */ }
    this.#sending = null;
    this.#out.clear();
    const producer = this.#producer.empty();
    if (producer !== null) this.#report("stopProducing", () => producer.stopProducing());
    this.reactor.figures.connections.delete(this);
    this.#report("connectionLost", () => this.#protocol.connectionLost(reason));
    this.#onLost?.(reason);
  }

  #report(name: string, f: () => unknown): void {
    guard(f, (error) => this.reactor.reportError(error, `Error in ${name} of a protocol`));
  }

  // A method that is async fails later.
  #watch(name: string, returned: unknown): void {
    if (returned !== undefined) onRejection(returned, (error) => this.#faulty(name, error));
  }

  #faulty(name: string, error: unknown): void {
    this.reactor.reportError(error, `Error in ${name} of a protocol`);
    this.#abort(new Failure(error));
  }

  // ------------------------------------------------------------------------------------------------- the rest

  getHost(): Address {
    return this.#stream.localAddress;
  }

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
