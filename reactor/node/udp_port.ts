/**
 * UDP, by `node:dgram`, on Node and on Deno alike.
 * @module
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { Deferred } from "@ropewalk/deferred";
import { type Address, ipAddress } from "../core/addresses.ts";
import { CannotListenError, MessageLengthError } from "../core/errors.ts";
import { guard } from "../core/guard.ts";
import { ipv4Bytes, ipv6Bytes, ipv6Text } from "../core/haproxy/ip_bytes.ts";
import type {
  Data,
  DatagramHandler,
  DatagramTransport,
  ListeningPort,
  ListenUDPOptions,
} from "../core/interfaces.ts";
import type { ReactorBase } from "../core/reactor_base.ts";
import { type Target, targetOf, UDPSocket } from "./udp_socket.ts";

const encoder = new TextEncoder();
const LARGEST = 65_535;
/** What the headers take of {@linkcode LARGEST}: over IPv6 only UDP's own counts. */
const HEADERS_V4 = 28;
const HEADERS_V6 = 8;

/** How long a port that is closed may take over what was written before. */
const CLOSING_SECONDS = 1;

/** Binds a port. */
export function bindUDP(
  reactor: ReactorBase,
  port: number,
  handler: DatagramHandler,
  options: ListenUDPOptions,
  share: boolean,
): DatagramTransport {
  if (!Number.isInteger(port) || port < 0 || port > LARGEST) {
    throw new RangeError(`Cannot listen on port ${port}: a port is a whole number from 0 to ${LARGEST}`);
  }
  const bound = new UDPPort(reactor, port, handler, options, share);
  bound.startListening();
  return bound;
}

/** See {@linkcode DatagramTransport}. */
class UDPPort implements DatagramTransport {
  ready: Deferred<ListeningPort> = new Deferred<ListeningPort>();
  readonly #hostname: string;
  readonly #isV6: boolean;
  readonly #largest: number;
  #socket: UDPSocket | null = null; // from the time it is asked for until it is told to close
  #address: Address;
  #connected: Target | null = null;
  readonly #settings = new Map<string, (socket: Socket) => void>(); // a socket takes them once it is bound

  constructor(
    readonly reactor: ReactorBase,
    readonly port: number,
    readonly handler: DatagramHandler,
    options: ListenUDPOptions,
    readonly share: boolean,
  ) {
    this.#hostname = options.hostname ?? "0.0.0.0";
    this.#isV6 = this.#hostname.includes(":");
    this.#largest = options.maxPacketBytes ?? LARGEST;
    this.#address = ipAddress("UDP", this.#hostname, port);
  }

