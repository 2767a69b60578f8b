/**
 * `SimulatedNetwork`: several hosts in one process, on one virtual clock.
 *
 * Everything that happens, a timer, a piece of a stream, a datagram, is one entry in one queue, ordered by its virtual
 * time and then by when it was arranged. Whatever is left to chance comes from one seeded generator. So a run is a
 * function of its seed and of the programs.
 * @module
 */
import { type Deferred, Failure, reportError } from "@ropewalk/deferred";
import { type DelayedCall, DelayedCalls, type Reactor, type ReactorTime } from "@ropewalk/reactor/core";
import { settle } from "../_settle.ts";
import { SeededRandom } from "../random.ts";
import { decideLink, type Link, type LinkOptions, LOCAL_LINK } from "./link.ts";
import { type HostOptions, SimulatedHost } from "./simulated_host.ts";
import { Trace } from "./trace.ts";

/** Options of {@linkcode SimulatedNetwork}. The conditions of links hold for every path that is not given its own. */
export interface SimulatedNetworkOptions extends LinkOptions {
  /** What chance depends on. @default 1 */
  seed?: number;
  /** How many bytes of a connection may be on their way, or wait at a reader that has paused. @default 262144 */
  windowBytes?: number;
  /** How long a piece of a stream that did not arrive waits to be sent again; it doubles each time. @default 0.2 */
  retransmitSeconds?: number;
  /** How long pieces are sent again in vain until the connection counts as lost. @default 60 */
  giveUpSeconds?: number;
  /** How many events {@linkcode SimulatedNetwork.trace} keeps. @default 50 */
  traceLength?: number;
}

/** A program: it is started with its host's reactor, and again with a new one each time the host restarts. */
export type Program = (reactor: Reactor, host: SimulatedHost) => unknown;

/** More events than this at one moment are taken for something that never ends. */
const MAX_EVENTS_AT_ONCE = 1_000_000;

/**
 * Hosts, the paths between them, and the time that passes in all of them. The programs on the hosts are ordinary
 * programs: they are given a reactor.
 *
 * It is a `ReactorTime` itself, for the hand of the test: what is arranged here belongs to no host.
 *
 * @example
 * ```ts
 * import { Factory, Protocol } from "@ropewalk/protocols";
 * import { SimulatedNetwork } from "@ropewalk/testing";
 * import { assertEquals } from "@std/assert";
 *
 * class Echo extends Protocol {
 *   override dataReceived(data: Uint8Array) {
 *     this.transport.write(data);
 *   }
 * }
 * let heard = "";
 * class Caller extends Protocol {
 *   override connectionMade() {
 *     this.transport.write("hello");
 *   }
 *   override dataReceived(data: Uint8Array) {
 *     heard += new TextDecoder().decode(data);
 *   }
 * }
 *
 * const network = new SimulatedNetwork({ seed: 7, latencySeconds: 0.05 });
 * network.addHost("server", (reactor) => reactor.listenTCP(7, Factory.forProtocol(Echo)));
 * network.addHost("client", (reactor) => reactor.connectTCP("server", 7, Factory.forProtocol(Caller)));
 * network.run(1);
 * assertEquals(heard, "hello");
 * ```
 */
export class SimulatedNetwork implements ReactorTime {
  /** What chance depends on. */
  readonly seed: number;
  /** Chance: a program that draws from it too stays a function of the seed. */
  readonly random: SeededRandom;
  /** What happened last, and a checksum over all of it. */
  readonly trace: Trace;
  /** How many bytes of a connection may be on their way or unread. */
  readonly windowBytes: number;
  /** The first wait before a piece of a stream is sent again. */
  readonly retransmitSeconds: number;
  /** How long a connection lives on while nothing arrives. */
  readonly giveUpSeconds: number;
  readonly #link: Link;
  readonly #links = new Map<string, Link>();
  readonly #hosts = new Map<string, SimulatedHost>();
  readonly #names = new Map<string, readonly string[]>();
  readonly #addresses = new Map<string, SimulatedHost>();
  readonly #blocked = new Set<string>();
  /** Who is cut off from everybody, so from hosts that are added later too. */
  #cutOff: { names: readonly string[]; oneWay: boolean }[] = [];
  readonly #calls = new DelayedCalls(() => this.#now);
  #now = 0;
  #running = false;

