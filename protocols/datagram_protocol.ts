/**
 * Protocols of datagrams.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import type {
  DatagramHandler,
  DatagramTransport,
  IPv4Address,
  IPv6Address,
  ReactorTime,
} from "@ropewalk/reactor/core";

// As with `Protocol`, who writes to a transport that is not there yet has a mistake to find, not a case to handle.
const UNBOUND = null as unknown as DatagramTransport;

/**
 * A protocol of datagrams from and to anywhere.
 *
 * @example
 * ```ts
 * import { DatagramProtocol } from "@ropewalk/protocols";
 * import type { IPv4Address } from "@ropewalk/reactor/core";
 *
 * class Echo extends DatagramProtocol {
 *   override datagramReceived(data: Uint8Array, address: IPv4Address) {
 *     this.transport.write(data, address);
 *   }
 * }
 * ```
 */
export class DatagramProtocol implements DatagramHandler {
  /** The port. Not there unless bound: from {@linkcode startProtocol} to {@linkcode stopProtocol}, and then `null`. */
  transport: DatagramTransport = UNBOUND;
  /** How many ports use this protocol. */
  numPorts = 0;

  /** Where this protocol takes its time from: its port's reactor. Only while bound. */
  get reactor(): ReactorTime {
    if (this.transport === UNBOUND) {
      throw new TypeError("Cannot tell the reactor: the protocol is not bound to a port");
    }
    return this.transport.reactor;
  }

  /** Called by the port before it is bound. */
  doStart(): void {
    this.numPorts++;
  }

  /** Called by the port when it was closed; {@linkcode stopProtocol} follows when it was the last. */
  doStop(): void {
    if (this.numPorts > 0) this.numPorts--;
    this.transport = UNBOUND;
    if (this.numPorts === 0) return this.stopProtocol();
  }

  /** Ties the protocol to its port, then calls {@linkcode startProtocol}. */
  makeConnection(transport: DatagramTransport): void {
    const first = this.transport === UNBOUND;
    this.transport = transport;
    if (this.numPorts === 0) this.numPorts = 1; // a transport that does not call doStart
    if (first) return this.startProtocol();
  }

  /** The port is bound: datagrams may be sent. */
  startProtocol(): void {}

  /** The port was closed. */
  stopProtocol(): void {}

  /** A datagram came. The bytes are the protocol's to keep. */
  datagramReceived(_data: Uint8Array, _address: IPv4Address | IPv6Address): void {}

  /** The peer of a connected port refuses datagrams. */
  connectionRefused(): void {}
}

/**
 * A protocol of datagrams from and to one peer: call `this.transport.connect(host, port)` in
 * {@linkcode startProtocol}, and write without an address from then on.
 *
 * @example
 * ```ts
 * import { ConnectedDatagramProtocol } from "@ropewalk/protocols";
 *
 * class Ping extends ConnectedDatagramProtocol {
 *   override startProtocol() {
 *     this.transport.connect("127.0.0.1", 7);
 *     this.transport.write("ping");
 *   }
 * }
 * ```
 */
export class ConnectedDatagramProtocol extends DatagramProtocol {
  /** The port could not be connected: its peer's name leads nowhere, say. */
  connectionFailed(_failure: Failure): void {}
}
