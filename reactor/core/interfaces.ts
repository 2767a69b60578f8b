/**
 * What a reactor offers and what it expects: the contract between the hosts below and the protocols above. Nothing
 * here touches a host, so all that is written against it runs in a browser, a worker or a test.
 * @module
 */
import type { Deferred, Failure, TimeProvider } from "@ropewalk/deferred";
import type { Address } from "./addresses.ts";

/** Bytes, or text that is sent as UTF-8. */
export type Data = Uint8Array | string;

// ---------------------------------------------------------------------------------------------------- time

/** A call that `callLater` has arranged. */
export interface DelayedCall {
  /**
   * Takes the call back.
   * @throws {AlreadyCalled} If it has run, or is running.
   * @throws {AlreadyCancelled} If it was cancelled before.
   */
  cancel(): void;
  /** Puts it off to `seconds` from now. Throws as {@linkcode cancel} does. */
  reset(seconds: number): void;
  /** Puts it off by `seconds` more (a negative number brings it nearer). Throws as {@linkcode cancel} does. */
  delay(seconds: number): void;
  /** True until it has run or was cancelled. */
  active(): boolean;
  /** When it is due, on the clock of {@linkcode ReactorTime.seconds}. */
  getTime(): number;
}

/** The clock of a reactor. All times are seconds. */
export interface ReactorTime extends TimeProvider {
  /** The present time, in seconds from some fixed point; it never runs backwards. */
  seconds(): number;
  /**
   * The time as it was when this was first called in the present turn: for what asks for each packet, where to ask the
   * system costs more than the rest. Without it {@linkcode seconds} does.
   */
  turnSeconds?(): number;
  /**
   * Calls `f(...args)` in a later turn, `seconds` from now at the earliest; calls for the same time run in the order
   * in which they were arranged.
   *
   * @throws {RangeError} If `seconds` is negative or not a number.
   */
  callLater<A extends unknown[]>(seconds: number, f: (...args: A) => unknown, ...args: A): DelayedCall;
  /** The calls that are still to come, in no particular order. */
  getDelayedCalls(): DelayedCall[];
}

// ---------------------------------------------------------------------------------------------------- producers

/** Makes data at its own pace, and can be told to hold. */
export interface PushProducer {
  /** Hold: the consumer has enough for now. */
  pauseProducing(): void;
  /** Go on. */
  resumeProducing(): void;
  /** Stop for good: the consumer is gone. */
  stopProducing(): void;
}

/** Makes one piece of data each time it is asked. */
export interface PullProducer {
  /** Write one piece. */
  resumeProducing(): void;
  /** Stop for good: the consumer is gone. */
  stopProducing(): void;
}

/** Takes what a producer makes. */
export interface Consumer {
  /** Takes some data. */
  write(data: Data): void;
  /**
   * Ties a producer to this consumer, which then tells it when to pause and go on.
   *
   * @param producer A push producer if `streaming`, else a pull producer.
   * @param streaming Which kind it is.
   */
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void;
  /** The producer has nothing more. */
  unregisterProducer(): void;
}

// ---------------------------------------------------------------------------------------------------- transports

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
  /** Sends data. It has been copied or sent when this returns. After the connection is lost it is dropped. */
  write(data: Data): void;
  /** Sends several pieces in order, as one write would. */
  writeSequence(parts: Iterable<Data>): void;
  /** Closes once everything written has been sent and a registered producer has finished. */
  loseConnection(): void;
  /** Closes now, and drops what was not sent yet. The protocol hears of it in a later turn. */
  abortConnection(): void;
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

/** A certificate as the peer showed it. */
export interface PeerCertificate {
  /** The fields of its subject: `{ CN: "example.org" }`. */
  readonly subject: Readonly<Record<string, string>>;
  /** The fields of its issuer. */
  readonly issuer: Readonly<Record<string, string>>;
  /** The names it is good for: `"DNS:example.org, IP Address:127.0.0.1"`. */
  readonly subjectAltName: string;
  /** SHA-256 of the whole certificate, as colon-separated hexadecimal. */
  readonly fingerprint256: string;
  /** The certificate in DER. */
  readonly raw: Uint8Array;
}

/** What a TLS server needs. Certificates and keys are PEM text. */
export interface TLSServerOptions {
  /** The certificate, followed by those between it and the root. */
  cert: string;
  /** Its private key. */
  key: string;
  /** Authorities whose client certificates are accepted. */
  ca?: readonly string[];
  /** Whether clients have to show a certificate. @default "no" */
  clientCertificate?: "no" | "optional" | "required";
  /** Protocols offered by ALPN, the preferred first. */
  alpnProtocols?: readonly string[];
  /** Other certificates by the name that the client asks for (SNI). */
  sni?: Readonly<Record<string, { cert: string; key: string }>>;
}

