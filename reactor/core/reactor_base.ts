/**
 * `ReactorBase`: what every reactor does alike — time, life, figures — over the few things that a host has to offer.
 * @module
 */
import { type Deferred, type Failure, reportError, succeed } from "@ropewalk/deferred";
import { closeAll, type WhatIsOpen } from "./close_all.ts";
import { DelayedCalls } from "./delayed_calls.ts";
import { ReactorAlreadyRunning, ReactorNotRunning } from "./errors.ts";
import type {
  DelayedCall,
  ReactorCore,
  ReactorStats,
  ReactorTime,
  RunOptions,
  SystemEvent,
  TriggerId,
  TriggerPhase,
} from "./interfaces.ts";
import { EventTriggers } from "./system_events.ts";

/** What a host offers to {@linkcode ReactorBase}. */
export interface HostClock {
  /** A clock that never runs backwards, in seconds. */
  seconds(): number;
  /** Arranges a call; what is returned names it. */
  set(f: () => void, milliseconds: number): unknown;
  /** Takes it back. */
  clear(id: unknown): void;
  /** It no longer keeps the process alive, though it still comes; where the host can. */
  unref?(id: unknown): void;
}

/** The longest a host's timer can wait, in milliseconds. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** Two signals this close together are one that was passed on. */
const SAME_SIGNAL_SECONDS = 1;

/** Time, life and figures of a reactor. */
export abstract class ReactorBase implements ReactorCore, ReactorTime {
  /** The host's clock. */
  protected readonly clock: HostClock;
  /** What the status page shows. Connections and ports count themselves here. */
  readonly figures: Figures = new Figures();

  readonly #calls: DelayedCalls;
  readonly #made: number;
  #turn = -1; // the time in this turn; -1 until somebody asks
  readonly #turnOver = (): void => void (this.#turn = -1);
  #timer: unknown = null;
  #timerTime = Infinity;
  #state: "stopped" | "starting" | "running" | "stopping" = "stopped";
  #running = false;
  #signalTime = -Infinity;
  #startup = new EventTriggers("startup");
  #shutdown = new EventTriggers("shutdown");
  #ended: (() => void) | null = null;
  #keepAlive: DelayedCall | null = null;
  #resting = false; // has run and stopped: what was arranged till then keeps the process alive no longer
  #calling = false; // in the middle of delayed calls

  /**
   * Makes one.
   *
   * @param clock The host's clock.
   */
  constructor(clock: HostClock) {
    this.clock = clock;
    const failed = (error: unknown): void => this.reportError(error, "Error in a delayed call");
    this.#calls = new DelayedCalls(() => clock.seconds(), () => this.#arm(), failed);
    this.#made = clock.seconds();
  }

  /** The present time, in seconds from some fixed point. */
  seconds(): number {
    return this.clock.seconds();
  }

