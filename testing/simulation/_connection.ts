/**
 * A stream between two simulated hosts.
 *
 * ```text
 *   client end ──► channel ──► server end        a channel is one direction: what was taken from an end flies for a
 *   client end ◄── channel ◄── server end        while, in order, and is sent again until it arrives
 * ```
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import {
  type Address,
  ConnectionLost,
  type DelayedCall,
  type TLSClientOptions,
} from "@ropewalk/reactor/core";
import {
  Bytes,
  type Carrier,
  END,
  HIGH_WATER_BYTES,
  type Parcel,
  RESET,
  SILENT,
  StreamEnd,
} from "../_stream_end.ts";
import { Hello } from "../_hello.ts";
import type { SimulatedPort } from "./_stream_port.ts";
import type { SimulatedHost } from "./simulated_host.ts";
import type { SimulatedReactor } from "./_simulated_reactor.ts";

const MAX_RETRANSMIT_SECONDS = 60;

/** What a connection needs to know of its two sides. */
export interface ConnectionPlan {
  readonly clientAddress: Address;
  readonly serverAddress: Address;
  readonly port: SimulatedPort;
  readonly clientTLS: TLSClientOptions | null;
  /** The answer reached the client: opens its end, or returns false if nobody waits there. */
  opened(end: StreamEnd): boolean;
  /** The client's end was lost. */
  lost(reason: Failure): void;
}

/** The server has answered; travels before anything that its protocol says. */
const ACCEPT: unique symbol = Symbol("accept");
type Cargo = Parcel | typeof ACCEPT;

interface Flight {
  readonly cargo: Cargo;
  readonly arrives: number;
}

/** Both ends, and what is between them. */
export class SimulatedConnection implements Carrier {
  readonly #client: StreamEnd;
  readonly #server: StreamEnd;
  readonly #toServer: Channel;
  readonly #toClient: Channel;
  readonly #plan: ConnectionPlan;
  #isOpen = false; // at the client

