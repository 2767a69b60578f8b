/**
 * A UDP port that a `MemoryReactor` has been asked for.
 * @module
 */
import { Deferred, succeed } from "@ropewalk/deferred";
import {
  type Address,
  type Data,
  type DatagramHandler,
  type DatagramTransport,
  IPv4Address,
  type ListeningPort,
  type ListenUDPOptions,
  MessageLengthError,
  type ReactorTime,
} from "@ropewalk/reactor/core";

/** The most that fits into a datagram over IPv4. */
const MAX_DATAGRAM_BYTES = 65_507;

/** What was asked for. */
export interface MemoryDatagramRequest {
  /** Where it is bound. */
  readonly address: Address;
  /** Which method was called. */
  readonly method: "listenUDP" | "listenMulticast";
  /** The options, as they were given. */
  readonly options: ListenUDPOptions & { listenMultiple?: boolean };
}

/** A datagram that a protocol has sent. */
export interface SentDatagram {
  /** The bytes. */
  readonly data: Uint8Array;
  /** Where to. */
  readonly host: string;
  /** Where to. */
  readonly port: number;
}

/** A UDP port without a socket: it keeps what is sent, and a test sends to it. */
export class MemoryDatagramPort implements DatagramTransport, MemoryDatagramRequest {
  /** The reactor. */
  readonly reactor: ReactorTime;
  /** Who hears of datagrams. */
  readonly handler: DatagramHandler;
  readonly address: Address;
  readonly method: MemoryDatagramRequest["method"];
  readonly options: MemoryDatagramRequest["options"];
  /** What was sent. */
  readonly sent: SentDatagram[] = [];
  /** The groups that it has joined. */
  readonly groups: Set<string> = new Set();
  /** Fires with the port as soon as it is bound. */
  readonly ready: Deferred<ListeningPort> = new Deferred<ListeningPort>();
  /** The peer of a connected port. */
  peer: { readonly host: string; readonly port: number } | null = null;
  /** What `setBroadcastAllowed` was told last. */
  broadcastAllowed = false;
  /** What `setOutgoingInterface` was told last. */
  outgoingInterface: string | null = null;
  /** What `setTTL` was told last. */
  ttl = 1;
  /** What `setLoopbackMode` was told last. */
  loopbackMode = true;
  readonly #changed: (port: MemoryDatagramPort, listens: boolean) => void;
  #listens = false;

  /** Made by the reactor.
   *
   * @param reactor The reactor.
   * @param handler Who hears of datagrams.
   * @param request What was asked for.
   * @param changed Told when the port is bound or closed; it may throw to refuse.
   */
  constructor(
    reactor: ReactorTime,
    handler: DatagramHandler,
    request: MemoryDatagramRequest,
    changed: (port: MemoryDatagramPort, listens: boolean) => void,
  ) {
    this.reactor = reactor;
    this.handler = handler;
    this.address = request.address;
    this.method = request.method;
    this.options = request.options;
    this.#changed = changed;
  }

  /** Whether it is bound. */
  get listens(): boolean {
    return this.#listens;
  }

  /**
   * Keeps a copy of a datagram in {@linkcode sent}.
   *
   * @throws {MessageLengthError} If it is longer than a datagram may be, as a real port does.
   */
  write(data: Data, address?: { host: string; port: number }): void {
    const target = this.peer ?? address;
    if (target === undefined) throw new TypeError("Cannot send a datagram: no address is given");
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data);
    if (bytes.length > MAX_DATAGRAM_BYTES) throw new MessageLengthError();
    if (!this.#listens) return;
    this.sent.push({ data: bytes, host: target.host, port: target.port });
  }

  /**
   * A datagram comes; a connected port hears only its peer, and one above `maxPacketBytes` is dropped.
   *
   * @param data The bytes, or text.
   * @param from Whose it is.
   */
  receive(
    data: Data,
    from: { readonly host: string; readonly port: number } = { host: "192.168.1.1", port: 54321 },
  ): void {
    if (!this.#listens) throw new TypeError("Cannot receive a datagram: the port is closed");
    if (this.peer !== null && (this.peer.host !== from.host || this.peer.port !== from.port)) return;
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data);
    if (bytes.length > (this.options.maxPacketBytes ?? 65_535)) return;
    this.handler.datagramReceived(bytes, new IPv4Address("UDP", from.host, from.port));
  }

  /**
   * Binds the port (again).
   *
   * @throws {TypeError} If it is bound.
   */
  startListening(): void {
    if (this.#listens) throw new TypeError("Cannot listen: the port listens already");
    this.#changed(this, true);
    this.#listens = true;
    this.handler.doStart?.();
    this.handler.makeConnection(this);
    if (!this.ready.called) this.ready.callback(this);
  }

  /** Closes the port. */
  stopListening(): Deferred<void> {
    if (this.#listens) {
      this.#listens = false;
      this.#changed(this, false);
      this.handler.doStop();
    }
    return succeed();
  }

  /** Closes the port. */
  loseConnection(): void {
    this.stopListening();
  }

  /** Closes the port. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }

  /** See {@linkcode address}. */
  getHost(): Address {
    return this.address;
  }

  /** See {@linkcode peer}. */
  connect(host: string, port: number): void {
    if (this.peer !== null) throw new TypeError("Cannot connect the port: it is connected");
    if (!/^[\d.]+$|:/.test(host)) throw new TypeError(`Cannot connect the port: "${host}" is no address`);
    this.peer = { host, port };
  }

  /** See {@linkcode broadcastAllowed}. */
  setBroadcastAllowed(on: boolean): void {
    this.broadcastAllowed = on;
  }

  /** See {@linkcode groups}. */
  joinGroup(group: string): Deferred<void> {
    this.groups.add(group);
    return succeed();
  }

  /** See {@linkcode groups}. */
  leaveGroup(group: string): Deferred<void> {
    this.groups.delete(group);
    return succeed();
  }

  /** See {@linkcode outgoingInterface}. */
  setOutgoingInterface(interfaceAddress: string): Deferred<void> {
    this.outgoingInterface = interfaceAddress;
    return succeed();
  }

  /** See {@linkcode ttl}. */
  setTTL(ttl: number): void {
    this.ttl = ttl;
  }

  /** See {@linkcode loopbackMode}. */
  setLoopbackMode(on: boolean): void {
    this.loopbackMode = on;
  }
}
