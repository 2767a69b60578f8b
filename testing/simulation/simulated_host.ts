/**
 * `SimulatedHost`: a machine in a simulated network.
 * @module
 */
import type { Reactor } from "@ropewalk/reactor/core";
import { reportError } from "@ropewalk/deferred";
import type { Program, SimulatedNetwork } from "./simulated_network.ts";
import { SimulatedReactor } from "./_simulated_reactor.ts";

/** Options of `addHost`. */
export interface HostOptions {
  /** Its addresses, IPv4 or IPv6. @default one of 10.0.0.0/16 */
  addresses?: readonly string[];
}

/** The reactor of a host as the network's own parts know it; `null` while the host is down. */
export let currentReactor: (host: SimulatedHost) => SimulatedReactor | null;

/**
 * A machine: it has addresses, and a reactor for as long as it is up. A crash takes the reactor with everything that it
 * had arranged; nobody is told. The far ends of its connections hear of it only when they send something: as a reset if
 * the host is up again, by a time-out if it is not.
 */
export class SimulatedHost {
  static {
    currentReactor = (host) => host.#reactor;
  }
  #reactor: SimulatedReactor | null = null;
  #restarts = -1;

  /** Made by `addHost`. */
  constructor(
    readonly network: SimulatedNetwork,
    readonly name: string,
    readonly addresses: readonly string[],
    readonly program: Program | null,
  ) {}

  /** The first of its addresses. */
  get address(): string {
    return this.addresses[0]!;
  }

  /** Whether it is up. */
  get isUp(): boolean {
    return this.#reactor !== null;
  }

  /** How often it was started again. */
  get restarts(): number {
    return this.#restarts;
  }

  /**
   * Its reactor; after a restart it is another one.
   *
   * @throws {TypeError} If the host is down.
   */
  get reactor(): Reactor {
    if (this.#reactor === null) throw new TypeError(`Cannot use the host "${this.name}": it is down`);
    return this.#reactor;
  }

  /** Whether it has this address. */
  has(address: string): boolean {
    return this.addresses.includes(address);
  }

  /** Stops dead: no trigger runs, no connection is closed, no datagram leaves. */
  crash(): void {
    if (this.#reactor === null) return;
    this.network.trace.note(this.network.seconds(), this.name, "", "crash", 0);
    this.#reactor._die();
    this.#reactor = null;
  }

  /** Starts, after a crash if it is up: with a new reactor, on which the program is started. */
  restart(): void {
    this.crash();
    this.#restarts++;
    this.network.trace.note(this.network.seconds(), this.name, "", "start", 0);
    const reactor = this.#reactor = new SimulatedReactor(this);
    try {
      this.program?.(reactor, this);
    } catch (error) {
      if (this.#restarts === 0) throw error; // the test's own set-up
      reportError(error, `The program of ${this.name} failed to start`);
    }
  }
}
