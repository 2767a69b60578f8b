/**
 * Datagrams.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import type { Address } from "../addresses.ts";
import type { ListeningPort } from "./ports.ts";
import type { Data } from "./producers.ts";
import type { ReactorTime } from "./time.ts";

/** What a UDP port expects of the object that handles its datagrams. */
export interface DatagramHandler {
  /** The port is bound. */
  makeConnection(transport: DatagramTransport): void;
  /** A port begins to use this: {@linkcode makeConnection} follows. A port that cannot be bound calls neither. */
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
  /**
   * Sends one datagram; the address is left out on a connected port. One that a datagram came from may be given as it
   * is. What is written before the port is bound waits for
   * that, and what is written before it is closed still leaves.
   *
   * @throws {MessageLengthError} If it is longer than the network takes: 65,507 bytes over IPv4, 65,527 over IPv6.
   */
  write(data: Data, address?: { host: string; port: number; scopeId?: string }): void;
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
  /** How many routers a multicast datagram may pass, 0 (not on Deno) to 255; as the other settings, kept until the port is bound. */
  setTTL(ttl: number): void;
  /** Whether our own multicast datagrams come back to this host. */
  setLoopbackMode(on: boolean): void;
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
