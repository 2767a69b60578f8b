/**
 * A UDP port of a simulated host.
 * @module
 */
import { Deferred, fail, succeed } from "@ropewalk/deferred";
import {
  type Address,
  type Data,
  type DatagramHandler,
  type DatagramTransport,
  guard,
  ipAddress,
  type ListeningPort,
  type ListenUDPOptions,
  MessageLengthError,
} from "@ropewalk/reactor/core";
import { currentReactor, type SimulatedHost } from "./simulated_host.ts";
import type { SimulatedReactor } from "./_simulated_reactor.ts";

/** The most that fits into a datagram over IPv4. */
const MAX_DATAGRAM_BYTES = 65_507;
/** How many latencies a datagram is held up that is to be overtaken. */
const REORDERING_LATENCIES = 10;

interface Target {
  host: string;
  port: number;
}

/** A bound port. */
export class SimulatedDatagramPort implements DatagramTransport {
  readonly ready = new Deferred<ListeningPort>();
  readonly #groups = new Set<string>();
  #address: Address | null = null;
  #peer: Target | null = null;
  #broadcast = false;
  #loopback = true;
  #busyUntil = 0;

  private constructor(
    readonly reactor: SimulatedReactor,
    readonly handler: DatagramHandler,
    readonly options: ListenUDPOptions,
    readonly port: number,
    readonly shared: boolean,
  ) {}

  /** Binds a port and tells its handler. */
  static open(
    reactor: SimulatedReactor,
    port: number,
    handler: DatagramHandler,
    options: ListenUDPOptions,
    shared: boolean,
  ): SimulatedDatagramPort {
    const udp = new SimulatedDatagramPort(reactor, handler, options, port, shared);
    udp.startListening();
    return udp;
  }

  startListening(): void {
    if (this.#address !== null) throw new TypeError("Cannot listen: the port listens already");
    const { reactor, options } = this;
    this.#address = reactor._udp.bind(
      reactor.host,
      options.hostname ?? "0.0.0.0",
      this.port,
      this,
      this.shared,
    );
    this.handler.doStart?.();
    this.handler.makeConnection(this);
    if (!this.ready.called) this.ready.callback(this);
  }

  stopListening(): Deferred<void> {
    if (this.#address !== null) {
      this.reactor._udp.unbind(this);
      this.#address = null;
      guard(() => this.handler.doStop(), (error) => this.reactor._report(error, "doStop failed"));
    }
    return succeed();
  }

  loseConnection(): void {
    this.stopListening();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }

