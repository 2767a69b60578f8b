/**
 * A host's reactor in a simulated network.
 * @module
 */
import { type Deferred, fail, type Failure, reportError, succeed } from "@ropewalk/deferred";
import {
  type ClientProtocolFactory,
  closeAll,
  type Connector,
  type ConnectTCPOptions,
  type DatagramHandler,
  type DatagramTransport,
  type DelayedCall,
  DelayedCalls,
  DNSLookupError,
  guard,
  ipAddress,
  type ListeningPort,
  type ListenTCPOptions,
  type ListenUDPOptions,
  NotSupportedError,
  type ProtocolFactory,
  type Reactor,
  type ReactorStats,
  type SystemEvent,
  type TLSClientOptions,
  type TLSServerOptions,
  type TriggerId,
  type TriggerPhase,
  UNIXAddress,
} from "@ropewalk/reactor/core";
import { Lifecycle } from "../_lifecycle.ts";
import type { StreamEnd } from "../_stream_end.ts";
import { SimulatedConnector } from "./_connector.ts";
import { SimulatedDatagramPort } from "./_datagram_port.ts";
import { checkPort } from "../_check_port.ts";
import { PortTable } from "./_port_table.ts";
import { SimulatedPort } from "./_stream_port.ts";
import type { SimulatedHost } from "./simulated_host.ts";
import type { SimulatedNetwork } from "./simulated_network.ts";

/** A later turn is later: a program that asks again and again "in the next turn" lets time pass, as a real one does. */
const TURN_SECONDS = 1e-6;

/** What a program on a simulated host is given: a whole reactor. */
export class SimulatedReactor implements Reactor {
  readonly host: SimulatedHost;
  readonly network: SimulatedNetwork;
  /** The TCP ports that listen, by address and number. */
  readonly _tcp: PortTable<SimulatedPort> = new PortTable("TCP");
  readonly _udp: PortTable<SimulatedDatagramPort> = new PortTable("UDP");
  readonly _unix = new Map<string, SimulatedPort>();
  /** False once the host has crashed. */
  _alive = true;
  readonly _stats = { connectionsTotal: 0, bytesIn: 0, bytesOut: 0, errors: 0 };
  /** This host's ends of the connections that are open. */
  readonly _ends = new Set<StreamEnd>();
  /** Connectors with an attempt under way. */
  readonly _attempts = new Set<SimulatedConnector>();
  /** True while all of these are closed: a connector that is given up does not connect again. */
  _closing = false;
  readonly #started: number;
  readonly #calls = new Set<DelayedCall>();
  readonly #lifecycle = new Lifecycle((f) => void this.callLater(0, f), () => this.#closeAll());

  constructor(host: SimulatedHost) {
    this.host = host;
    this.network = host.network;
    this.#started = this.network.seconds();
  }

