/**
 * How many connections there may be: in all, and from one peer.
 * @module
 */
import type { Address, ClientProtocolFactory, ProtocolFactory, StreamProtocol } from "@ropewalk/reactor/core";
import { ServerFactory } from "../factory.ts";
import { ProtocolWrapper, type WrapperOwner, WrappingFactory } from "./wrapping.ts";

/**
 * Refuses connections beyond a number, or gives them a protocol that says so.
 *
 * @example
 * ```ts
 * import { LimitTotalConnectionsFactory, LineReceiver, Protocol } from "@ropewalk/protocols";
 *
 * class Busy extends Protocol {
 *   override connectionMade() {
 *     this.transport.write("Come back later.\r\n");
 *     this.transport.loseConnection();
 *   }
 * }
 *
 * const factory = new LimitTotalConnectionsFactory();
 * factory.protocol = LineReceiver;
 * factory.connectionLimit = 100;
 * factory.overflowProtocol = Busy;
 * ```
 */
export class LimitTotalConnectionsFactory extends ServerFactory implements WrapperOwner {
  /** How many connections there are, those beyond the limit included. */
  connectionCount = 0;
  /** How many there may be; `null` for any number. */
  connectionLimit: number | null = null;
  /** What handles connections beyond the limit; `null` closes them. */
  overflowProtocol: (new () => StreamProtocol) | null = null;

  /**
   * Nothing is limited until {@linkcode connectionLimit} is set.
   *
   * @param wrappedFactory Makes the protocols. @default the factory's own `protocol` class does
   */
  constructor(readonly wrappedFactory: ProtocolFactory | null = null) {
    super();
  }

  /** A port begins to use this factory, and so the one inside. */
  override doStart(): void {
    this.wrappedFactory?.doStart();
    super.doStart();
  }

  /** A port has stopped using it. */
  override doStop(): void {
    this.wrappedFactory?.doStop();
    super.doStop();
  }

  /** A protocol, wrapped so that it is counted; `null` beyond the limit if there is no overflow protocol. */
  override buildProtocol(address: Address): StreamProtocol | null {
    let protocol: StreamProtocol | null;
    if (this.connectionLimit === null || this.connectionCount < this.connectionLimit) {
      protocol = this.wrappedFactory === null
        ? super.buildProtocol(address)
        : this.wrappedFactory.buildProtocol(address);
    } else {
      protocol = this.overflowProtocol === null ? null : this.adopt(new this.overflowProtocol());
    }
    if (protocol === null) return null;
    this.connectionCount++;
    return new ProtocolWrapper(this, protocol);
  }

  /** A connection was counted when its protocol was built. */
  registerProtocol(_wrapper: ProtocolWrapper): void {}

  /** One connection fewer. */
  unregisterProtocol(_wrapper: ProtocolWrapper): void {
    this.connectionCount--;
  }
}

/**
 * Refuses more than a number of connections from the same host.
 *
 * @example
 * ```ts
 * import { Factory, LimitConnectionsByPeer, LineReceiver } from "@ropewalk/protocols";
 *
 * const factory = new LimitConnectionsByPeer(Factory.forProtocol(LineReceiver));
 * factory.maxConnectionsPerPeer = 3;
 * ```
 */
export class LimitConnectionsByPeer extends WrappingFactory {
  /** How many connections one host may have. */
  maxConnectionsPerPeer = 5;
  /** How many each host has. */
  readonly peerConnections: Map<string, number> = new Map();
  readonly #peers = new WeakMap<ProtocolWrapper, string>();

  /**
   * Wraps a factory.
   *
   * @param wrappedFactory Makes the protocols inside.
   */
  constructor(wrappedFactory: ProtocolFactory | ClientProtocolFactory) {
    super(wrappedFactory);
  }

  /**
   * What counts as one peer: the host, by default. Override it to count a whole IPv6 network as one, say.
   *
   * @param address The peer's.
   */
  peerOf(address: Address): string {
    if (!("host" in address)) return `${address}`;
    return address.host.startsWith("::ffff:") ? address.host.slice(7) : address.host; // one host, written in two ways
  }

  /** A wrapped protocol, or `null` if its host has enough. */
  override buildProtocol(address: Address): StreamProtocol | null {
    const peer = this.peerOf(address);
    const count = this.peerConnections.get(peer) ?? 0;
    if (count >= this.maxConnectionsPerPeer) return null;
    const protocol = super.buildProtocol(address);
    if (protocol !== null) this.peerConnections.set(peer, count + 1);
    return protocol;
  }

  /** One connection of its peer fewer. */
  override unregisterProtocol(wrapper: ProtocolWrapper): void {
    super.unregisterProtocol(wrapper);
    const peer = this.#peers.get(wrapper);
    if (peer === undefined) return;
    const count = this.peerConnections.get(peer) ?? 0;
    if (count > 1) this.peerConnections.set(peer, count - 1);
    else this.peerConnections.delete(peer);
  }

  /** Makes the wrapper, and remembers whose it is: what `getPeer` says may change behind a proxy. */
  protected override wrap(protocol: StreamProtocol, address: Address): ProtocolWrapper {
    const wrapper = super.wrap(protocol, address);
    this.#peers.set(wrapper, this.peerOf(address));
    return wrapper;
  }
}