  /** Makes a network without hosts.
   *
   * @param options The seed, and the conditions of every path that is not given its own.
   */
  constructor(options: SimulatedNetworkOptions = {}) {
    this.seed = options.seed ?? 1;
    this.random = new SeededRandom(this.seed);
    this.trace = new Trace(options.traceLength ?? 50);
    this.windowBytes = options.windowBytes ?? 262_144;
    this.retransmitSeconds = options.retransmitSeconds ?? 0.2;
    this.giveUpSeconds = options.giveUpSeconds ?? 60;
    for (const name of ["windowBytes", "retransmitSeconds", "giveUpSeconds"] as const) {
      if (!(this[name] > 0)) throw new RangeError(`Cannot make a network: ${name} is ${this[name]}`);
    }
    this.#link = decideLink(options);
  }

  // ---------------------------------------------------------------------------------------------- hosts

  /**
   * Adds a host and starts it.
   *
   * @param name Its name, which other hosts can connect to.
   * @param program Started now, and again after each restart.
   * @param options Its addresses.
   * @throws {RangeError} If there is a host of that name or address.
   */
  addHost(name: string, program: Program | null = null, options: HostOptions = {}): SimulatedHost {
    if (this.#names.has(name)) throw new RangeError(`Cannot add the host "${name}": there is one`);
    const number = this.#hosts.size + 1;
    const addresses = options.addresses ?? [`10.0.${number >> 8}.${number & 255}`];
    for (const address of addresses) {
      const other = this.#addresses.get(address);
      if (other) throw new RangeError(`Cannot add the host "${name}": ${address} is that of "${other.name}"`);
    }
    const host = new SimulatedHost(this, name, addresses, program);
    for (const address of addresses) this.#addresses.set(address, host);
    this.#hosts.set(name, host);
    this.#names.set(name, addresses);
    for (const { names, oneWay } of this.#cutOff) this.#block(names, [name], oneWay);
    host.restart();
    return host;
  }

  /**
   * The host of some name.
   *
   * @throws {RangeError} If there is none.
   */
  host(name: string): SimulatedHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new RangeError(`Cannot find the host "${name}"`);
    return host;
  }

  /** All hosts, in the order in which they were added. */
  get hosts(): readonly SimulatedHost[] {
    return [...this.#hosts.values()];
  }

  /** Gives a name to some addresses, or takes it away (`[]`). Host names are there by themselves. */
  setName(name: string, addresses: readonly string[]): void {
    this.#names.set(name, [...addresses]);
  }

  /** The addresses of a name, as a host's resolver sees them; empty if there are none. */
  lookup(name: string): readonly string[] {
    return this.#names.get(name) ?? [];
  }

  /** The host at an address. */
  hostAt(address: string): SimulatedHost | undefined {
    return this.#addresses.get(address);
  }

  // ---------------------------------------------------------------------------------------------- paths

  /** Gives the path between two hosts conditions of its own, in both directions. */
  setLink(a: string, b: string, options: LinkOptions): void {
    const [one, other] = [this.host(a).name, this.host(b).name];
    for (const path of [`${one}→${other}`, `${other}→${one}`]) {
      this.#links.set(path, decideLink(options, this.#links.get(path) ?? this.#link));
    }
  }

  /** The conditions from one host to another. */
  linkBetween(from: SimulatedHost, to: SimulatedHost): Link {
    if (from === to) return LOCAL_LINK;
    if (this.#links.size === 0) return this.#link;
    return this.#links.get(`${from.name}→${to.name}`) ?? this.#link;
  }

  /**
   * Cuts the paths between two groups of hosts. What is on its way is lost with them; streams send it again until it
   * arrives or {@linkcode giveUpSeconds} are over.
   *
   * @param groupA Names.
   * @param groupB Names; by default all other hosts, those that are added later too.
   * @param options `oneWay`: only what `groupA` sends is lost.
   * @throws {RangeError} If there is no host of some name.
   */
  partition(
    groupA: readonly string[],
    groupB?: readonly string[],
    options: { oneWay?: boolean } = {},
  ): void {
    this.#check(groupA, groupB);
    const others = groupB ?? [...this.#hosts.keys()].filter((name) => !groupA.includes(name));
    this.#note(`${groupA}`, `${others}`, "partition");
    const oneWay = options.oneWay ?? false;
    this.#block(groupA, others, oneWay);
    if (groupB === undefined) this.#cutOff.push({ names: [...groupA], oneWay });
  }

  #block(groupA: readonly string[], groupB: readonly string[], oneWay: boolean): void {
    for (const a of groupA) {
      for (const b of groupB) {
        if (this.host(a) === this.host(b)) continue;
        this.#blocked.add(`${a}→${b}`);
        if (!oneWay) this.#blocked.add(`${b}→${a}`);
      }
    }
  }

  /**
   * Mends all paths, or those between two groups.
   *
   * @throws {RangeError} If there is no host of some name.
   */
  heal(groupA?: readonly string[], groupB?: readonly string[]): void {
    this.#check(groupA, groupB);
    this.#note(`${groupA ?? "all"}`, `${groupB ?? ""}`, "heal");
    const between = (name: string, group?: readonly string[]) => group === undefined || group.includes(name);
    for (const path of [...this.#blocked]) {
      const [from, to] = path.split("→") as [string, string];
      if ((between(from, groupA) && between(to, groupB)) || (between(to, groupA) && between(from, groupB))) {
        this.#blocked.delete(path);
      }
    }
    if (groupB !== undefined) return;
    this.#cutOff = this.#cutOff.map(({ names, oneWay }) => ({
      names: names.filter((name) => !between(name, groupA)),
      oneWay,
    }));
  }

  // A name that is mistyped would cut, or mend, nothing.
  #check(...groups: (readonly string[] | undefined)[]): void {
    for (const group of groups) group?.forEach((name) => this.host(name));
  }

