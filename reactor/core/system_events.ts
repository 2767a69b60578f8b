/**
 * System events: "startup" and "shutdown", each in three phases.
 *
 * ```text
 *   before ──► (every Deferred they return has fired) ──► during ──► after
 * ```
 * @module
 */
import { Deferred, maybeDeferred, reportError } from "@ropewalk/deferred";
import type { SystemEvent, TriggerId, TriggerPhase } from "./interfaces.ts";

interface Trigger extends TriggerId {
  readonly run: () => unknown;
}

const PHASES: readonly TriggerPhase[] = ["before", "during", "after"];

/** The triggers of one event. */
export class EventTriggers {
  readonly #triggers: Record<TriggerPhase, Trigger[]> = { before: [], during: [], after: [] };

  /**
   * Makes one.
   *
   * @param event Its name.
   */
  constructor(readonly event: SystemEvent) {}

  /** Adds a trigger to a phase. */
  add(phase: TriggerPhase, run: () => unknown): TriggerId {
    if (!PHASES.includes(phase)) throw new RangeError(`Cannot add a trigger: there is no phase "${phase}"`);
    const trigger: Trigger = { phase, event: this.event, run };
    this.#triggers[phase].push(trigger);
    return trigger;
  }

  /** Takes a trigger back. */
  remove(id: TriggerId): void {
    const triggers = this.#triggers[id.phase];
    const index = triggers.indexOf(id as Trigger);
    if (index < 0) throw new RangeError(`Cannot remove a trigger of "${this.event}": it is not there`);
    triggers.splice(index, 1);
  }

  /**
   * Runs them all, each once. What a trigger throws is reported and stops nothing.
   *
   * @param during Called when the "during" phase begins.
   * @returns Fires when the last phase is through.
   */
  fire(during: () => void = () => {}): Deferred<void> {
    const done = new Deferred<void>();
    let waiting = 1;
    const proceed = (): void => {
      if (--waiting > 0) return;
      during();
      for (const phase of ["during", "after"] as const) {
        for (let trigger; (trigger = this.#triggers[phase].shift()) !== undefined;) this.#run(trigger);
      }
      done.callback();
    };
    for (let trigger; (trigger = this.#triggers.before.shift()) !== undefined;) {
      waiting++;
      this.#run(trigger).addBoth(proceed);
    }
    proceed();
    return done;
  }

  #run(trigger: Trigger): Deferred<unknown> {
    return maybeDeferred(trigger.run).addErrback((failure) =>
      reportError(failure, `Error in a trigger ${trigger.phase} ${this.event}`)
    );
  }
}