/** What a TLS client needs. Certificates and keys are PEM text. */
export interface TLSClientOptions {
  /** The name the server's certificate must be good for; also sent as SNI. */
  hostname?: string;
  /** Authorities trusted in place of the system's. */
  ca?: readonly string[];
  /** A certificate to show to the server. */
  cert?: string;
  /** Its private key. */
  key?: string;
  /** Protocols asked for by ALPN, the preferred first. */
  alpnProtocols?: readonly string[];
  /** Whether the server's certificate is checked at all. @default true */
  verify?: boolean;
}

// ---------------------------------------------------------------------------------------------------- protocols

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

/** What a UDP port expects of the object that handles its datagrams. */
export interface DatagramHandler {
  /** The port is bound. */
  makeConnection(transport: DatagramTransport): void;
  /** The port is about to be bound. */
  doStart?(): void;
  /** The port was closed. */
  doStop(): void;
  /** A datagram came. The bytes are the handler's to keep. */
  datagramReceived(data: Uint8Array, address: Address): void;
  /** A connected port's peer refuses datagrams. */
  connectionRefused?(): void;
}

/** A bound UDP port, as its protocol sees it. */
export interface DatagramTransport extends ListeningPort {
  /** The reactor that runs this port. */
  readonly reactor: ReactorTime;
  /** Sends one datagram; the address is left out on a connected port. */
  write(data: Data, address?: { host: string; port: number }): void;
  /** Sends only to this address, and takes only what comes from it. */
  connect(host: string, port: number): void;
  /** Whether datagrams may be sent to broadcast addresses. */
  setBroadcastAllowed(on: boolean): void;
  /** Closes the port; the same as {@linkcode ListeningPort.stopListening}. */
  loseConnection(): void;
  /** Joins a multicast group. */
  joinGroup(group: string, interfaceAddress?: string): Deferred<void>;
  /** Leaves it. */
  leaveGroup(group: string, interfaceAddress?: string): Deferred<void>;
  /** Which interface, named by its address, multicast datagrams leave by; the system chooses otherwise. */
  setOutgoingInterface(interfaceAddress: string): Deferred<void>;
  /** How many routers a multicast datagram may pass, 1 to 255. */
  setTTL(ttl: number): void;
  /** Whether our own multicast datagrams come back to this host. */
  setLoopbackMode(on: boolean): void;
}

// ---------------------------------------------------------------------------------------------------- ports

/** A port that listens. */
export interface ListeningPort extends AsyncDisposable {
  /** Fires when the port is bound, or fails with `CannotListenError`. */
  readonly ready: Deferred<ListeningPort>;
  /** Starts again after {@linkcode stopListening}. */
  startListening(): void;
  /** Stops accepting. Fires when the port is closed; connections that were accepted live on. */
  stopListening(): Deferred<void>;
  /** The address it is bound to: with port 0 asked for, the one that the system chose. */
  getHost(): Address;
}

/** An attempt to connect, and the connection that comes of it. */
export interface Connector {
  /** The reactor that connects: what tries again takes its time from it. A double in a test may have none. */
  readonly reactor?: ReactorTime;
  /** Where to. */
  getDestination(): Address;
  /** Connects again, after the connection failed or was lost. */
  connect(): void;
  /** Gives up: stops the attempt (which fails with `UserError`), or closes the connection. */
  disconnect(): void;
  /** Stops the attempt. */
  stopConnecting(): void;
}

// ---------------------------------------------------------------------------------------------------- reactor

/** Phases of a system event, in the order in which they run. */
export type TriggerPhase = "before" | "during" | "after";

/** System events. */
export type SystemEvent = "startup" | "shutdown";

/** Names a trigger for its removal. */
export type TriggerId = { readonly phase: TriggerPhase; readonly event: SystemEvent };

/** Options of {@linkcode ReactorCore.run}. */
export interface RunOptions {
  /** Whether SIGINT, SIGTERM and SIGBREAK stop the reactor. @default true */
  installSignalHandlers?: boolean;
}

/** The life of a reactor. */
export interface ReactorCore {
  /** True from the start-up triggers' "during" phase until the reactor has stopped. */
  readonly running: boolean;
  /**
   * Runs the start-up triggers, keeps the process alive, and ends when {@linkcode stop} has run every shutdown trigger.
   *
   * @throws {ReactorAlreadyRunning} (as a rejection) If it runs.
   */
  run(options?: RunOptions): Promise<void>;
  /**
   * Begins to stop: the shutdown triggers run in a later turn, and the Deferreds they return are awaited.
   *
   * @throws {ReactorNotRunning} If it does not run, or stops already.
   */
  stop(): void;
  /** Ends {@linkcode run} without the shutdown triggers. */
  crash(): void;
  /** Calls `f` when the reactor runs: at once if it does, else when it starts. */
  callWhenRunning<A extends unknown[]>(f: (...args: A) => unknown, ...args: A): TriggerId | undefined;
  /** Calls `f` in a phase of an event. A Deferred that a "before" trigger returns is awaited. */
  addSystemEventTrigger<A extends unknown[]>(
    phase: TriggerPhase,
    event: SystemEvent,
    f: (...args: A) => unknown,
    ...args: A
  ): TriggerId;
  /**
   * Takes a trigger back.
   * @throws {RangeError} If it was removed before, or has run.
   */
  removeSystemEventTrigger(id: TriggerId): void;
  /** What the reactor does and has done, for a status page. */
  stats(): ReactorStats;
}