  /** Whether nothing gets from one host to another. */
  isBlocked(from: SimulatedHost, to: SimulatedHost): boolean {
    return this.#blocked.size > 0 && this.#blocked.has(`${from.name}→${to.name}`);
  }

  #note(from: string, to: string, what: string): void {
    this.trace.note(this.#now, from, to, what, 0);
  }

  // ---------------------------------------------------------------------------------------------- time

  /** The virtual time, in seconds since the network was made. */
  seconds(): number {
    return this.#now;
  }

  /** Arranges a call by the hand of the test: no crash takes it away. */
  callLater<A extends unknown[]>(seconds: number, f: (...args: A) => unknown, ...args: A): DelayedCall {
    return this.#calls.add(seconds, f as (...args: unknown[]) => unknown, args);
  }

  /** All that is arranged, on every host and on the way between them. */
  getDelayedCalls(): DelayedCall[] {
    return this.#calls.list().sort((a, b) => a.getTime() - b.getTime());
  }

  /**
   * Lets time pass: everything that falls into it happens, each thing at its own time. What a program throws is
   * reported, as a real reactor does, and the others go on.
   */
  run(seconds: number): void {
    if (!(seconds >= 0 && seconds < Infinity)) throw new RangeError(`Cannot run for ${seconds} seconds`);
    this.#runWhile(this.#now + seconds, () => true);
  }

  /**
   * Lets time pass until something holds.
   *
   * @param condition Asked after every event; or a Deferred, whose firing is waited for.
   * @param limitSeconds How much time may pass.
   * @returns What the Deferred fired with.
   * @throws {Error} If the time is over, or nothing more can happen, before it holds. A Deferred's own error if it
   * fails.
   */
  runUntil<T>(condition: Deferred<T>, limitSeconds?: number): T;
  /** Lets time pass until a condition holds. */
  runUntil(condition: () => boolean, limitSeconds?: number): void;
  runUntil(condition: (() => boolean) | Deferred<unknown>, limitSeconds = 3600): unknown {
    if (typeof condition === "function") {
      this.#until(condition, limitSeconds, () => String(condition));
      return undefined;
    }
    const outcome = watch(condition);
    this.#until(() => outcome.fired, limitSeconds, () => String(condition));
    if (outcome.failure !== null) throw outcome.failure.value;
    return outcome.value;
  }

