/**
 * `Protocol`: what one connection says and hears.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import type { ReactorTime, StreamProtocol, Transport } from "@ropewalk/reactor/core";
import type { Factory } from "./factory.ts";

/**
 * The base of every protocol: one object for each connection. It hears of bytes by {@linkcode dataReceived} and
 * answers through {@linkcode transport}; it never knows whether there is a socket.
 *
 * @typeParam F The type of its factory, where it uses it.
 *
 * @example
 * ```ts
 * import { Protocol } from "@ropewalk/protocols";
 *
 * class Echo extends Protocol {
 *   override dataReceived(data: Uint8Array) {
 *     this.transport.write(data);
 *   }
 * }
 * ```
 */
export class Protocol<F = Factory> implements StreamProtocol {
  /** The connection; there from {@linkcode connectionMade} on. */
  transport!: Transport;
  /** Who made this protocol; what its connections share is kept there. */
  factory!: F;
  /** True between {@linkcode connectionMade} and {@linkcode connectionLost}. */
  connected = false;
  #reactor: ReactorTime | null = null;

  /** Where this protocol takes its time from: the transport's reactor, unless it was given another. */
  get reactor(): ReactorTime {
    return this.#reactor ?? this.transport.reactor;
  }

  set reactor(reactor: ReactorTime) {
    this.#reactor = reactor;
  }

  /** Ties the protocol to its transport, then calls {@linkcode connectionMade}. */
  makeConnection(transport: Transport): void {
    this.transport = transport;
    this.connected = true;
    return this.connectionMade(); // the transport looks after an async one
  }

  /** The connection is there. */
  connectionMade(): void {}

  /** Some bytes came: any number of them, cut anywhere. They are the protocol's to keep. */
  dataReceived(_data: Uint8Array): void {}

  /**
   * The connection is gone; called exactly once.
   *
   * @param _reason Why: `ConnectionDone` when it was closed in an orderly way, `ConnectionLost` when it broke,
   * `ConnectionAborted` after `abortConnection`, or what this protocol itself threw.
   */
  connectionLost(_reason: Failure): void {}
}
