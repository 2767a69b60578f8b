/**
 * One socket of a UDP port, by `node:dgram`: what is sent leaves in order, and before the socket is closed.
 * @module
 */
import type { Socket } from "node:dgram";

/** Where a datagram goes to. */
export interface Target {
  /** An address, or a name. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** Where a datagram goes to that is sent to an address: a link-local one is nothing without its interface. */
export function targetOf(address: Target & { readonly scopeId?: string }): Target {
  const { host, port, scopeId = "" } = address;
  return { host: scopeId === "" || host.includes("%") ? host : `${host}%${scopeId}`, port };
}

/** A datagram on its way (to the connected address, if `to` is `null`), or, without bytes, the address to connect. */
interface Sending {
  readonly bytes: Uint8Array | null;
  readonly to: Target | null;
}

/** Stands where something was sent, whose bytes are not kept. */
const SENT: Sending = { bytes: null, to: null };

/** So many places at the front of the queue may be used up before they are given back. */
const SPENT = 1024;
/** So much may wait to be sent. What comes on top is lost, as it is when a system's own buffer is full. */
export const MOST_WAITING = 4 << 20;
/** What a datagram that waits takes of that besides its bytes. */
const WAITING_COST = 256;

/** Sends, one at a time: Deno would send the datagrams of one turn in any order. */
export class UDPSocket {
  /** The host's. */
  readonly socket: Socket;
  /** Whether it is bound; nothing is sent before. */
  bound = false;
  readonly #failed: (error: Error) => void;
  readonly #queue: Sending[] = [];
  #first = 0; // in the queue; what is before it was sent
  #busy = false;
  #waiting = 0;
  #closed: (() => void) | null = null; // called in the end
  #ended = false;
  readonly #done = (error?: Error | null): void => {
    this.#busy = false;
    if (error && !this.#ended) this.#failed(error);
    this.#next();
  };

  /**
   * Makes one.
   *
   * @param socket Not bound yet.
   * @param failed Hears why something could not be sent.
   */
  constructor(socket: Socket, failed: (error: Error) => void) {
    this.socket = socket;
    this.#failed = failed;
  }

  /**
   * It is bound.
   *
   * @param connectTo Connected before anything is sent.
   */
  opened(connectTo: Target | null): void {
    this.bound = true;
    if (connectTo !== null) this.#queue.unshift({ bytes: null, to: connectTo });
    this.#next();
  }

  /** It could not be bound, and is closed: on Node it would hold its descriptor for ever. */
  failedToOpen(): void {
    this.#end();
  }

  /**
   * Sends a datagram.
   *
   * @param bytes They must not change any more.
   * @param to `null` for the connected address.
   * @returns Whether there was room for it.
   */
  send(bytes: Uint8Array, to: Target | null): boolean {
    if (this.#waiting >= MOST_WAITING) return false;
    this.#waiting += bytes.length + WAITING_COST;
    this.#queue.push({ bytes, to });
    this.#next();
    return true;
  }

  /** Connects, once what was sent before has left. */
  connect(to: Target): void {
    this.#queue.push({ bytes: null, to });
    this.#next();
  }

  /** Whether all that was written has left. */
  get isIdle(): boolean {
    return this.bound && !this.#busy && this.#queue.length === this.#first;
  }

  /**
   * Closes the socket once all has left.
   *
   * @param closed Called then.
   */
  close(closed: () => void): void {
    this.#closed = closed;
    this.#next();
  }

  /** Closes the socket, whatever still waits: {@linkcode close} has taken too long. */
  closeNow(): void {
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.bound = false;
    this.#queue.length = this.#first = this.#waiting = 0;
    this.socket.close(() => this.#closed?.());
  }

  #next(): void {
    while (this.bound && !this.#busy) {
      const next = this.#queue[this.#first];
      if (next === undefined) {
        this.#queue.length = this.#first = 0;
        if (this.#closed !== null) this.#end();
        return;
      }
      this.#queue[this.#first] = SENT;
      if (++this.#first === SPENT) {
        this.#queue.splice(0, SPENT);
        this.#first = 0;
      }
      this.#busy = true;
      if (next.bytes !== null) this.#waiting -= next.bytes.length + WAITING_COST;
      try {
        this.#handOver(next);
      } catch (error) {
        this.#busy = false;
        this.#failed(error as Error);
      }
    }
  }

  // The system tells of refusals once it knows of the address. Deno keeps that to itself: nobody hears of them.
  #handOver({ bytes, to }: Sending): void {
    if (bytes === null) this.socket.connect(to!.port, to!.host, this.#done);
    else if (to === null) this.socket.send(bytes, this.#done);
    else this.socket.send(bytes, to.port, to.host, this.#done);
  }
}
