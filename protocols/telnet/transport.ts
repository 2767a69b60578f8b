/**
 * Telnet as a transport: a protocol inside speaks text and never sees a command.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import type {
  Address,
  Data,
  PeerCertificate,
  PullProducer,
  PushProducer,
  StreamProtocol,
  TLSClientOptions,
  TLSServerOptions,
  Transport,
} from "@ropewalk/reactor/core";
import { fromLatin1, latin1, toBytes } from "../bytes.ts";
import type { Factory } from "../factory.ts";
import { ECHO, LINEMODE, NAWS, SGA } from "./codes.ts";
import { Telnet } from "./telnet.ts";

/** A protocol that wants to hear of telnet's options, too. All of it may be left out. */
export interface TelnetAware extends StreamProtocol {
  /** As {@linkcode Telnet.enableLocal}. */
  enableLocal?(option: number): boolean;
  /** As {@linkcode Telnet.enableRemote}. */
  enableRemote?(option: number): boolean;
  /** As {@linkcode Telnet.disableLocal}. */
  disableLocal?(option: number): void;
  /** As {@linkcode Telnet.disableRemote}. */
  disableRemote?(option: number): void;
  /** As {@linkcode Telnet.subnegotiationReceived}. */
  subnegotiationReceived?(option: number, data: Uint8Array): void;
  /** As {@linkcode Telnet.telnetCommand}. */
  telnetCommand?(command: number): void;
  /** The window has another size (NAWS). */
  windowSizeReceived?(columns: number, rows: number): void;
}

/**
 * Carries another protocol over telnet. To that protocol it is a transport: a line feed it writes goes out as CR LF,
 * and 0xff is doubled.
 *
 * @example
 * ```ts
 * import { LineReceiver } from "@ropewalk/protocols";
 * import { TelnetTransport } from "@ropewalk/protocols/telnet";
 *
 * class Shell extends LineReceiver {
 *   override delimiter = "\n"; // telnet's own line ends have been translated
 *   override lineReceived(line: string) {
 *     this.sendLine(`You said ${line}`);
 *   }
 * }
 *
 * const telnet = new TelnetTransport(() => new Shell());
 * ```
 */
export class TelnetTransport<P extends TelnetAware = TelnetAware, F = Factory> extends Telnet<F>
  implements Transport {
  /** The protocol inside, once there is a connection. */
  protocol: P | null = null;
  readonly #make: () => P;
  #losing = false;

  /**
   * A connection to be.
   *
   * @param make Makes the protocol inside.
   */
  constructor(make: () => P) {
    super();
    this.#make = make;
  }

  /** Connects the protocol inside. */
  override connectionMade(): void {
    this.protocol = this.#make();
    return this.protocol.makeConnection(this);
  }

  /** Passes data on. */
  override applicationDataReceived(data: Uint8Array): void {
    return this.protocol?.dataReceived(data);
  }

  /** Asks the protocol inside. */
  override enableLocal(option: number): boolean {
    return this.protocol?.enableLocal?.(option) ?? false;
  }

  /** Asks the protocol inside. */
  override enableRemote(option: number): boolean {
    return this.protocol?.enableRemote?.(option) ?? false;
  }

  /** Tells the protocol inside. */
  override disableLocal(option: number): void {
    this.protocol?.disableLocal?.(option);
  }

  /** Tells the protocol inside. */
  override disableRemote(option: number): void {
    this.protocol?.disableRemote?.(option);
  }

  /** Tells the protocol inside. */
  override telnetCommand(command: number): void {
    this.protocol?.telnetCommand?.(command);
  }

  /** Tells the protocol inside; the size of the window in numbers. */
  override subnegotiationReceived(option: number, data: Uint8Array): void {
    if (option === NAWS && data.length === 4) {
      const view = new DataView(data.buffer, data.byteOffset);
      this.protocol?.windowSizeReceived?.(view.getUint16(0), view.getUint16(2));
    }
    this.protocol?.subnegotiationReceived?.(option, data);
  }

  /** Passes the loss on. */
  override connectionLost(reason: Failure): void {
    super.connectionLost(reason);
    const { protocol } = this;
    this.protocol = null;
    return protocol?.connectionLost(reason);
  }

  /** Tells the protocol inside. */
  writeConnectionLost(): void {
    return this.protocol?.writeConnectionLost?.();
  }

  /** Tells the protocol inside. */
  handshakeCompleted(): void {
    return this.protocol?.handshakeCompleted?.();
  }

  /** The far end has finished sending. Only if the protocol inside has it: the transport closes otherwise. */
  get readConnectionLost(): (() => void) | undefined {
    return toldOfEnd(this.protocol);
  }

  // ---- as a transport

  /** True once the connection is being closed. */
  get disconnecting(): boolean {
    return this.#losing || this.transport.disconnecting;
  }

  /** True under TLS. */
  get secure(): boolean {
    return this.transport.secure;
  }

  /** How much waits to be sent, if the transport tells. */
  get unsentBytes(): number | undefined {
    return this.transport.unsentBytes;
  }

  /** True from the moment that TLS was asked for. */
  get tlsStarted(): boolean {
    return this.transport.tlsStarted ?? this.transport.secure;
  }

  /** The protocol that ALPN chose, or `null`. */
  get negotiatedProtocol(): string | null {
    return this.transport.negotiatedProtocol;
  }

  /** Sends text: LF as CR LF, a CR alone as CR NUL. */
  override write(data: Data): void {
    const text = latin1(toBytes(data));
    super.write(
      /[\r\n]/.test(text)
        ? fromLatin1(text.replace(/\r\n|\r|\n/g, (end) => end === "\r" ? "\r\0" : "\r\n"))
        : toBytes(data),
    );
  }

  /** Sends several pieces. */
  writeSequence(parts: Iterable<Data>): void {
    let text = "";
    for (const part of parts) text += latin1(toBytes(part));
    this.write(fromLatin1(text));
  }

  /** Closes once everything was sent. */
  loseConnection(): void {
    this.#losing = true;
    this.transport.loseConnection();
  }

  /** Closes now. */
  abortConnection(reason?: Failure): void {
    this.#losing = true;
    this.transport.abortConnection(reason);
  }

  /** Closes the sending side. */
  loseWriteConnection(): void {
    this.transport.loseWriteConnection();
  }

  /** The far end's address. */
  getPeer(): Address {
    return this.transport.getPeer();
  }

  /** Our end's address. */
  getHost(): Address {
    return this.transport.getHost();
  }

  /** Ties a producer to the transport. */
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    this.transport.registerProducer(producer, streaming);
  }

  /** The producer is done. */
  unregisterProducer(): void {
    this.transport.unregisterProducer();
  }

  /** Stops reading. */
  pauseProducing(): void {
    this.transport.pauseProducing();
  }

  /** Goes on reading. */
  resumeProducing(): void {
    this.transport.resumeProducing();
  }

  /** Closes. */
  stopProducing(): void {
    this.transport.stopProducing();
  }

  /** Turns Nagle's algorithm off or on. */
  setTcpNoDelay(on: boolean): void {
    this.transport.setTcpNoDelay(on);
  }

  /** Has the system probe an idle connection. */
  setTcpKeepAlive(on: boolean): void {
    this.transport.setTcpKeepAlive(on);
  }

  /** Goes over to TLS. */
  startTLS(options: TLSServerOptions | TLSClientOptions, normal?: boolean): void {
    this.transport.startTLS(options, normal);
  }

  /** The peer's certificate, or `null`. */
  getPeerCertificate(): PeerCertificate | null {
    return this.transport.getPeerCertificate();
  }
}

