/**
 * `Cooperator`: long work in small steps, so that everything else gets its turn.
 * @module
 */
import { Deferred, Failure } from "@ropewalk/deferred";
import type { DelayedCall, ReactorTime } from "../interfaces.ts";
import { defaultClock } from "./default_clock.ts";

/** A task was stopped before it was through. */
export class TaskStopped extends Error {
  /** The name of its class. */
  override readonly name = "TaskStopped";
  /** Stable identifier of this kind of error. */
  readonly code: string = "TASK_STOPPED";
}

/** A task that is through cannot be paused, resumed or stopped. */
export class TaskDone extends Error {
  /** The name of its class. */
  override readonly name = "TaskDone";
  /** Stable identifier of this kind of error. */
  readonly code = "TASK_DONE";
}

/** A task that failed cannot be paused, resumed or stopped. */
export class TaskFailed extends Error {
  /** The name of its class. */
  override readonly name = "TaskFailed";
  /** Stable identifier of this kind of error. */
  readonly code = "TASK_FAILED";
}

/** `resume` on a task that is not paused. */
export class NotPaused extends Error {
  /** The name of its class. */
  override readonly name = "NotPaused";
  /** Stable identifier of this kind of error. */
  readonly code = "NOT_PAUSED";
}

/** A cooperator that was stopped takes no tasks. */
export class SchedulerStopped extends Error {
  /** The name of its class. */
  override readonly name = "SchedulerStopped";
  /** Stable identifier of this kind of error. */
  readonly code = "SCHEDULER_STOPPED";
}

/** So many steps make a slice on a clock that stands still, as a test's does; else endless work would never let go. */
const STILL_STEPS = 1000;

/** Work in steps: what each step yields is ignored, but a Deferred or promise is waited for. */
export type Steps = Iterator<unknown, unknown, undefined>;

/** One piece of work that a {@linkcode Cooperator} does. */
export class CooperativeTask {
  readonly #steps: Steps;
  readonly #owner: TaskOwner;
  #pauses = 0;
  #outcome: Failure | Steps | null = null;
  #end: Error | null = null; // why pause, resume and stop are refused
  #waiters: Deferred<Steps>[] = [];
  #unasked: Deferred<Steps> | null = null;

  /** @ignore Made by {@linkcode Cooperator.cooperate}. */
  constructor(steps: Steps, owner: TaskOwner) {
    this.#steps = steps;
    this.#owner = owner;
    owner.wake(this);
  }