  /** The host has crashed: nothing of this reactor happens any more. */
  _die(): void {
    this._alive = false;
    for (const call of this.#calls) if (call.active()) call.cancel();
    this.#calls.clear();
  }

  /** Reports an error that nobody handled, and counts it. */
  _report(error: unknown, context: string): void {
    this._stats.errors++;
    reportError(error, context);
  }

  // ---- time

  seconds(): number {
    return this.network.seconds();
  }

  callLater<A extends unknown[]>(seconds: number, f: (...args: A) => unknown, ...args: A): DelayedCall {
    // A program that has crashed may still be in the middle of something: whatever it arranges never comes.
    if (!this._alive) return new DelayedCalls(() => this.seconds()).add(seconds, () => {}, []);
    const run = (): void =>
      guard(() => f(...args), (error) => this._report(error, "Error in a delayed call"));
    const call = this.network.callLater(seconds === 0 ? TURN_SECONDS : seconds, run);
    this.#calls.add(call);
    if (this.#calls.size > 2 * this.#callsChecked) this.#dropSpentCalls();
    return call;
  }

  #callsChecked = 64;

  // Calls that have run or were cancelled are forgotten now and then, in O(1) a call on the average.
  #dropSpentCalls(): void {
    for (const call of this.#calls) {
      if (!call.active()) this.#calls.delete(call);
    }
    this.#callsChecked = Math.max(64, this.#calls.size);
  }

  getDelayedCalls(): DelayedCall[] {
    this.#dropSpentCalls();
    return [...this.#calls].sort((a, b) => a.getTime() - b.getTime());
  }

  // ---- names

  resolveHost(name: string): Deferred<string[]> {
    if (name === "localhost") return succeed(["127.0.0.1"]);
    const addresses = /^[\d.]+$|:/.test(name) ? [name] : this.network.lookup(name);
    if (addresses.length > 0) return succeed([...addresses]);
    return fail(new DNSLookupError(`The host name "${name}" could not be resolved`));
  }

  // ---- life

  get running(): boolean {
    return this.#lifecycle.running;
  }

  run(): Promise<void> {
    return this.#lifecycle.run();
  }

  stop(): void {
    this.#lifecycle.stop();
  }

  crash(): void {
    this.#lifecycle.crash();
  }

  // As a real reactor does when it stops. The peers hear of it.
  #closeAll(): void {
    const connections = [...this._ends].map((end) => ({
      breakOff(reason: Failure): void {
        end.abortConnection();
        end.breakOff(reason.value as Error);
      },
    }));
    this._closing = true;
    closeAll({ attempts: this._attempts, ports: this.#ports(), connections });
    this._closing = false;
  }

  #ports(): (SimulatedPort | SimulatedDatagramPort)[] {
    return [...this._tcp.all(), ...this._udp.all(), ...this._unix.values()];
  }

  callWhenRunning<A extends unknown[]>(f: (...args: A) => unknown, ...args: A): TriggerId | undefined {
    return this.#lifecycle.callWhenRunning(() => f(...args));
  }

  addSystemEventTrigger<A extends unknown[]>(
    phase: TriggerPhase,
    event: SystemEvent,
    f: (...args: A) => unknown,
    ...args: A
  ): TriggerId {
    return this.#lifecycle.add(phase, event, () => f(...args));
  }

  removeSystemEventTrigger(id: TriggerId): void {
    this.#lifecycle.remove(id);
  }

  stats(): ReactorStats {
    return {
      uptimeSeconds: this.seconds() - this.#started,
      ports: this.#ports().map((port) => `${port.getHost()}`),
      connections: this._ends.size,
      ...this._stats,
      pendingCalls: this.getDelayedCalls().length,
    };
  }

  // ---- streams

  listenTCP(port: number, factory: ProtocolFactory, options: ListenTCPOptions = {}): ListeningPort {
    return this.#listen(port, factory, options, null);
  }

  listenTLS(
    port: number,
    factory: ProtocolFactory,
    tls: TLSServerOptions,
    options: ListenTCPOptions = {},
  ): ListeningPort {
    return this.#listen(port, factory, options, tls);
  }

  #listen(
    port: number,
    factory: ProtocolFactory,
    options: ListenTCPOptions,
    tls: TLSServerOptions | null,
  ): ListeningPort {
    if (options.reusePort) throw new NotSupportedError("Cannot listen: reusePort is not simulated");
    const hostname = options.hostname ?? "0.0.0.0";
    const listening = new SimulatedPort(this, factory, tls, {
      bind: (self) => this._tcp.bind(this.host, hostname, port, self),
      unbind: (self) => this._tcp.unbind(self),
    });
    listening.startListening();
    return listening;
  }

  connectTCP(
    host: string,
    port: number,
    factory: ProtocolFactory | ClientProtocolFactory,
    options: ConnectTCPOptions = {},
  ): Connector {
    return this.#connect(host, port, factory, options, null);
  }

  connectTLS(
    host: string,
    port: number,
    factory: ProtocolFactory | ClientProtocolFactory,
    tls: TLSClientOptions = {},
    options: ConnectTCPOptions = {},
  ): Connector {
    return this.#connect(host, port, factory, options, { hostname: host, ...tls });
  }

  #connect(
    host: string,
    port: number,
    factory: ProtocolFactory | ClientProtocolFactory,
    options: ConnectTCPOptions,
    tls: TLSClientOptions | null,
  ): Connector {
    checkPort(port);
    const connector = new SimulatedConnector(this, factory, tls, {
      address: ipAddress("TCP", host, port),
      timeoutSeconds: options.timeoutSeconds ?? 30,
      bindAddress: options.bindAddress,
    });
    connector.connect();
    return connector;
  }

  listenUNIX(path: string, factory: ProtocolFactory): ListeningPort {
    const listening = new SimulatedPort(this, factory, null, {
      bind: (self) => PortTable.bindPath(this._unix, path, self),
      unbind: () => void this._unix.delete(path),
    });
    listening.startListening();
    return listening;
  }

  connectUNIX(
    path: string,
    factory: ProtocolFactory | ClientProtocolFactory,
    options: { timeoutSeconds?: number } = {},
  ): Connector {
    const connector = new SimulatedConnector(this, factory, null, {
      address: new UNIXAddress(path),
      timeoutSeconds: options.timeoutSeconds ?? 30,
      bindAddress: undefined,
    });
    connector.connect();
    return connector;
  }

  // ---- datagrams

  listenUDP(port: number, protocol: DatagramHandler, options: ListenUDPOptions = {}): DatagramTransport {
    return SimulatedDatagramPort.open(this, port, protocol, options, false);
  }

  listenMulticast(
    port: number,
    protocol: DatagramHandler,
    options: ListenUDPOptions & { listenMultiple?: boolean } = {},
  ): DatagramTransport {
    return SimulatedDatagramPort.open(this, port, protocol, options, options.listenMultiple ?? false);
  }
}