function toldOfEnd(protocol: StreamProtocol | null): (() => void) | undefined {
  return protocol?.readConnectionLost && (() => protocol.readConnectionLost?.());
}

/**
 * Prepares a terminal, then puts the protocol that uses it in place: asks the client not to edit lines and to tell
 * its size, and offers to echo.
 *
 * @example
 * ```ts
 * import { Protocol } from "@ropewalk/protocols";
 * import { TelnetBootstrapProtocol, TelnetTransport } from "@ropewalk/protocols/telnet";
 *
 * class Keys extends Protocol {
 *   override dataReceived(data: Uint8Array) {
 *     this.transport.write(`key ${data[0]}\n`);
 *   }
 * }
 *
 * const telnet = new TelnetTransport(() => new TelnetBootstrapProtocol(() => new Keys()));
 * ```
 */
export class TelnetBootstrapProtocol implements TelnetAware {
  /** The telnet connection. */
  transport!: TelnetTransport;
  /** The protocol that uses the terminal. */
  readonly protocol: TelnetAware;

  /**
   * A terminal to be.
   *
   * @param make Makes the protocol that uses it.
   */
  constructor(make: () => TelnetAware) {
    this.protocol = make();
  }

  /** Asks for what a terminal needs. What the client refuses is not insisted on. */
  makeConnection(transport: Transport): void {
    this.transport = transport as TelnetTransport;
    for (const option of [LINEMODE, NAWS]) this.transport.do(option).addErrback(() => false);
    for (const option of [ECHO, SGA]) this.transport.will(option).addErrback(() => false);
    return this.protocol.makeConnection(transport);
  }

  /** Passes data on. */
  dataReceived(data: Uint8Array): void {
    return this.protocol.dataReceived(data);
  }

  /** Passes the loss on. */
  connectionLost(reason: Failure): void {
    this.protocol.connectionLost(reason);
  }

  /** Passes it on. */
  writeConnectionLost(): void {
    this.protocol.writeConnectionLost?.();
  }

  /** Passes it on. */
  handshakeCompleted(): void {
    this.protocol.handshakeCompleted?.();
  }

  /** Passes it on, if the protocol has it. */
  get readConnectionLost(): (() => void) | undefined {
    return toldOfEnd(this.protocol);
  }

  /** Agrees to echo, and to no go-aheads. */
  enableLocal(option: number): boolean {
    return option === ECHO || option === SGA || (this.protocol.enableLocal?.(option) ?? false);
  }

  /** Agrees that the client tells its size; in line mode it is told not to edit. */
  enableRemote(option: number): boolean {
    if (option === LINEMODE) {
      this.transport.requestNegotiation(LINEMODE, Uint8Array.of(1, 0)); // MODE: no editing, no trapped signals
      return true;
    }
    return option === NAWS || option === SGA || (this.protocol.enableRemote?.(option) ?? false);
  }

  /** Passes it on. */
  disableLocal(option: number): void {
    this.protocol.disableLocal?.(option);
  }

  /** Passes it on. */
  disableRemote(option: number): void {
    this.protocol.disableRemote?.(option);
  }

  /** Passes it on. */
  telnetCommand(command: number): void {
    this.protocol.telnetCommand?.(command);
  }

  /** Passes it on. */
  subnegotiationReceived(option: number, data: Uint8Array): void {
    this.protocol.subnegotiationReceived?.(option, data);
  }

  /** Passes it on. */
  windowSizeReceived(columns: number, rows: number): void {
    this.protocol.windowSizeReceived?.(columns, rows);
  }
}