  getHost(): Address {
    if (this.#address === null) throw new TypeError("Cannot tell the port's address: it is closed");
    return this.#address;
  }

  connect(host: string, port: number): void {
    if (this.#peer !== null) throw new TypeError("Cannot connect the port: it is connected");
    if (!/^[\d.]+$|:/.test(host)) throw new TypeError(`Cannot connect the port: "${host}" is no address`);
    this.#peer = { host, port };
  }

  setBroadcastAllowed(on: boolean): void {
    this.#broadcast = on;
  }

  joinGroup(group: string): Deferred<void> {
    if (!/^(22[4-9]|23\d)\./.test(group)) {
      return fail(new RangeError(`Cannot join ${group}: it is no multicast group`));
    }
    this.#groups.add(group);
    return succeed();
  }

  leaveGroup(group: string): Deferred<void> {
    this.#groups.delete(group);
    return succeed();
  }

  setOutgoingInterface(_interfaceAddress: string): Deferred<void> {
    return succeed();
  }

  setTTL(_ttl: number): void {}

  setLoopbackMode(on: boolean): void {
    this.#loopback = on;
  }

  write(data: Data, address?: Target): void {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data);
    if (bytes.length > MAX_DATAGRAM_BYTES) throw new MessageLengthError();
    const target = this.#peer ?? address;
    if (target === undefined) throw new TypeError("Cannot send a datagram: no address is given");
    if (!(target.port >= 1 && target.port <= 65_535)) {
      throw new RangeError(`Cannot send a datagram: ${target.port} is no port from 1 to 65535`);
    }
    if (this.#address === null || !this.reactor._alive) return;
    const { network } = this.reactor;
    const isGroup = /^(22[4-9]|23\d)\./.test(target.host);
    if (isGroup || target.host === "255.255.255.255") {
      if (!isGroup && !this.#broadcast) {
        throw new TypeError("Cannot send to a broadcast address: see setBroadcastAllowed");
      }
      for (const host of network.hosts) {
        if (host !== this.reactor.host || this.#loopback) this.#send(bytes, host, target);
      }
      return;
    }
    const host = this.#find(target.host);
    if (host !== undefined) this.#send(bytes, host, target);
  }

  #find(name: string): SimulatedHost | undefined {
    const { host, network } = this.reactor;
    if (name === "localhost" || name === "127.0.0.1" || name === "::1") return host;
    return network.hostAt(name) ?? network.hostAt(network.lookup(name)[0] ?? "");
  }

  #send(bytes: Uint8Array, to: SimulatedHost, target: Target): void {
    const { network, host } = this.reactor;
    const { random } = network;
    const link = network.linkBetween(host, to);
    if (link.loss > 0 && random.chance(link.loss)) {
      network.trace.note(network.seconds(), host.name, to.name, "datagram is lost", bytes.length);
      return;
    }
    this.#busyUntil = Math.max(network.seconds(), this.#busyUntil) +
      bytes.length / link.bandwidthBytesPerSecond;
    const leaves = this.#busyUntil - network.seconds();
    const copies = link.duplication > 0 && random.chance(link.duplication) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      let seconds = leaves + link.latencySeconds;
      if (link.jitterSeconds > 0) seconds += link.jitterSeconds * random.number();
      if (link.reordering > 0 && random.chance(link.reordering)) {
        seconds += REORDERING_LATENCIES * link.latencySeconds;
      }
      network.callLater(seconds, () => this.#arrive(bytes, to, target));
    }
  }

  #arrive(bytes: Uint8Array, to: SimulatedHost, target: Target): void {
    const { network, host } = this.reactor;
    const receiver = currentReactor(to);
    if (receiver === null || network.isBlocked(host, to)) {
      network.trace.note(network.seconds(), host.name, to.name, "datagram is lost", bytes.length);
      return;
    }
    network.trace.note(network.seconds(), host.name, to.name, "datagram", bytes.length);
    const own = this.#address ?? ipAddress("UDP", "0.0.0.0", 0);
    const from = this.#sourceAddress(to, own);
    const isGroup = target.host !== "255.255.255.255" && /^(22[4-9]|23\d)\./.test(target.host);
    const isName = to.has(target.host) || target.host === "127.0.0.1" || target.host === "::1";
    const address = isName ? target.host : target.host === "localhost" ? "127.0.0.1" : to.address;
    const ports = receiver._udp.find(address, target.port)
      .filter((port) => !isGroup || port.#groups.has(target.host));
    if (ports.length === 0) this.#unreachable(to);
    for (const port of ports) port.#receive(bytes, from);
  }

  // The address of ours that the receiver sees: the loop-back one to ourselves when we spoke to that.
  #sourceAddress(to: SimulatedHost, own: Address): Address {
    const { host } = this.reactor;
    const { host: bound, port } = own as { host: string; port: number };
    if (bound !== "0.0.0.0" && bound !== "::") return own;
    const local = to === host && this.#peer?.host === "127.0.0.1";
    return ipAddress("UDP", local ? "127.0.0.1" : host.address, port);
  }

  #receive(bytes: Uint8Array, from: Address): void {
    const { network } = this.reactor;
    if (this.#peer !== null) {
      const peer = this.#find(this.#peer.host);
      const { host, port } = from as { host: string; port: number };
      if (port !== this.#peer.port || (network.hostAt(host) ?? this.reactor.host) !== peer) return;
    }
    if (bytes.length > (this.options.maxPacketBytes ?? 65_535)) return;
    this.reactor._stats.bytesIn += bytes.length;
    guard(
      () => this.handler.datagramReceived(bytes.slice(), from),
      (error) => this.reactor._report(error, "datagramReceived failed"),
    );
  }

  // Only a connected port hears that nobody takes its datagrams.
  #unreachable(to: SimulatedHost): void {
    if (this.#peer === null) return;
    const { network, host } = this.reactor;
    network.callLater(network.linkBetween(to, host).latencySeconds, () => {
      if (this.#address === null || !this.reactor._alive || network.isBlocked(to, host)) return;
      try {
        this.handler.connectionRefused?.();
      } catch (error) {
        this.reactor._report(error, "connectionRefused failed");
      }
    });
  }
}