  /**
   * Lets time pass until nothing is arranged any more.
   *
   * @param limitSeconds How much time may pass.
   * @throws {Error} If there is still something then.
   */
  runToEnd(limitSeconds = 3600): void {
    this.#until(() => this.#calls.size === 0, limitSeconds, () => "the end of everything");
  }

  /**
   * As {@linkcode run}, for programs that use promises: whenever the time is about to move on, all promise reactions
   * run first. What comes from outside the process is not waited for.
   */
  async play(seconds: number): Promise<void> {
    const end = this.#now + seconds;
    await settle();
    while (this.#calls.nextTime <= end) {
      this.#runWhile(this.#calls.nextTime, () => true);
      await settle();
    }
    this.run(Math.max(0, end - this.#now));
  }

  /**
   * As {@linkcode runUntil} for a promise or Deferred, with programs that use promises.
   *
   * @param result What is waited for.
   * @param limitSeconds How much time may pass.
   */
  async playUntil<T>(result: PromiseLike<T>, limitSeconds = 3600): Promise<Awaited<T>> {
    let done = false;
    const promise = Promise.resolve(result);
    promise.then(() => done = true, () => done = true);
    const end = this.#now + limitSeconds;
    await settle();
    while (!done) {
      const next = this.#calls.nextTime;
      if (next > end) throw this.#stuck("a promise", limitSeconds);
      this.#runWhile(next, () => true);
      await settle();
    }
    return await promise;
  }

  #until(holds: () => boolean, limitSeconds: number, what: () => string): void {
    const end = this.#now + limitSeconds;
    if (holds()) return;
    let held = false;
    this.#runWhile(end, () => !(held = holds()), false);
    if (!held) throw this.#stuck(what(), limitSeconds);
  }

  #stuck(what: string, limitSeconds: number): Error {
    const left = this.#calls.size === 0
      ? "nothing more can happen"
      : `${this.#calls.size} events are to come`;
    return new Error(
      `Cannot run until ${what}: ${left} after ${limitSeconds} seconds at the most (it is ${this.#now} s)`,
    );
  }

  #runWhile(end: number, goesOn: () => boolean, passTheRest = true): void {
    if (this.#running) {
      throw new TypeError("Cannot run the network: it is running, and this is one of its events");
    }
    this.#running = true;
    try {
      let atOnce = 0;
      while (this.#calls.size > 0 && this.#calls.nextTime <= end) {
        if (this.#calls.nextTime > this.#now) {
          this.#now = this.#calls.nextTime;
          atOnce = 0;
        } else if (++atOnce > MAX_EVENTS_AT_ONCE) {
          throw new Error(
            `Cannot run on: ${MAX_EVENTS_AT_ONCE} events happened at ${this.#now} s and more are due`,
          );
        }
        let ran = true;
        try {
          ran = this.#calls.runNext(this.#now); // not if the call was cancelled or put off meanwhile
        } catch (error) {
          reportError(error, "A delayed call failed");
        }
        if (ran && !goesOn()) return;
      }
      if (passTheRest && end > this.#now) this.#now = end;
    } finally {
      this.#running = false;
    }
  }
}

function watch(d: Deferred<unknown>): { fired: boolean; value: unknown; failure: Failure | null } {
  const outcome = { fired: false, value: undefined as unknown, failure: null as Failure | null };
  d.addBoth((result) => {
    outcome.fired = true;
    if (Failure.is(result)) {
      outcome.failure = result;
      return undefined;
    }
    outcome.value = result;
    return result;
  });
  return outcome;
}
