/**
 * A connection that a test has made on a `MemoryReactor`.
 * @module
 */
import { Failure } from "@ropewalk/deferred";
import { ConnectionDone, type StreamProtocol } from "@ropewalk/reactor/core";
import { type StringTransportOptions, StringTransportWithDisconnection } from "../string_transport.ts";

/** What a connection in memory is made of. */
export interface MemoryConnectionOptions extends StringTransportOptions {
  /** Told once, when the connection is lost. */
  readonly lost?: (reason: Failure) => void;
}

/**
 * The transport of a connection on a `MemoryReactor`: it keeps what the protocol writes, and the test plays the peer
 * with {@linkcode MemoryConnection.receive} and {@linkcode MemoryConnection.peerCloses}.
 */
export class MemoryConnection extends StringTransportWithDisconnection {
  /** The protocol that the factory built. */
  declare protocol: StreamProtocol;
  readonly #lost: ((reason: Failure) => void) | undefined;

  /** Made when a test accepts.
   *
   * @param options Its reactor and addresses.
   */
  constructor(options: MemoryConnectionOptions) {
    super(options);
    this.#lost = options.lost;
  }

  /** Ties the protocol to this connection. */
  open(protocol: StreamProtocol): void {
    this.protocol = protocol;
    protocol.makeConnection(this);
  }

  /** The peer sends something. A protocol that has paused or closes hears nothing. */
  receive(data: Uint8Array | string): void {
    if (!this.connected || this.disconnecting || this.producerState !== "producing") return;
    this.protocol.dataReceived(
      typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data),
    );
  }

  /**
   * The peer closes, or the connection breaks.
   *
   * @param reason What the protocol is told. @default ConnectionDone
   */
  peerCloses(reason: Error = new ConnectionDone()): void {
    if (this.connected) this.lose(this.protocol, new Failure(reason));
  }

  /** Tells the protocol, then who asked to be told. */
  protected override lose(protocol: StreamProtocol, reason: Failure): void {
    this.disconnecting = true;
    try {
      super.lose(protocol, reason);
    } finally {
      this.#lost?.(reason);
    }
  }
}