/** Figures of a reactor. */
export interface ReactorStats {
  /** Seconds since the reactor was made. */
  uptimeSeconds: number;
  /** The ports that listen, as text. */
  ports: string[];
  /** Connections that are open now. */
  connections: number;
  /** Connections that were ever opened, both accepted and made. */
  connectionsTotal: number;
  /** Bytes read from all of them. */
  bytesIn: number;
  /** Bytes written to all of them. */
  bytesOut: number;
  /** Calls that `callLater` still has to make. */
  pendingCalls: number;
  /** Errors that were reported because nobody handled them. */
  errors: number;
}

/** Options of {@linkcode ReactorTCP.listenTCP}. */
export interface ListenTCPOptions {
  /** How many connections may wait to be accepted. @default 511 */
  backlog?: number;
  /** The address to bind. @default "0.0.0.0" */
  hostname?: string;
  /** Whether several processes may listen on the port (needs Deno's unstable net flag). @default false */
  reusePort?: boolean;
}

/** Options of {@linkcode ReactorTCP.connectTCP}. */
export interface ConnectTCPOptions {
  /** How long the attempt may take. @default 30 */
  timeoutSeconds?: number;
  /** The local address to connect from. */
  bindAddress?: { hostname: string; port?: number };
}

/** TCP. */
export interface ReactorTCP {
  /**
   * Listens on a port.
   *
   * @param port 0 to 65535; 0 lets the system choose.
   * @throws {CannotListenError} At once where the host binds synchronously, else through the port's `ready`.
   */
  listenTCP(port: number, factory: ProtocolFactory, options?: ListenTCPOptions): ListeningPort;
  /** Connects. The factory hears of failure and loss; a plain {@linkcode ProtocolFactory} does not. */
  connectTCP(
    host: string,
    port: number,
    factory: ProtocolFactory | ClientProtocolFactory,
    options?: ConnectTCPOptions,
  ): Connector;
}

/** TLS over TCP. */
export interface ReactorTLS {
  /**
   * As `listenTCP`, under TLS from the first byte.
   *
   * @throws {CannotListenError} Also if a certificate or its key cannot be read, or the key belongs to another one.
   */
  listenTLS(
    port: number,
    factory: ProtocolFactory,
    tls: TLSServerOptions,
    options?: ListenTCPOptions,
  ): ListeningPort;
  /** As `connectTCP`, under TLS from the first byte. The name to verify is `tls.hostname`, by default `host`. */
  connectTLS(
    host: string,
    port: number,
    factory: ProtocolFactory | ClientProtocolFactory,
    tls?: TLSClientOptions,
    options?: ConnectTCPOptions,
  ): Connector;
}

/** Options of {@linkcode ReactorUNIX.listenUNIX}. */
export interface ListenUNIXOptions {
  /** How many connections may wait to be accepted. @default 511 */
  backlog?: number;
  /** Permission bits of the socket file. @default 0o666 */
  mode?: number;
  /** Whether a socket file that nobody listens on is removed first. @default true */
  removeStale?: boolean;
}

/** UNIX stream sockets. */
export interface ReactorUNIX {
  /** Listens on a path; one that begins with a NUL is an abstract name (Linux). */
  listenUNIX(path: string, factory: ProtocolFactory, options?: ListenUNIXOptions): ListeningPort;
  /** Connects to a path. */
  connectUNIX(
    path: string,
    factory: ProtocolFactory | ClientProtocolFactory,
    options?: { timeoutSeconds?: number },
  ): Connector;
}

/** Options of {@linkcode ReactorUDP.listenUDP}. */
export interface ListenUDPOptions {
  /** The address to bind. @default "0.0.0.0" */
  hostname?: string;
  /** The largest datagram accepted; larger ones are dropped. @default 65535 */
  maxPacketBytes?: number;
}

/** UDP. */
export interface ReactorUDP {
  /** Binds a port. */
  listenUDP(port: number, protocol: DatagramHandler, options?: ListenUDPOptions): DatagramTransport;
  /** Binds a port that several programs of this host may share, for multicast. */
  listenMulticast(
    port: number,
    protocol: DatagramHandler,
    options?: ListenUDPOptions & { listenMultiple?: boolean },
  ): DatagramTransport;
}

/** UNIX datagrams, which no host of ours can serve: these names are here to say so. */
export interface ReactorUNIXDatagram {
  /**
   * Always refused.
   *
   * @throws {NotSupportedError} Node has no such sockets, and one of Deno's cannot send while it waits to receive.
   */
  listenUNIXDatagram(path: string, protocol: unknown, options?: unknown): never;
  /** As {@linkcode listenUNIXDatagram}. */
  connectUNIXDatagram(path: string, protocol: unknown, options?: unknown): never;
}

/** A whole reactor. */
export interface Reactor extends ReactorCore, ReactorTime, ReactorTCP, ReactorTLS, ReactorUNIX, ReactorUDP {}