  /** The time as it was when this was first called in the present turn. */
  turnSeconds(): number {
    if (this.#turn < 0) {
      this.#turn = this.clock.seconds();
      queueMicrotask(this.#turnOver);
    }
    return this.#turn;
  }

  /** Calls `f(...args)` in a later turn, `seconds` from now at the earliest. */
  callLater<A extends unknown[]>(seconds: number, f: (...args: A) => unknown, ...args: A): DelayedCall {
    const call = this.#calls.add(seconds, f as (...args: unknown[]) => unknown, args);
    if (this.#resting && !this.#calling) this.#rest(false); // somebody has a use for it after its run
    return call;
  }

  /** The calls that are still to come. */
  getDelayedCalls(): DelayedCall[] {
    return this.#calls.list().filter((call) => call !== this.#keepAlive);
  }

  /** True from the start-up triggers' "during" phase until the reactor has stopped. */
  get running(): boolean {
    return this.#running;
  }

  /** Runs until {@linkcode stop} has run every shutdown trigger. */
  run(options: RunOptions = {}): Promise<void> {
    if (this.#state !== "stopped") return Promise.reject(new ReactorAlreadyRunning());
    this.#state = "starting";
    if (this.#resting) this.#rest(false);
    const removeHandlers = options.installSignalHandlers === false
      ? null
      : this.handleSignals(() => this.#signalled());
    this.#keepAlive = this.callLater(86_400, () => this.#stayAlive());
    const ended = new Promise<void>((resolve) => {
      this.#ended = () => {
        this.#ended = null;
        this.#state = "stopped";
        this.#running = false;
        if (this.#keepAlive?.active()) this.#keepAlive.cancel();
        this.#keepAlive = null;
        removeHandlers?.();
        this.#rest(true);
        resolve();
      };
    });
    this.#startup.fire(() => {
      if (this.#state === "starting") this.#state = "running";
      this.#running = this.#ended !== null;
    });
    return ended;
  }

  /** Begins to stop. */
  stop(): void {
    if (this.#state === "stopped" || this.#state === "stopping") throw new ReactorNotRunning();
    this.#state = "stopping";
    const ended = this.#ended;
    this.callLater(0, () => this.#shutDown(ended));
  }

  /** Ends {@linkcode run} without the shutdown triggers. */
  crash(): void {
    if (this.#ended === null) throw new ReactorNotRunning("Cannot crash the reactor: it is not running");
    this.#ended();
  }

  /** Calls `f` when the reactor runs: at once if it does, else when it starts. */
  callWhenRunning<A extends unknown[]>(f: (...args: A) => unknown, ...args: A): TriggerId | undefined {
    if (this.#running) {
      f(...args);
      return undefined;
    }
    return this.addSystemEventTrigger("after", "startup", f, ...args);
  }

  /** Calls `f` in a phase of an event. */
  addSystemEventTrigger<A extends unknown[]>(
    phase: TriggerPhase,
    event: SystemEvent,
    f: (...args: A) => unknown,
    ...args: A
  ): TriggerId {
    return this.#triggers(event).add(phase, () => f(...args));
  }

  /** Takes a trigger back. */
  removeSystemEventTrigger(id: TriggerId): void {
    this.#triggers(id.event).remove(id);
  }

  /** What the reactor does and has done. */
  stats(): ReactorStats {
    const { figures } = this;
    return {
      uptimeSeconds: this.seconds() - this.#made,
      ports: [...figures.ports].map(String),
      connections: figures.connections.size,
      connectionsTotal: figures.connectionsTotal,
      bytesIn: figures.bytesIn,
      bytesOut: figures.bytesOut,
      pendingCalls: this.#calls.size - (this.#keepAlive === null ? 0 : 1),
      errors: figures.errors,
    };
  }

  /** Reports an error that nobody handled, and counts it. */
  reportError(error: unknown, context: string): void {
    this.figures.errors++;
    reportError(error, context);
  }

  /** Calls `stop` on SIGINT, SIGTERM and SIGBREAK; returns what takes the handlers away again. */
  protected abstract handleSignals(stop: () => void): () => void;

  #triggers(event: SystemEvent): EventTriggers {
    if (event === "startup") return this.#startup;
    if (event === "shutdown") return this.#shutdown;
    throw new RangeError(`Cannot find a trigger: there is no event "${event}"`);
  }

  // One Ctrl-C may arrive twice: from the terminal, and from a program like `deno task` that passes it on. Asked again
  // after that, somebody is in a hurry.
  #signalled(): void {
    if (this.#state === "stopping") {
      if (this.seconds() - this.#signalTime > SAME_SIGNAL_SECONDS) this.crash();
    } else if (this.#state !== "stopped") {
      this.#signalTime = this.seconds();
      this.stop();
    }
  }

  #shutDown(ended: (() => void) | null): void {
    if (ended === null || this.#ended !== ended) return; // it crashed meanwhile
    let closed: Deferred<unknown> = succeed();
    this.#shutdown.fire(() => void (closed = this.#closeAll())).addCallback(() => closed).addBoth(
      () => {
        if (this.#ended === ended) ended();
      },
    );
  }

  #closeAll(): Deferred<unknown> {
    this.figures.closing = true;
    try {
      return closeAll(this.figures);
    } finally {
      this.figures.closing = false;
    }
  }

  // What was arranged before the run ended must not keep the process alive; what is arranged later may.
  #rest(resting: boolean): void {
    this.#resting = resting;
    this.#timerTime = NaN; // nothing equals it: the timer is armed afresh
    this.#arm();
  }

  // Node and Deno end a process that waits for nothing: while the reactor runs it always waits for this.
  #stayAlive(): void {
    this.#keepAlive = this.callLater(86_400, () => this.#stayAlive());
  }

  #arm(): void {
    const time = this.#calls.size === 0 ? Infinity : this.#calls.nextTime;
    if (time === this.#timerTime) return;
    if (this.#timer !== null) this.clock.clear(this.#timer);
    this.#timerTime = time;
    if (time === Infinity) {
      this.#timer = null;
      return;
    }
    const milliseconds = Math.ceil((time - this.seconds()) * 1000);
    this.#timer = this.clock.set(() => this.#runDue(), Math.min(Math.max(0, milliseconds), LONGEST_WAIT));
    if (this.#resting) this.clock.unref?.(this.#timer);
  }

  #runDue(): void {
    this.#timer = null;
    this.#timerTime = NaN; // nothing equals it: the timer is armed afresh below
    const now = this.seconds();
    const before = this.#calls.nextOrder; // what is arranged meanwhile belongs to a later turn
    this.#calling = true;
    for (;;) {
      try {
        if (!this.#calls.runNext(now, before)) break;
      } catch (error) {
        this.reportError(error, "Error in a delayed call");
      }
    }
    this.#calling = false;
    this.#timerTime = NaN;
    this.#arm();
  }
}

/** What is open, and the counters behind `stats()`. */
export class Figures implements WhatIsOpen {
  /** What listens. */
  readonly ports: Set<{ stopListening(): Deferred<void> }> = new Set();
  /** Connections that are open now. */
  readonly connections: Set<{ breakOff(reason: Failure): void }> = new Set();
  /** True while all of these are closed: a connector that is given up does not connect again. */
  closing = false;
  /** Connections that are being made. */
  readonly attempts: Set<{ stopConnecting(): void }> = new Set();
  /** Connections that were ever opened. */
  connectionsTotal = 0;
  /** Bytes read. */
  bytesIn = 0;
  /** Bytes written. */
  bytesOut = 0;
  /** Errors that nobody handled. */
  errors = 0;
}
