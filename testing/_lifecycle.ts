/**
 * The life of a reactor in memory: start-up, running, shutdown, and the triggers of each.
 * @module
 */
import {
  EventTriggers,
  ReactorAlreadyRunning,
  ReactorNotRunning,
  type SystemEvent,
  type TriggerId,
  type TriggerPhase,
} from "@ropewalk/reactor/core";

/** The part of `ReactorCore` that has no sockets in it. */
export class Lifecycle {
  running = false;
  hasRun = false;
  hasStopped = false;
  hasCrashed = false;
  readonly #later: (f: () => void) => void;
  readonly #closeAll: () => void;
  readonly #triggers = { startup: new EventTriggers("startup"), shutdown: new EventTriggers("shutdown") };
  #started = false;
  #stopping = false;
  #ended: (() => void) | null = null;

  /**
   * @param later Runs a function in a later turn of the reactor.
   * @param closeAll Closes what is open, between the phases "before" and "during" of the shutdown.
   */
  constructor(later: (f: () => void) => void, closeAll: () => void = () => {}) {
    this.#later = later;
    this.#closeAll = closeAll;
  }

  /** Begins to run, and ends when the reactor has stopped. The start-up triggers run now, as far as they do not wait. */
  run(): Promise<void> {
    if (this.#started) return Promise.reject(new ReactorAlreadyRunning());
    this.#started = true;
    this.#stopping = false;
    this.hasRun = true;
    const ended = new Promise<void>((resolve) => this.#ended = resolve);
    this.#triggers.startup.fire(() => void (this.running = this.#started));
    return ended;
  }

  stop(): void {
    if (!this.#started || this.#stopping) throw new ReactorNotRunning();
    this.#stopping = true;
    this.hasStopped = true;
    const ended = this.#ended;
    this.#later(() => {
      if (this.#ended !== ended) return; // it crashed meanwhile
      const during = (): void => {
        this.running = false;
        this.#closeAll();
      };
      this.#triggers.shutdown.fire(during).addCallback(() => {
        if (this.#ended === ended) this.#end();
      });
    });
  }

  crash(): void {
    if (!this.#started) throw new ReactorNotRunning("Cannot crash the reactor: it is not running");
    this.hasCrashed = true;
    this.#end();
  }

  #end(): void {
    this.running = false;
    this.#started = false;
    const ended = this.#ended;
    this.#ended = null;
    ended?.();
  }

  callWhenRunning(f: () => unknown): TriggerId | undefined {
    if (!this.running) return this.add("after", "startup", f);
    f();
    return undefined;
  }

  add(phase: TriggerPhase, event: SystemEvent, f: () => unknown): TriggerId {
    return this.#of(event).add(phase, f);
  }

  remove(id: TriggerId): void {
    this.#of(id.event).remove(id);
  }

  #of(event: SystemEvent): EventTriggers {
    const triggers = this.#triggers[event];
    if (triggers === undefined) throw new RangeError(`Cannot find a trigger: there is no event "${event}"`);
    return triggers;
  }
}
