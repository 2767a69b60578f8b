/**
 * Two protocols joined in memory, and the pump that moves what they say.
 * @module
 */
import type { StreamProtocol } from "@ropewalk/reactor/core";
import { byteByByte, cutAt } from "./chunks.ts";
import { Bytes, type Carrier, type Parcel, RESET, StreamEnd } from "./_stream_end.ts";
import { Clock } from "./clock.ts";
import type { MemoryTransport } from "./memory_transport.ts";
import { SeededRandom } from "./random.ts";

/** More rounds than this in one `flush` are taken for a conversation that never ends. */
const MAX_ROUNDS = 100_000;

/** How bytes are cut on their way: not at all, one at a time, or at random from a seed. */
export type Cut = "whole" | "bytes" | { readonly seed: number };

/** Options of {@linkcode connectedServerAndClient}. */
export interface LoopbackOptions {
  /** How bytes are cut. @default "whole" */
  cut?: Cut;
  /** The clock of both transports. @default a new one */
  clock?: Clock;
  /** Whether to move what the protocols say when the connection is made. @default true */
  greet?: boolean;
}

/** A class of protocols, a function that makes one, or a protocol itself. */
export type ProtocolSource<P extends StreamProtocol> = (new () => P) | (() => P) | P;

/** Two protocols, connected. */
export interface ConnectedPair<S extends StreamProtocol, C extends StreamProtocol> {
  /** The one that accepted the connection. */
  readonly server: S;
  /** The one that made it. */
  readonly client: C;
  /** Moves bytes between them. */
  readonly pump: IOPump;
}

/**
 * Joins two protocols in memory. Nothing moves but by the pump.
 *
 * @param server The class of the accepting protocol, a function that makes it, or the protocol.
 * @param client The same for the connecting one.
 * @param options How bytes are cut, and the clock.
 *
 * @example
 * ```ts
 * import { Protocol } from "@ropewalk/protocols";
 * import { connectedServerAndClient } from "@ropewalk/testing";
 * import { assertEquals } from "@std/assert";
 *
 * class Echo extends Protocol {
 *   override dataReceived(data: Uint8Array) {
 *     this.transport.write(data);
 *   }
 * }
 * class Caller extends Protocol {
 *   heard = "";
 *   override connectionMade() {
 *     this.transport.write("is anybody there?");
 *   }
 *   override dataReceived(data: Uint8Array) {
 *     this.heard += new TextDecoder().decode(data);
 *   }
 * }
 *
 * const { client } = connectedServerAndClient(Echo, Caller, { cut: "bytes" });
 * assertEquals(client.heard, "is anybody there?");
 * ```
 */
export function connectedServerAndClient<S extends StreamProtocol, C extends StreamProtocol>(
  server: ProtocolSource<S>,
  client: ProtocolSource<C>,
  options: LoopbackOptions = {},
): ConnectedPair<S, C> {
  const serverProtocol = make(server);
  const clientProtocol = make(client);
  const pump = new IOPump(serverProtocol, clientProtocol, options);
  return { server: serverProtocol, client: clientProtocol, pump };
}

/** Moves bytes between two protocols when a test says so. */
export class IOPump implements Disposable {
  /** The accepting protocol's end. */
  readonly serverIO: MemoryTransport;
  /** The connecting protocol's end. */
  readonly clientIO: MemoryTransport;
  /** The clock of both; each {@linkcode pump} runs what is due on it now. */
  readonly clock: Clock;
  readonly #ends: readonly [StreamEnd, StreamEnd];
  readonly #cut: (bytes: Uint8Array) => Uint8Array[];
  readonly #thrown: unknown[] = [];
  #woken = false;