  /** Fires with the iterator when the work is done, or fails with what it threw, or with {@linkcode TaskStopped}. */
  whenDone(): Deferred<Steps> {
    const unasked = this.#unasked;
    if (unasked !== null) {
      this.#unasked = null;
      return unasked;
    }
    const d = new Deferred<Steps>();
    if (this.#outcome === null) this.#waiters.push(d);
    else d.callback(this.#outcome);
    return d;
  }

  /** Holds the work until {@linkcode resume} was called as many times. */
  pause(): void {
    this.#check();
    if (this.#pauses++ === 0) this.#owner.rest(this);
  }

  /**
   * Takes one {@linkcode pause} back.
   * @throws {NotPaused} If there is none.
   */
  resume(): void {
    if (this.#pauses === 0) throw new NotPaused("Cannot resume the task: it is not paused");
    if (--this.#pauses === 0 && this.#outcome === null) this.#owner.wake(this);
  }

  /** Gives the work up. */
  stop(): void {
    this.#check();
    this._finish(
      new Failure(new TaskStopped("The task was stopped")),
      new TaskStopped("The task was stopped"),
    );
  }

  /** @ignore One step. */
  _step(): void {
    let step: IteratorResult<unknown, unknown>;
    try {
      step = this.#steps.next();
    } catch (error) {
      this._finish(new Failure(error), new TaskFailed("Cannot change the task: it failed"));
      return;
    }
    if (this.#outcome !== null) return; // it stopped itself
    if (step.done) {
      this._finish(this.#steps, new TaskDone("Cannot change the task: it is done"));
      return;
    }
    const { value } = step;
    if (Deferred.is(value)) this.#wait(value);
    else if (value instanceof Promise) this.#wait(Deferred.fromPromise(value));
  }

  /** @ignore */
  _finish(outcome: Failure | Steps, end: Error): void {
    if (this.#outcome !== null) return;
    this.#outcome = outcome;
    this.#end = end;
    this.#owner.end(this);
    const waiters = this.#waiters;
    this.#waiters = [];
    if (waiters.length === 0 && end instanceof TaskFailed) {
      this.#unasked = new Deferred(); // when this task is forgotten and nobody has asked, the failure is reported
      this.#unasked.callback(outcome);
    }
    for (const d of waiters) d.callback(outcome);
  }

  #wait(d: Deferred<unknown>): void {
    this.pause();
    d.addCallbacks(
      () => this.resume(),
      (failure) => this._finish(failure, new TaskFailed("Cannot change the task: it failed")),
    );
  }

  #check(): void {
    if (this.#end !== null) throw this.#end;
  }
}

/** What a task needs of its cooperator. */
interface TaskOwner {
  wake(task: CooperativeTask): void;
  rest(task: CooperativeTask): void;
  end(task: CooperativeTask): void;
}

/** Options of {@linkcode Cooperator}. */
export interface CooperatorOptions {
  /** Where the time comes from. */
  reactor?: ReactorTime;
  /** How long it works before everything else gets a turn. @default 0.01 */
  timeSliceSeconds?: number;
}

/**
 * Does several pieces of work in turn, a step of each, for a hundredth of a second at a time.
 *
 * @example
 * ```ts
 * import { Cooperator } from "@ropewalk/reactor/core";
 * import { Clock } from "@ropewalk/testing";
 *
 * function* count() {
 *   for (let i = 0; i < 1000; i++) yield;
 * }
 *
 * const clock = new Clock();
 * const task = new Cooperator({ reactor: clock }).cooperate(count());
 * task.whenDone().addCallback(() => console.log("counted"));
 * clock.advance(0);
 * ```
 */
export class Cooperator {
  readonly #reactor: ReactorTime | null;
  readonly #slice: number;
  #ready: CooperativeTask[] = [];
  #next = 0;
  #call: DelayedCall | null = null;
  #stopped = false;
  readonly #tasks = new Set<CooperativeTask>();
  readonly #owner: TaskOwner = {
    wake: (task) => {
      this.#tasks.add(task);
      this.#ready.push(task);
      this.#schedule();
    },
    rest: (task) => {
      const index = this.#ready.indexOf(task);
      if (index < 0) return;
      this.#ready.splice(index, 1);
      if (index < this.#next) this.#next--;
      if (this.#ready.length === 0 && this.#call?.active()) this.#call.cancel();
    },
    end: (task) => {
      this.#tasks.delete(task);
      this.#owner.rest(task);
    },
  };

  /**
   * Makes one.
   *
   * @param options Its clock and time slice.
   */
  constructor(options: CooperatorOptions = {}) {
    this.#reactor = options.reactor ?? null;
    this.#slice = options.timeSliceSeconds ?? 0.01;
  }

  /**
   * Takes on some work.
   *
   * @param steps Each `next` is a step. Where it yields a Deferred or promise, that is waited for.
   */
  cooperate(steps: Steps): CooperativeTask {
    const task = new CooperativeTask(steps, this.#owner);
    if (this.#stopped) {
      const error = new SchedulerStopped("The cooperator was stopped");
      task._finish(new Failure(error), error);
    }
    return task;
  }

  /** As {@linkcode cooperate}, for those who only want to know when it is done. Cancelling stops the work. */
  coiterate(steps: Steps): Deferred<Steps> {
    return untilDone(this.cooperate(steps));
  }

  /** Begins, or begins again after {@linkcode stop}. A new cooperator has begun. */
  start(): void {
    this.#stopped = false;
    this.#schedule();
  }

  /** Gives up all tasks, and takes no more. */
  stop(): void {
    this.#stopped = true;
    const error = new SchedulerStopped("The cooperator was stopped");
    for (const task of [...this.#tasks]) task._finish(new Failure(error), error);
    if (this.#call?.active()) this.#call.cancel();
  }

  /** True until {@linkcode stop}. */
  get running(): boolean {
    return !this.#stopped;
  }

  #schedule(): void {
    if (this.#stopped || this.#ready.length === 0 || this.#call?.active()) return;
    this.#call = this.#clock.callLater(0, () => this.#work());
  }

  #work(): void {
    const clock = this.#clock;
    const start = clock.seconds();
    const end = start + this.#slice;
    let now = start;
    let still = 0;
    do {
      if (this.#next >= this.#ready.length) {
        this.#next = 0;
        if (this.#ready.length === 0) return;
      }
      this.#ready[this.#next++]!._step();
      now = clock.seconds();
    } while (now < end && (now > start || ++still < STILL_STEPS));
    this.#schedule();
  }

  get #clock(): ReactorTime {
    return this.#reactor ?? defaultClock();
  }
}

let shared: Cooperator | null = null;

/** Does some work on the default reactor, in small steps; see {@linkcode Cooperator.cooperate}. */
export function cooperate(steps: Steps): CooperativeTask {
  return (shared ??= new Cooperator()).cooperate(steps);
}

/** As {@linkcode cooperate}, for those who only want to know when it is done. Cancelling stops the work. */
export function coiterate(steps: Steps): Deferred<Steps> {
  return untilDone(cooperate(steps));
}

function untilDone(task: CooperativeTask): Deferred<Steps> {
  const done = new Deferred<Steps>(() => task.stop());
  task.whenDone().addBoth((outcome) => done.callback(outcome));
  return done;
}
