/**
 * An attempt to connect from a simulated host.
 * @module
 */
import { Failure } from "@ropewalk/deferred";
import {
  type Address,
  type ClientProtocolFactory,
  ConnectionRefusedError,
  type Connector,
  type DelayedCall,
  DNSLookupError,
  guard,
  ipAddress,
  type ProtocolFactory,
  type StreamProtocol,
  TimeoutError,
  type TLSClientOptions,
  UNIXAddress,
  UserError,
} from "@ropewalk/reactor/core";
import { SILENT, type StreamEnd } from "../_stream_end.ts";
import { SimulatedConnection } from "./_connection.ts";
import type { SimulatedPort } from "./_stream_port.ts";
import { currentReactor, type SimulatedHost } from "./simulated_host.ts";
import type { SimulatedReactor } from "./_simulated_reactor.ts";

/** Where a connector goes, and how. */
export interface Route {
  readonly address: Address;
  readonly timeoutSeconds: number;
  readonly bindAddress: { hostname: string; port?: number } | undefined;
}

/** One attempt; a late answer to an attempt that was given up finds it over. */
interface Attempt {
  over: boolean;
}

/** Connects, and may do so again. */
export class SimulatedConnector implements Connector {
  #attempt: Attempt | null = null;
  #timeout: DelayedCall | null = null;
  #end: StreamEnd | null = null;
  #inUse = false; // the factory was started, and not stopped

  constructor(
    readonly reactor: SimulatedReactor,
    readonly factory: ProtocolFactory | ClientProtocolFactory,
    readonly tls: TLSClientOptions | null,
    readonly route: Route,
  ) {}

  getDestination(): Address {
    return this.route.address;
  }

  connect(): void {
    if (this.#attempt !== null || this.#end !== null) {
      throw new TypeError("Cannot connect: the connector is connected, or tries already");
    }
    if (this.reactor._closing && this.#inUse) return; // it was given up: the reactor stops
    if (!this.#inUse) this.factory.doStart();
    this.#inUse = true;
    const attempt: Attempt = this.#attempt = { over: false };
    this.reactor._attempts.add(this);
    this.#tell("startedConnecting");
    if (attempt.over) return;
    const { timeoutSeconds } = this.route;
    this.#timeout = this.reactor.callLater(timeoutSeconds, () => this.#fail(attempt, new TimeoutError()));
    this.reactor.network.callLater(0, () => this.#start(attempt));
  }

  stopConnecting(): void {
    if (this.#attempt === null) throw new TypeError("Cannot stop connecting: no attempt is under way");
    this.#fail(this.#attempt, new UserError());
  }

  disconnect(): void {
    if (this.#attempt !== null) this.stopConnecting();
    else this.#end?.loseConnection();
  }

  #start(attempt: Attempt): void {
    if (attempt.over || !this.reactor._alive) return;
    const { reactor, route: { address } } = this;
    if (address instanceof UNIXAddress) {
      this.#knock(attempt, reactor.host, address.name, () => reactor._unix.get(address.name));
      return;
    }
    const { host: name, port } = address as { host: string; port: number };
    const target = this.#resolve(name);
    if (target === null) {
      this.#fail(attempt, new DNSLookupError(`The host name "${name}" could not be resolved`));
      return;
    }
    const [host, ip] = target;
    if (host === null) return; // nobody answers there: the time-out will come
    this.#knock(attempt, host, ip, () => currentReactor(host)?._tcp.find(ip, port)[0]);
  }

  // The host and address for a name or address; a host that is `null` does not exist.
  #resolve(name: string): [SimulatedHost | null, string] | null {
    const { host, network } = this.reactor;
    if (name === "localhost" || name === "127.0.0.1" || name === "::1") {
      return [host, name === "::1" ? name : "127.0.0.1"];
    }
    if (/^[\d.]+$/.test(name) || name.includes(":")) return [network.hostAt(name) ?? null, name];
    const [first] = network.lookup(name);
    return first === undefined ? null : [network.hostAt(first) ?? null, first];
  }

  // Sends the first packet, again and again until it is answered.
  #knock(attempt: Attempt, host: SimulatedHost, ip: string, port: () => SimulatedPort | undefined): void {
    const { reactor } = this;
    const { network } = reactor;
    const link = network.linkBetween(reactor.host, host);
    const delay = link.latencySeconds + link.jitterSeconds * network.random.number();
    let wait = 1;
    const arrive = () => {
      if (attempt.over || !reactor._alive) return;
      const silent = !host.isUp || network.isBlocked(reactor.host, host);
      if (silent || (link.loss > 0 && network.random.chance(link.loss))) {
        network.callLater(wait, arrive);
        wait *= 2;
        return;
      }
      const listening = port();
      if (listening === undefined) this.#refused(attempt, host, delay);
      else this.#accepted(attempt, host, ip, listening);
    };
    network.callLater(delay, arrive);
  }

  #refused(attempt: Attempt, host: SimulatedHost, delay: number): void {
    const { network } = this.reactor;
    network.callLater(delay, () => {
      if (!network.isBlocked(host, this.reactor.host)) this.#fail(attempt, new ConnectionRefusedError());
    });
  }

  #accepted(attempt: Attempt, host: SimulatedHost, ip: string, port: SimulatedPort): void {
    const { reactor, route: { address, bindAddress } } = this;
    const isPath = address instanceof UNIXAddress;
    const ours = isPath ? new UNIXAddress("") : ipAddress(
      "TCP",
      bindAddress?.hostname ?? sourceAddress(reactor.host, ip),
      bindAddress?.port || reactor._tcp.ephemeral(),
    );
    const theirs = isPath ? address : ipAddress("TCP", ip, (address as { port: number }).port);
    new SimulatedConnection(reactor, currentReactor(host)!, {
      clientAddress: ours,
      serverAddress: theirs,
      port,
      clientTLS: this.tls,
      opened: (end) => this.#opened(attempt, end),
      lost: (reason) => this.#lost(reason),
    });
  }