  /** Joins two protocols and makes their connections, the accepting one's first.
   *
   * @param server The accepting protocol.
   * @param client The connecting one.
   * @param options As for {@linkcode connectedServerAndClient}.
   */
  constructor(server: StreamProtocol, client: StreamProtocol, options: LoopbackOptions = {}) {
    this.clock = options.clock ?? new Clock();
    const carrier: Carrier = {
      wake: () => void (this.#woken = true),
      threw: (_end, error) => void this.#thrown.push(error),
    };
    const serverEnd = new StreamEnd(carrier, "server", { reactor: this.clock });
    const clientEnd = new StreamEnd(carrier, "client", {
      reactor: this.clock,
      host: serverEnd.getPeer(),
      peer: serverEnd.getHost(),
    });
    serverEnd.peer = clientEnd;
    clientEnd.peer = serverEnd;
    serverEnd.protocol = server;
    clientEnd.protocol = client;
    this.serverIO = serverEnd;
    this.clientIO = clientEnd;
    this.#ends = [serverEnd, clientEnd];
    this.#cut = cutter(options.cut ?? "whole");
    serverEnd.open(server);
    clientEnd.open(client);
    this.#rethrow();
    if (options.greet !== false) this.flush();
  }

  /**
   * Moves once, both ways, what has been written by now.
   *
   * @returns Whether there was anything to do.
   * @throws What a protocol threw. Its connection is lost by then, as it would be in a reactor.
   */
  pump(): boolean {
    const [server, client] = this.#ends;
    this.#woken = false;
    const fromServer = takeAll(server);
    const fromClient = takeAll(client);
    this.#carry(server, fromServer);
    this.#carry(client, fromClient);
    for (const end of this.#ends) end.read(); // what waited for `resumeProducing`
    this.clock.advance(0);
    this.#rethrow();
    return fromServer.length + fromClient.length > 0 || this.#woken;
  }

  /**
   * Moves until nobody has anything more to say.
   *
   * @returns Whether anything was moved.
   * @throws {Error} If that does not end.
   * @throws What a protocol threw.
   */
  flush(): boolean {
    if (!this.pump()) return false;
    for (let round = 0; this.pump(); round++) {
      if (round > MAX_ROUNDS) {
        throw new Error(`Cannot flush: the protocols still talk after ${MAX_ROUNDS} rounds`);
      }
    }
    return true;
  }

  /** Closes the connection from both sides and moves what is left. */
  [Symbol.dispose](): void {
    for (const end of this.#ends) end.loseConnection();
    this.flush();
    for (const end of this.#ends) end.abortConnection();
    this.flush();
  }

  #carry(from: StreamEnd, parcels: Parcel[]): void {
    for (const parcel of parcels) {
      from.left(parcel);
      if (!(parcel instanceof Bytes)) {
        from.peer.arrive(parcel);
        continue;
      }
      for (const chunk of this.#cut(parcel.data)) {
        if (!from.peer.arrive(new Bytes(chunk, parcel.secure)) && from.connected) from.arrive(RESET);
      }
    }
  }

  #rethrow(): void {
    const errors = this.#thrown.splice(0);
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, "Both protocols threw, or one did twice");
  }
}

// A peer that does not read leaves the bytes with the sender, whose producers then hold.
function takeAll(end: StreamEnd): Parcel[] {
  const parcels: Parcel[] = [];
  const reads = end.peer.producerState !== "paused";
  if (!reads && !(end.aborting || !end.connected)) return parcels;
  for (let parcel = end.take(); parcel !== null; parcel = end.take()) parcels.push(parcel);
  return parcels;
}

function cutter(cut: Cut): (bytes: Uint8Array) => Uint8Array[] {
  if (cut === "whole") return (bytes) => [bytes];
  if (cut === "bytes") return byteByByte;
  if (typeof cut !== "object") {
    throw new RangeError(`Cannot cut: "${cut}" is neither "whole", "bytes" nor { seed }`);
  }
  const random = new SeededRandom(cut.seed);
  return (bytes) => {
    const points = Array.from({ length: random.integer(0, 4) }, () => random.integer(1, bytes.length));
    return cutAt(bytes, points.sort((a, b) => a - b));
  };
}

// An arrow function has no `prototype`; anything else can be called with `new`, and a protocol is no function.
function make<P extends StreamProtocol>(source: ProtocolSource<P>): P {
  if (typeof source !== "function") return source;
  if (source.prototype === undefined) return (source as () => P)();
  return new (source as new () => P)();
}
