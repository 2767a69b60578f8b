/**
 * UDP, by `node:dgram`, on Node and on Deno alike.
 * @module
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { Deferred } from "@ropewalk/deferred";
import { type Address, ipAddress } from "../core/addresses.ts";
import { CannotListenError, MessageLengthError } from "../core/errors.ts";
import type {
  Data,
  DatagramHandler,
  DatagramTransport,
  ListeningPort,
  ListenUDPOptions,
} from "../core/interfaces.ts";
import type { ReactorBase } from "../core/reactor_base.ts";

const encoder = new TextEncoder();
const LARGEST = 65_535;

/** A datagram on its way (to the connected address, if `to` is `null`), or, without bytes, the address to connect. */
interface Sending {
  readonly bytes: Uint8Array | null;
  readonly to: { host: string; port: number } | null;
}

/** Binds a port. */
export function bindUDP(
  reactor: ReactorBase,
  port: number,
  handler: DatagramHandler,
  options: ListenUDPOptions,
  share: boolean,
): DatagramTransport {
  const bound = new UDPPort(reactor, port, handler, options, share);
  bound.startListening();
  return bound;
}

/** See {@linkcode DatagramTransport}. */
class UDPPort implements DatagramTransport {
  ready: Deferred<ListeningPort> = new Deferred<ListeningPort>();
  readonly #hostname: string;
  readonly #largest: number;
  #socket: Socket | null = null;
  #bound = false;
  #address: Address;
  #connected: { host: string; port: number } | null = null;
  // What is sent, and at its place `connect`, one at a time: Deno would send the datagrams of one turn in any order.
  readonly #queue: Sending[] = [];
  #busy = false;
  readonly #done = (error?: Error | null): void => {
    this.#busy = false;
    if (error && this.#socket !== null) this.#failed(error);
    this.#next();
  };

  constructor(
    readonly reactor: ReactorBase,
    readonly port: number,
    readonly handler: DatagramHandler,
    options: ListenUDPOptions,
    readonly share: boolean,
  ) {
    this.#hostname = options.hostname ?? "0.0.0.0";
    this.#largest = options.maxPacketBytes ?? LARGEST;
    this.#address = ipAddress("UDP", this.#hostname, port);
  }

  startListening(): void {
    if (this.#socket !== null) throw new TypeError("Cannot listen: the port listens already");
    if (this.ready.called) this.ready = new Deferred<ListeningPort>();
    const { ready } = this;
    const socket = createSocket({
      type: this.#hostname.includes(":") ? "udp6" : "udp4",
      reuseAddr: this.share,
    });
    this.#socket = socket;
    this.reactor.figures.ports.add(this);
    this.handler.doStart?.();
    socket.on("message", (data: Uint8Array, from: RemoteInfo) => this.#received(data, from));
    socket.on("error", (error: Error) => {
      if (ready.called) this.#failed(error);
      else {
        this.#forget();
        ready.errback(new CannotListenError(this.#hostname, this.port, error));
      }
    });
    socket.bind(this.port, this.#hostname, () => {
      if (this.#socket !== socket) return;
      const { address, port } = socket.address();
      this.#address = ipAddress("UDP", address, port);
      this.#bound = true;
      if (this.#connected !== null) this.#queue.unshift({ bytes: null, to: this.#connected });
      this.#guard("makeConnection", () => this.handler.makeConnection(this));
      if (!ready.called) ready.callback(this);
      this.#next();
    });
  }

  write(data: Data, address?: { host: string; port: number }): void {
    const socket = this.#socket;
    if (socket === null) return; // as after the loss of a connection
    const bytes = typeof data === "string" ? encoder.encode(data) : data.slice();
    if (bytes.length > LARGEST - 28) {
      throw new MessageLengthError(`A datagram of ${bytes.length} bytes is too long`);
    }
    const to = this.#connected ?? address;
    if (to === undefined) {
      throw new TypeError("Cannot send a datagram: it has no address, and the port is not connected");
    }
    checkPort(to.port, "send a datagram");
    this.reactor.figures.bytesOut += bytes.length;
    this.#queue.push({ bytes, to: this.#connected === null ? to : null });
    this.#next();
  }

  connect(host: string, port: number): void {
    if (this.#connected !== null) throw new TypeError("Cannot connect the port: it is connected already");
    if (ipAddress("UDP", host, port).host === "" || !/^[0-9.]+$|:/.test(host)) {
      throw new RangeError(`Cannot connect the port: "${host}" is a name, and an address is needed`);
    }
    checkPort(port, "connect the port");
    this.#connected = { host, port };
    if (this.#bound) this.#queue.push({ bytes: null, to: this.#connected });
    this.#next();
  }

  #next(): void {
    const socket = this.#socket;
    if (!this.#bound || socket === null || this.#busy) return;
    const next = this.#queue.shift();
    if (next === undefined) return;
    const { bytes, to } = next;
    this.#busy = true;
    try {
      // The system tells of refusals once it knows of the address. Deno keeps that to itself: nobody hears of them.
      if (bytes === null) socket.connect(to!.port, to!.host, this.#done);
      else if (to === null) socket.send(bytes, this.#done);
      else socket.send(bytes, to.port, to.host, this.#done);
    } catch (error) {
      this.#done(error as Error);
    }
  }

  setBroadcastAllowed(on: boolean): void {
    this.#socket?.setBroadcast(on);
  }

  joinGroup(group: string, interfaceAddress?: string): Deferred<void> {
    return attempt(() => this.#socket!.addMembership(group, interfaceAddress));
  }

  leaveGroup(group: string, interfaceAddress?: string): Deferred<void> {
    return attempt(() => this.#socket!.dropMembership(group, interfaceAddress));
  }

  setOutgoingInterface(interfaceAddress: string): Deferred<void> {
    return attempt(() => this.#socket!.setMulticastInterface(interfaceAddress));
  }

  setTTL(ttl: number): void {
    this.#socket?.setMulticastTTL(ttl);
  }

  setLoopbackMode(on: boolean): void {
    this.#socket?.setMulticastLoopback(on);
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
    this.#forget();
    socket.close(() => {
      this.#guard("doStop", () => this.handler.doStop());
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
    if (to !== null && (to.port !== from.port || to.host !== from.address)) return;
    if (data.length > this.#largest) return;
    this.reactor.figures.bytesIn += data.length;
    const bytes = new Uint8Array(data); // a plain array of the handler's own, not a Buffer
    this.#guard("datagramReceived", () => {
      this.handler.datagramReceived(bytes, ipAddress("UDP", from.address, from.port));
    });
  }

  #failed(error: Error): void {
    const { code } = error as { code?: string };
    if (code === "ECONNREFUSED") this.#guard("connectionRefused", () => this.handler.connectionRefused?.());
    else this.reactor.reportError(error, `Error of ${this}`);
  }

  #forget(): void {
    this.#socket = null;
    this.#bound = this.#busy = false;
    this.#queue.length = 0;
    this.reactor.figures.ports.delete(this);
  }

  #guard(name: string, f: () => void): void {
    try {
      f();
    } catch (error) {
      this.reactor.reportError(error, `Error in ${name} of a datagram protocol`);
    }
  }
}

function checkPort(port: number, what: string): void {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return;
  throw new RangeError(`Cannot ${what}: ${port} is no port from 1 to 65535`);
}

function attempt(f: () => void): Deferred<void> {
  const done = new Deferred<void>();
  try {
    f();
    done.callback();
  } catch (error) {
    done.errback(error as Error);
  }
  return done;
}
