/**
 * The life of a reactor in memory: start-up, running, shutdown, and the triggers of each.
 * @module
 */
import { type Deferred, maybeDeferred, reportError } from "@ropewalk/deferred";
import {
  ReactorAlreadyRunning,
  ReactorNotRunning,
  type SystemEvent,
  type TriggerId,
  type TriggerPhase,
} from "@ropewalk/reactor/core";

interface Trigger extends TriggerId {
  readonly run: () => unknown;
}

/** The part of `ReactorCore` that has no sockets in it. */
export class Lifecycle {
  running = false;
  hasRun = false;
  hasStopped = false;
  hasCrashed = false;
  readonly #later: (f: () => void) => void;
  readonly #triggers = new Map<SystemEvent, Trigger[]>([["startup", []], ["shutdown", []]]);
  #started = false;
  #stopping = false;
  #ended: (() => void) | null = null;

  /** @param later Runs a function in a later turn of the reactor. */
  constructor(later: (f: () => void) => void) {
    this.#later = later;
  }

  /** Begins to run, and ends when the reactor has stopped. The start-up triggers run now, as far as they do not wait. */
  run(): Promise<void> {
    if (this.#started) return Promise.reject(new ReactorAlreadyRunning());
    this.#started = true;
    this.hasRun = true;
    this.#stopping = false;
    const ended = new Promise<void>((resolve) => this.#ended = resolve);
    this.#fire("startup", () => void (this.running = true), () => {});
    return ended;
  }

  stop(): void {
    if (!this.#started || this.#stopping) throw new ReactorNotRunning();
    this.#stopping = true;
    this.hasStopped = true;
    this.#later(() => this.#fire("shutdown", () => void (this.running = false), () => this.#end()));
  }

  crash(): void {
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
    const triggers = this.#triggers.get(event);
    if (triggers === undefined) throw new RangeError(`Cannot add a trigger: there is no event "${event}"`);
    if (!["before", "during", "after"].includes(phase)) {
      throw new RangeError(`Cannot add a trigger: there is no phase "${phase}"`);
    }
    const trigger: Trigger = { phase, event, run: f };
    triggers.push(trigger);
    return trigger;
  }

  remove(id: TriggerId): void {
    const triggers = this.#triggers.get(id.event) ?? [];
    const index = triggers.indexOf(id as Trigger);
    if (index < 0) throw new RangeError("Cannot remove a trigger: it was removed, or has run");
    triggers.splice(index, 1);
  }

  // A trigger is taken out before it runs, so one may remove another that is still to come.
  #fire(event: SystemEvent, during: () => void, done: () => void): void {
    const wait = new Countdown(() => {
      during();
      for (const f of this.#taken(event, "during")) attempt(f, event);
      for (const f of this.#taken(event, "after")) attempt(f, event);
      done();
    });
    for (const f of this.#taken(event, "before")) wait.forEnd(attempt(f, event));
    wait.begin();
  }

  *#taken(event: SystemEvent, phase: TriggerPhase): Generator<() => unknown> {
    const triggers = this.#triggers.get(event)!;
    for (;;) {
      const index = triggers.findIndex((trigger) => trigger.phase === phase);
      if (index < 0) return;
      yield triggers.splice(index, 1)[0]!.run;
    }
  }
}

function attempt(f: () => unknown, event: SystemEvent): Deferred<void> {
  return maybeDeferred(f).addCallbacks(
    () => {},
    (failure) => reportError(failure, `A ${event} trigger failed`),
  );
}

// Calls `done` when `begin` was called and every Deferred it was given has fired.
class Countdown {
  #left = 1;

  constructor(readonly done: () => void) {}

  forEnd(d: Deferred<void>): void {
    this.#left++;
    d.addCallback(() => this.begin());
  }

  begin(): void {
    if (--this.#left === 0) this.done();
  }
}