  /** The server's side is open when this returns; the client's when the answer has come back. */
  constructor(client: SimulatedReactor, server: SimulatedReactor, plan: ConnectionPlan) {
    this.#plan = plan;
    const { clientAddress, serverAddress, port } = plan;
    this.#client = new StreamEnd(this, "client", {
      reactor: client,
      host: clientAddress,
      peer: serverAddress,
    });
    this.#server = new StreamEnd(this, "server", {
      reactor: server,
      host: serverAddress,
      peer: clientAddress,
    });
    this.#client.peer = this.#server;
    this.#server.peer = this.#client;
    this.#client.protocol = SILENT;
    this.#toServer = new Channel(this, this.#client, this.#server, client, server);
    this.#toClient = new Channel(this, this.#server, this.#client, server, client);
    this.#toClient.fly(ACCEPT);
    this.#count(this.#server);
    const protocol = port.build(clientAddress);
    if (protocol === null) {
      this.#server.protocol = SILENT;
      this.#server.loseConnection();
      return;
    }
    if (port.tls !== null) this.#server.startTLS(port.tls);
    this.#server.open(protocol);
  }

  #count(end: StreamEnd): void {
    const reactor = end.reactor as SimulatedReactor;
    reactor._ends.add(end);
    reactor._stats.connectionsTotal++;
  }

  /** The answer has arrived. */
  accept(): boolean {
    this.#isOpen = true;
    this.#count(this.#client);
    if (this.#plan.opened(this.#client)) return true;
    this.#isOpen = false;
    (this.#client.reactor as SimulatedReactor)._ends.delete(this.#client);
    return false;
  }

  wake(end: StreamEnd): void {
    (end === this.#client ? this.#toServer : this.#toClient).wake();
  }

  threw(end: StreamEnd, error: unknown): void {
    (end.reactor as SimulatedReactor)._report(error, "A protocol failed");
  }

  lost(end: StreamEnd, reason: Failure): void {
    if (end === this.#client && !this.#isOpen) return;
    (end.reactor as SimulatedReactor)._ends.delete(end);
    if (end === this.#client) this.#plan.lost(reason);
  }
}

/** One direction. */
class Channel {
  #flights: Flight[] = [];
  #flyingBytes = 0;
  #pullIsDue = false;
  #arrival: DelayedCall | null = null;
  #lastArrival = 0;
  #busyUntil = 0;
  #retransmit = 0;
  #silentSince = -1;

  constructor(
    readonly connection: SimulatedConnection,
    readonly from: StreamEnd,
    readonly to: StreamEnd,
    readonly sender: SimulatedReactor,
    readonly receiver: SimulatedReactor,
  ) {}

  /** There may be something to take, or to read, in the next turn of the sender. */
  wake(): void {
    if (this.#pullIsDue || !this.sender._alive) return;
    this.#pullIsDue = true;
    this.sender.network.callLater(0, this.#pull);
  }

  // One closure for the connection's life: this is the hot path.
  readonly #pull = (): void => {
    this.#pullIsDue = false;
    const { from, sender } = this;
    if (!sender._alive) return;
    from.read();
    for (;;) {
      const room = sender.network.windowBytes - this.#flyingBytes - this.to.unread;
      if (room <= 0 && from.queued > 0) return; // the reader is slow: what it reads wakes us again
      const parcel = from.take(Math.min(Math.max(room, 1), HIGH_WATER_BYTES));
      if (parcel === null) return;
      this.fly(parcel);
      from.left(parcel);
    }
  };

  /** Sends something on its way. */
  fly(cargo: Cargo): void {
    const { network } = this.sender;
    const now = network.seconds();
    const link = network.linkBetween(this.sender.host, this.receiver.host);
    const bytes = cargo instanceof Bytes ? cargo.data.length : 0;
    this.#busyUntil = Math.max(now, this.#busyUntil) + bytes / link.bandwidthBytesPerSecond;
    let arrives = this.#busyUntil + link.latencySeconds;
    if (link.jitterSeconds > 0) arrives += link.jitterSeconds * network.random.number();
    if (link.loss > 0 && network.random.chance(link.loss)) arrives += network.retransmitSeconds;
    arrives = this.#lastArrival = Math.max(arrives, this.#lastArrival);
    this.#flyingBytes += bytes;
    this.sender._stats.bytesOut += bytes;
    this.#flights.push({ cargo, arrives });
    if (this.#arrival === null) this.#expect(arrives - now);
  }

  #expect(seconds: number): void {
    this.#arrival = this.sender.network.callLater(Math.max(0, seconds), this.#arrive);
  }

  readonly #arrive = (): void => {
    this.#arrival = null;
    const { network } = this.sender;
    const now = network.seconds();
    const target: SimulatedHost = this.receiver.host;
    while (this.#flights.length > 0 && this.#flights[0]!.arrives <= now) {
      if (!target.isUp || network.isBlocked(this.sender.host, target)) {
        this.#sendAgain(now);
        return;
      }
      this.#retransmit = 0;
      this.#silentSince = -1;
      this.#land(this.#flights.shift()!.cargo);
    }
    if (this.#flights.length > 0 && this.#arrival === null) this.#expect(this.#flights[0]!.arrives - now);
    if (this.from.queued > 0) this.wake();
  };

  // Nothing gets through. Only a sender that is alive tries again; it gives up in the end.
  #sendAgain(now: number): void {
    const { network } = this.sender;
    if (!this.sender._alive) {
      this.#drop();
      return;
    }
    if (this.#silentSince < 0) this.#silentSince = now;
    if (now - this.#silentSince >= network.giveUpSeconds) {
      this.#drop();
      this.#giveUp();
      return;
    }
    const wait = this.#retransmit || network.retransmitSeconds;
    this.#retransmit = Math.min(2 * wait, MAX_RETRANSMIT_SECONDS);
    this.#expect(Math.min(wait, this.#silentSince + network.giveUpSeconds - now));
  }

  #drop(): void {
    this.#flights = [];
    this.#flyingBytes = 0;
  }

  #land(cargo: Cargo): void {
    const { network } = this.sender;
    const bytes = cargo instanceof Bytes ? cargo.data.length : 0;
    this.#flyingBytes -= bytes;
    network.trace.note(
      network.seconds(),
      this.sender.host.name,
      this.receiver.host.name,
      nameOf(cargo),
      bytes,
    );
    let isThere = this.receiver._alive; // a host that was started again knows nothing of us
    if (isThere) {
      this.receiver._stats.bytesIn += bytes;
      isThere = cargo === ACCEPT ? this.connection.accept() : this.to.arrive(cargo);
    } else isThere = cargo === RESET;
    if (!isThere) this.#bounce();
  }

  // Nobody is there: a reset comes back. One that is lost comes again, since the sender, which has no acknowledgement,
  // would send again; in the end it gives up.
  #bounce(): void {
    const { network, host } = this.sender;
    const target = this.receiver.host;
    const end = network.seconds() + network.giveUpSeconds;
    let wait = network.retransmitSeconds;
    this.#drop();
    const arrive = (): void => {
      if (!this.sender._alive || !this.from.connected) return;
      if (!network.isBlocked(target, host)) {
        network.trace.note(network.seconds(), target.name, host.name, "reset", 0);
        this.from.arrive(RESET);
      } else if (network.seconds() < end) {
        network.callLater(wait, arrive);
        wait *= 2;
      } else this.#giveUp();
    };
    network.callLater(network.linkBetween(target, host).latencySeconds, arrive);
  }

  #giveUp(): void {
    const { network, host } = this.sender;
    network.trace.note(network.seconds(), host.name, this.receiver.host.name, "gives up", 0);
    this.from.breakOff(new ConnectionLost("The other side did not answer for too long"));
  }
}

function nameOf(cargo: Cargo): string {
  if (cargo instanceof Bytes) return cargo.secure ? "TLS" : "data";
  if (cargo instanceof Hello) return "TLS hello";
  return cargo === ACCEPT ? "accept" : cargo === END ? "end" : "reset";
}
