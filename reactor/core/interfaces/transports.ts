/**
 * Stream connections: a transport below, a protocol above, and the factories that build protocols.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import type { Address } from "../addresses.ts";
import type { Connector } from "./ports.ts";
import type { Consumer, Data } from "./producers.ts";
import type { ReactorTime } from "./time.ts";
import type { PeerCertificate, TLSClientOptions, TLSServerOptions } from "./tls_options.ts";

/** One end of a stream connection, as its protocol sees it. */
export interface Transport extends Consumer {
  /** The reactor that runs this connection. */
  readonly reactor: ReactorTime;
  /** True once {@linkcode loseConnection} or {@linkcode abortConnection} was called. */
  readonly disconnecting: boolean;
  /** True under TLS. */
  readonly secure: boolean;
  /**
   * True from the moment {@linkcode startTLS} was called, while `secure` waits for the handshake. What a protocol
   * still holds in its buffers then came in plain text and must not be believed. Absent where `secure` says the same.
   */
  readonly tlsStarted?: boolean;
  /** How many bytes were written and are not with the system yet, about; absent where the transport cannot tell. */
  readonly unsentBytes?: number | undefined;
  /** Sends data. It has been copied or sent when this returns. After the connection is lost it is dropped. */
  write(data: Data): void;
  /** Sends several pieces in order, as one write would. */
  writeSequence(parts: Iterable<Data>): void;
  /**
   * Closes once everything written has been sent and a registered producer has finished; under TLS once the peer has
   * closed too, or five seconds later.
   */
  loseConnection(): void;
  /**
   * Closes now, and drops what was not sent yet. The protocol hears of it in a later turn.
   *
   * @param reason What `connectionLost` gets, from a reactor's transport. @default ConnectionAborted
   */
  abortConnection(reason?: Failure): void;
  /**
   * Closes the writing side once everything written has been sent and a registered producer has finished; the peer may
   * still send.
   */
  loseWriteConnection(): void;
  /** The far end's address. */
  getPeer(): Address;
  /** Our end's address. */
  getHost(): Address;
  /** Stops reading: back-pressure for the peer. */
  pauseProducing(): void;
  /** Goes on reading. */
  resumeProducing(): void;
  /** Closes, as {@linkcode loseConnection}. */
  stopProducing(): void;
  /** Turns Nagle's algorithm off (`true`, the default of every connection here) or on. */
  setTcpNoDelay(on: boolean): void;
  /** Has the system probe an idle connection. */
  setTcpKeepAlive(on: boolean): void;
  /**
   * Goes over to TLS in the middle of a connection. Bytes that came in plain text after the switch was asked for are
   * not trusted: they belong to the handshake.
   *
   * @param options Certificates and the like.
   * @param normal False for the unusual case of a client that takes the server's part, or the reverse.
   */
  startTLS(options: TLSServerOptions | TLSClientOptions, normal?: boolean): void;
  /** The peer's certificate under TLS, or `null`. */
  getPeerCertificate(): PeerCertificate | null;
  /** The protocol that ALPN chose under TLS, or `null`. */
  readonly negotiatedProtocol: string | null;
}

/** What a transport expects of the object that handles a connection. `Protocol` is the class to extend. */
export interface StreamProtocol {
  /**
   * True for a protocol that copies whatever it keeps of the data: it is given views of a reused buffer, valid during
   * the call only. Otherwise the bytes are the protocol's and are never written to again.
   */
  readonly borrowsData?: boolean;
  /** The connection is there. Called once, before anything else. */
  makeConnection(transport: Transport): void;
  /** Some bytes came, cut anywhere. */
  dataReceived(data: Uint8Array): void;
  /** The connection is gone. Called exactly once, after anything else. */
  connectionLost(reason: Failure): void;
  /** The peer has finished sending. A protocol without this method loses the connection instead. */
  readConnectionLost?: (() => void) | undefined;
  /** Our own sending side was closed. */
  writeConnectionLost?(): void;
  /** The TLS that `startTLS` asked for is agreed on. */
  handshakeCompleted?(): void;
}

/** Makes protocols for the connections that a port accepts. `Factory` is the class to extend. */
export interface ProtocolFactory {
  /** Called when a port or connector starts using the factory. */
  doStart(): void;
  /** Called when it stops. */
  doStop(): void;
  /**
   * A protocol for one new connection.
   *
   * @returns `null` to refuse it: the connection is closed.
   */
  buildProtocol(address: Address): StreamProtocol | null;
}

/** As {@linkcode ProtocolFactory}, for connections that we make. */
export interface ClientProtocolFactory extends ProtocolFactory {
  /** An attempt begins. */
  startedConnecting(connector: Connector): void;
  /** The attempt failed. */
  clientConnectionFailed(connector: Connector, reason: Failure): void;
  /** The connection that it made was lost. */
  clientConnectionLost(connector: Connector, reason: Failure): void;
}