  // The server's answer is here. Returns false if nobody waits for it any more.
  #opened(attempt: Attempt, end: StreamEnd): boolean {
    if (attempt.over) return false;
    attempt.over = true;
    this.#attempt = null;
    this.reactor._attempts.delete(this);
    this.#timeout?.cancel();
    this.#end = end;
    const protocol = this.#build(end.getPeer());
    if (protocol === null) {
      // A factory that refuses: the connection is closed in an orderly way, and nobody heard of it.
      end.protocol = SILENT;
      end.loseConnection();
      return true;
    }
    if (this.tls !== null) end.startTLS(this.tls);
    end.open(protocol);
    return true;
  }

  #build(peer: Address): StreamProtocol | null {
    try {
      return this.factory.buildProtocol(peer);
    } catch (error) {
      this.reactor._report(error, "buildProtocol failed");
      return null;
    }
  }

  #fail(attempt: Attempt, error: Error): void {
    if (attempt.over || !this.reactor._alive) return;
    attempt.over = true;
    this.#attempt = null;
    this.reactor._attempts.delete(this);
    if (this.#timeout?.active()) this.#timeout.cancel();
    this.#tell("clientConnectionFailed", new Failure(error));
    this.#rest();
  }

  #lost(reason: Failure): void {
    this.#end = null;
    this.#tell("clientConnectionLost", reason);
    this.#rest();
  }

  // Unless the factory has begun the next attempt in the meantime.
  #rest(): void {
    if (this.#attempt !== null || this.#end !== null || !this.#inUse) return;
    this.#inUse = false;
    this.#tell("doStop");
  }

  #tell(
    event: "startedConnecting" | "clientConnectionFailed" | "clientConnectionLost" | "doStop",
    reason?: Failure,
  ): void {
    const factory = this.factory as Partial<ClientProtocolFactory>;
    guard(() => {
      if (event === "doStop") return this.factory.doStop();
      if (event === "startedConnecting") return factory.startedConnecting?.(this);
      return factory[event]?.(this, reason!);
    }, (error) => this.reactor._report(error, `${event} failed`));
  }
}

// From the loop-back address to itself, else from an address of the same family.
function sourceAddress(host: SimulatedHost, to: string): string {
  if (to === "127.0.0.1" || to === "::1") return to;
  return host.addresses.find((address) => address.includes(":") === to.includes(":")) ?? host.address;
}
