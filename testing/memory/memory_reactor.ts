/**
 * `MemoryReactor`: a reactor that only notes what it is asked for.
 * @module
 */
import {
  type Address,
  CannotListenError,
  type ClientProtocolFactory,
  type Connector,
  type ConnectTCPOptions,
  type DatagramHandler,
  ipAddress,
  type ListenTCPOptions,
  type ListenUDPOptions,
  type ListenUNIXOptions,
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
import { checkPort } from "../_check_port.ts";
import { Clock } from "../clock.ts";
import { MemoryConnector } from "./memory_connector.ts";
import { MemoryDatagramPort } from "./memory_datagram_port.ts";
import { MemoryPort } from "./memory_port.ts";

const FIRST_EPHEMERAL = 49_152;

/**
 * A whole reactor without a socket: it keeps every port and connector that a program asks for, and the test accepts a
 * connection, lets an attempt fail, and moves the time. Ports and connections do not find each other here; for that
 * there is `SimulatedNetwork`.
 *
 * @example
 * ```ts
 * import { ClientFactory, Protocol } from "@ropewalk/protocols";
 * import { MemoryReactor } from "@ropewalk/testing";
 * import { assertEquals } from "@std/assert";
 *
 * class Hello extends Protocol {
 *   override connectionMade() {
 *     this.transport.write("hello\r\n");
 *   }
 * }
 * class Once extends ClientFactory {
 *   override protocol = Hello;
 * }
 *
 * const reactor = new MemoryReactor();
 * reactor.connectTCP("example.org", 7, new Once());
 * const [connector] = reactor.tcpClients;
 * assertEquals(`${connector!.host}:${connector!.port}`, "example.org:7");
 * assertEquals(connector!.succeed()!.text(), "hello\r\n");
 * ```
 */
export class MemoryReactor extends Clock implements Reactor {
  /** The TCP ports that were asked for, in order; see `listens`. */
  readonly tcpServers: MemoryPort[] = [];
  /** The TLS ports that were asked for. */
  readonly tlsServers: MemoryPort[] = [];
  /** The UNIX sockets that were asked for. */
  readonly unixServers: MemoryPort[] = [];
  /** The TCP connections that were asked for. */
  readonly tcpClients: MemoryConnector[] = [];
  /** The TLS connections that were asked for. */
  readonly tlsClients: MemoryConnector[] = [];
  /** The UNIX connections that were asked for. */
  readonly unixClients: MemoryConnector[] = [];
  /** The UDP ports that were asked for, those for multicast too. */
  readonly udpPorts: MemoryDatagramPort[] = [];
  readonly #lifecycle = new Lifecycle((f) => void this.callLater(0, f));
  readonly #taken = new Map<string, MemoryPort | MemoryDatagramPort>();
  readonly #refused = new Map<number | string, Error>();
  #nextEphemeral = FIRST_EPHEMERAL;

  get #servers(): readonly MemoryPort[] {
    return [...this.tcpServers, ...this.tlsServers, ...this.unixServers];
  }

  /** Every connector, of each kind. */
  get connectors(): readonly MemoryConnector[] {
    return [...this.tcpClients, ...this.tlsClients, ...this.unixClients];
  }

  /**
   * Makes the next attempts to listen on a port fail, as if the system said no.
   *
   * @param port The port, or the path of a UNIX socket.
   * @param cause What the system says.
   */
  refuseToListen(port: number | string, cause: Error = new Error("Permission denied")): void {
    this.#refused.set(port, cause);
  }

  // ---- streams

  /** Notes a port in {@linkcode tcpServers}. */
  listenTCP(port: number, factory: ProtocolFactory, options: ListenTCPOptions = {}): MemoryPort {
    return this.#listen(this.tcpServers, port, factory, options, null);
  }

  /** Notes a port in {@linkcode tlsServers}. */
  listenTLS(
    port: number,
    factory: ProtocolFactory,
    tls: TLSServerOptions,
    options: ListenTCPOptions = {},
  ): MemoryPort {
    return this.#listen(this.tlsServers, port, factory, options, tls);
  }

  #listen(
    list: MemoryPort[],
    port: number,
    factory: ProtocolFactory,
    options: ListenTCPOptions,
    tls: TLSServerOptions | null,
  ): MemoryPort {
    const address = ipAddress("TCP", options.hostname ?? "0.0.0.0", this.#number(port));
    const listening = new MemoryPort(this, { address, factory, options, tls }, this.#change);
    listening.startListening();
    list.push(listening);
    return listening;
  }

  #number(port: number): number {
    return checkPort(port, "listen") === 0 ? this.#nextEphemeral++ : port;
  }

  // Two kinds of port may have one number: TCP and UDP do not meet.
  readonly #change = (port: MemoryPort | MemoryDatagramPort, listens: boolean): void => {
    const key = `${port instanceof MemoryDatagramPort ? "udp " : ""}${port.address}`;
    if (!listens) {
      this.#taken.delete(key);
      return;
    }
    const { host = "", port: number } = port.address as { host?: string; port?: number };
    const where = number ?? `${port.address}`.replace("unix:", "");
    const cause = this.#refused.get(where) ?? (this.#taken.has(key) ? new Error("the port is in use") : null);
    if (cause !== null) throw new CannotListenError(host, where, cause);
    this.#taken.set(key, port);
  };

  /** Notes an attempt in {@linkcode tcpClients}. */
  connectTCP(
    host: string,
    port: number,
    factory: ProtocolFactory | ClientProtocolFactory,
    options: ConnectTCPOptions = {},
  ): Connector {
    return this.#connect(this.tcpClients, ipAddress("TCP", host, checkPort(port)), factory, options, null);
  }

  /** Notes an attempt in {@linkcode tlsClients}. */
  connectTLS(
    host: string,
    port: number,
    factory: ProtocolFactory | ClientProtocolFactory,
    tls: TLSClientOptions = {},
    options: ConnectTCPOptions = {},
  ): Connector {
    return this.#connect(this.tlsClients, ipAddress("TCP", host, checkPort(port)), factory, options, tls);
  }

  #connect(
    list: MemoryConnector[],
    address: Address,
    factory: ProtocolFactory | ClientProtocolFactory,
    options: ConnectTCPOptions,
    tls: TLSClientOptions | null,
  ): Connector {
    const connector = new MemoryConnector(this, { address, factory, options, tls });
    list.push(connector);
    connector.connect();
    return connector;
  }

  /** Notes a socket in {@linkcode unixServers}. */
  listenUNIX(path: string, factory: ProtocolFactory, options: ListenUNIXOptions = {}): MemoryPort {
    const address = new UNIXAddress(path);
    const port = new MemoryPort(this, { address, factory, options, tls: null }, this.#change);
    port.startListening();
    this.unixServers.push(port);
    return port;
  }

  /** Notes an attempt in {@linkcode unixClients}. */
  connectUNIX(
    path: string,
    factory: ProtocolFactory | ClientProtocolFactory,
    options: { timeoutSeconds?: number } = {},
  ): Connector {
    return this.#connect(this.unixClients, new UNIXAddress(path), factory, options, null);
  }

  // ---- datagrams

  /** Notes a port in {@linkcode udpPorts}. */
  listenUDP(port: number, protocol: DatagramHandler, options: ListenUDPOptions = {}): MemoryDatagramPort {
    return this.#listenUDP("listenUDP", port, protocol, options);
  }

  /** As {@linkcode listenUDP}; the port's `method` and `options` tell what was asked for. */
  listenMulticast(
    port: number,
    protocol: DatagramHandler,
    options: ListenUDPOptions & { listenMultiple?: boolean } = {},
  ): MemoryDatagramPort {
    return this.#listenUDP("listenMulticast", port, protocol, options);
  }

  #listenUDP(
    method: "listenUDP" | "listenMulticast",
    port: number,
    protocol: DatagramHandler,
    options: ListenUDPOptions & { listenMultiple?: boolean },
  ): MemoryDatagramPort {
    const address = ipAddress("UDP", options.hostname ?? "0.0.0.0", this.#number(port));
    const udp = new MemoryDatagramPort(this, protocol, { address, method, options }, this.#change);
    udp.startListening();
    this.udpPorts.push(udp);
    return udp;
  }

  // ---- life

  /** True while the reactor runs. */
  get running(): boolean {
    return this.#lifecycle.running;
  }

  /** Whether `run` was called. */
  get hasRun(): boolean {
    return this.#lifecycle.hasRun;
  }

  /** Whether `stop` was called. */
  get hasStopped(): boolean {
    return this.#lifecycle.hasStopped;
  }

  /** Whether `crash` was called. */
  get hasCrashed(): boolean {
    return this.#lifecycle.hasCrashed;
  }

  /** Runs the start-up triggers, and ends when `stop` has run those of shutdown. No signal handler is installed. */
  run(): Promise<void> {
    return this.#lifecycle.run();
  }

  /** Begins to stop: the triggers run when the clock is next advanced, by 0 seconds or more. */
  stop(): void {
    this.#lifecycle.stop();
  }

  /** Ends `run` without the shutdown triggers. */
  crash(): void {
    this.#lifecycle.crash();
  }

  /** Calls `f` when the reactor runs. */
  callWhenRunning<A extends unknown[]>(f: (...args: A) => unknown, ...args: A): TriggerId | undefined {
    return this.#lifecycle.callWhenRunning(() => f(...args));
  }

  /** Calls `f` in a phase of an event. */
  addSystemEventTrigger<A extends unknown[]>(
    phase: TriggerPhase,
    event: SystemEvent,
    f: (...args: A) => unknown,
    ...args: A
  ): TriggerId {
    return this.#lifecycle.add(phase, event, () => f(...args));
  }

  /** Takes a trigger back. */
  removeSystemEventTrigger(id: TriggerId): void {
    this.#lifecycle.remove(id);
  }

  /** What is open. Bytes are not counted: see each connection's `io`. */
  stats(): ReactorStats {
    const accepted = this.#servers.reduce((total, port) => total + port.connections.size, 0);
    const made = this.connectors.filter((connector) => connector.connection !== null);
    return {
      uptimeSeconds: this.seconds(),
      ports: [...this.#taken.values()].map((port) => `${port.address}`),
      connections: accepted + made.length,
      connectionsTotal: sum(this.#servers, "accepted") + sum(this.connectors, "succeeded"),
      bytesIn: 0,
      bytesOut: 0,
      pendingCalls: this.getDelayedCalls().length,
      errors: 0,
    };
  }
}

function sum<K extends string>(things: readonly { readonly [N in K]: number }[], name: K): number {
  return things.reduce((total, thing) => total + thing[name], 0);
}

/** The same under Twisted's name: there a `MemoryReactor` has no clock, here each one has. */
export class MemoryReactorClock extends MemoryReactor {}
