/**
 * The life of a reactor, its figures, and the whole of it.
 * @module
 */
import type { ReactorUDP } from "./datagrams.ts";
import type { ReactorTCP, ReactorTLS, ReactorUNIX } from "./streams.ts";
import type { ReactorTime } from "./time.ts";

/** Phases of a system event, in the order in which they run. */
export type TriggerPhase = "before" | "during" | "after";

/** System events. */
export type SystemEvent = "startup" | "shutdown";

/** Names a trigger for its removal. */
export type TriggerId = { readonly phase: TriggerPhase; readonly event: SystemEvent };

/** Options of {@linkcode ReactorCore.run}. */
export interface RunOptions {
  /** Whether SIGINT, SIGTERM and SIGBREAK stop the reactor. @default true */
  installSignalHandlers?: boolean;
}

/** The life of a reactor. */
export interface ReactorCore {
  /** True from the start-up triggers' "during" phase until the reactor has stopped. */
  readonly running: boolean;
  /**
   * Runs the start-up triggers, keeps the process alive, and ends when {@linkcode stop} has run every shutdown trigger.
   *
   * @throws {ReactorAlreadyRunning} (as a rejection) If it runs.
   */
  run(options?: RunOptions): Promise<void>;
  /**
   * Begins to stop: the shutdown triggers run in a later turn, and the Deferreds they return are awaited.
   *
   * @throws {ReactorNotRunning} If it does not run, or stops already.
   */
  stop(): void;
  /** Ends {@linkcode run} without the shutdown triggers. */
  crash(): void;
  /** Calls `f` when the reactor runs: at once if it does, else when it starts. */
  callWhenRunning<A extends unknown[]>(f: (...args: A) => unknown, ...args: A): TriggerId | undefined;
  /** Calls `f` in a phase of an event. A Deferred that a "before" trigger returns is awaited. */
  addSystemEventTrigger<A extends unknown[]>(
    phase: TriggerPhase,
    event: SystemEvent,
    f: (...args: A) => unknown,
    ...args: A
  ): TriggerId;
  /**
   * Takes a trigger back.
   * @throws {RangeError} If it was removed before, or has run.
   */
  removeSystemEventTrigger(id: TriggerId): void;
  /** What the reactor does and has done, for a status page. */
  stats(): ReactorStats;
}

/** Figures of a reactor. */
export interface ReactorStats {
  /** Seconds since the reactor was made. */
  uptimeSeconds: number;
  /** The ports that listen, as text. */
  ports: string[];
  /** Connections that are open now. */
  connections: number;
  /** Connections that were ever opened, both accepted and made. */
  connectionsTotal: number;
  /** Bytes read from all of them. */
  bytesIn: number;
  /** Bytes written to all of them. */
  bytesOut: number;
  /** Calls that `callLater` still has to make. */
  pendingCalls: number;
  /** Errors that were reported because nobody handled them. */
  errors: number;
}

/** A whole reactor. */
export interface Reactor extends ReactorCore, ReactorTime, ReactorTCP, ReactorTLS, ReactorUNIX, ReactorUDP {}