  startListening(): void {
    if (this.#socket !== null) throw new TypeError("Cannot listen: the port listens already");
    if (this.ready.called) this.ready = new Deferred<ListeningPort>();
    const { ready } = this;
    const host = createSocket({ type: this.#isV6 ? "udp6" : "udp4", reuseAddr: this.share });
    const socket = new UDPSocket(host, (error) => this.#failed(error));
    this.#socket = socket;
    this.reactor.figures.ports.add(this);
    host.on("message", (data: Uint8Array, from: RemoteInfo) => {
      if (this.#socket === socket) this.#received(data, from);
    });
    host.on("error", (error: Error) => {
      if (ready.called) {
        if (this.#socket === socket) this.#failed(error);
        return;
      }
      if (this.#socket === socket) this.#forget();
      socket.failedToOpen();
      ready.errback(new CannotListenError(this.#hostname, this.port, error));
    });
    host.bind(this.port, this.#hostname, () => {
      const { address, port } = host.address();
      this.#address = ipAddress("UDP", address, port);
      if (this.#socket === socket) {
        for (const set of this.#settings.values()) this.#guard("a setting", () => set(host));
        this.#guard("doStart", () => this.handler.doStart?.());
        socket.opened(this.#connected);
        this.#guard("makeConnection", () => this.handler.makeConnection(this));
      } else socket.opened(this.#connected); // it was told to close meanwhile
      if (!ready.called) ready.callback(this);
    });
  }

  write(data: Data, address?: { host: string; port: number; scopeId?: string }): void {
    const socket = this.#socket;
    if (socket === null) return; // as after the loss of a connection
    const bytes = typeof data === "string" ? encoder.encode(data) : new Uint8Array(data); // slice() of a Buffer is a view
    if (bytes.length > LARGEST - (this.#isV6 ? HEADERS_V6 : HEADERS_V4)) {
      throw new MessageLengthError(`A datagram of ${bytes.length} bytes is too long`);
    }
    const to = this.#connected ?? address;
    if (to === undefined) {
      throw new TypeError("Cannot send a datagram: it has no address, and the port is not connected");
    }
    checkPort(to.port, "send a datagram");
    if (this.#connected === null) this.#checkFamily(to.host, "send a datagram");
    const target = this.#connected === null ? targetOf(to) : null;
    if (socket.send(bytes, target)) this.reactor.figures.bytesOut += bytes.length;
  }

  connect(host: string, port: number): void {
    if (this.#connected !== null) throw new TypeError("Cannot connect the port: it is connected already");
    if (usual(host) === null) {
      throw new RangeError(`Cannot connect the port: "${host}" is a name, and an address is needed`);
    }
    checkPort(port, "connect the port");
    this.#checkFamily(host, "connect the port");
    this.#connected = { host, port };
    if (this.#socket?.bound) this.#socket.connect(this.#connected);
  }

  setBroadcastAllowed(on: boolean): void {
    this.#set("broadcast", (socket) => socket.setBroadcast(on));
  }

  joinGroup(group: string, interfaceAddress?: string): Deferred<void> {
    return this.#whenBound("join a group", (socket) => socket.addMembership(group, interfaceAddress));
  }

  leaveGroup(group: string, interfaceAddress?: string): Deferred<void> {
    return this.#whenBound("leave a group", (socket) => socket.dropMembership(group, interfaceAddress));
  }

  setOutgoingInterface(interfaceAddress: string): Deferred<void> {
    return this.#whenBound("set the interface", (socket) => socket.setMulticastInterface(interfaceAddress));
  }

  setTTL(ttl: number): void {
    if (!Number.isInteger(ttl) || ttl < 0 || ttl > 255) {
      throw new RangeError(`Cannot set the TTL: ${ttl} is no whole number from 0 to 255`);
    }
    this.#set("TTL", (socket) => socket.setMulticastTTL(ttl));
  }

  setLoopbackMode(on: boolean): void {
    this.#set("loopback", (socket) => socket.setMulticastLoopback(on));
  }

  loseConnection(): void {
    this.stopListening();
  }

  stopListening(): Deferred<void> {
    const done = new Deferred<void>();
    const socket = this.#socket;
    if (socket === null) {
      done.callback();
      return done;
    }
    const started = socket.bound;
    this.#forget();
    const late = socket.isIdle ? null : this.reactor.callLater(CLOSING_SECONDS, () => socket.closeNow());
    socket.close(() => {
      if (late?.active()) late.cancel();
      if (started) this.#guard("doStop", () => this.handler.doStop());
      done.callback();
    });
    return done;
  }

  getHost(): Address {
    return this.#address;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }

  toString(): string {
    return `udp ${this.#address}`;
  }

  #received(data: Uint8Array, from: RemoteInfo): void {
    const to = this.#connected;
    if (to !== null && (to.port !== from.port || !isSame(to.host, from.address))) return;
    if (data.length > this.#largest) return;
    this.reactor.figures.bytesIn += data.length;
    const bytes = new Uint8Array(data); // a plain array of the handler's own, not a Buffer
    const address = ipAddress("UDP", from.address, from.port);
    this.#guard("datagramReceived", () => this.handler.datagramReceived(bytes, address));
  }

  #failed(error: Error): void {
    const { code } = error as { code?: string };
    if (code !== "ECONNREFUSED") this.reactor.reportError(error, `Error of ${this}`);
    else if (this.#socket !== null) {
      this.#guard("connectionRefused", () => this.handler.connectionRefused?.());
    }
  }

  // What is no address is a name, whose family its look-up chooses.
  #checkFamily(host: string, what: string): void {
    if (this.#isV6 ? ipv4Bytes(host) === null : !host.includes(":")) return;
    const [its, ours] = this.#isV6 ? [4, 6] : [6, 4];
    throw new RangeError(`Cannot ${what}: ${host} is of IPv${its}, and the port of IPv${ours}`);
  }

  #set(name: string, set: (socket: Socket) => void): void {
    this.#settings.set(name, set);
    if (this.#socket?.bound) set(this.#socket.socket);
  }

  #whenBound(what: string, f: (socket: Socket) => void): Deferred<void> {
    const done = new Deferred<void>();
    const now = (): void => {
      try {
        if (!this.#socket?.bound) throw new TypeError(`Cannot ${what}: the port is closed`);
        f(this.#socket.socket);
        done.callback();
      } catch (error) {
        done.errback(error as Error);
      }
    };
    if (this.#socket === null || this.#socket.bound) now();
    else this.ready.addBoth((port) => (now(), port));
    return done;
  }

  #forget(): void {
    this.#socket = null;
    this.reactor.figures.ports.delete(this);
  }

  #guard(name: string, f: () => unknown): void {
    guard(f, (error) => this.reactor.reportError(error, `Error in ${name} of a datagram protocol`));
  }
}

function checkPort(port: number, what: string): void {
  if (Number.isInteger(port) && port >= 1 && port <= LARGEST) return;
  throw new RangeError(`Cannot ${what}: ${port} is no port from 1 to ${LARGEST}`);
}

// An address in the one form that two texts of it have in common; null for what is no address.
function usual(host: string): string | null {
  const [address] = host.split("%", 1) as [string];
  if (!address.includes(":")) return ipv4Bytes(address) === null ? null : host;
  const bytes = ipv6Bytes(address);
  return bytes === null ? null : ipv6Text(bytes);
}

function isSame(one: string, other: string): boolean {
  return one === other || (one.includes(":") && usual(one) === usual(other));
}
