/**
 * What two Ropewalk peers can do that Twisted cannot, and how they find each other out.
 *
 * ```text
 *   ── [version 6] ──►        once, as ever
 *   ── [version 6] ──►        once more, from a peer that would like to know: Twisted takes it and says nothing
 *   ◄── [ropewalk 1] ──       another Ropewalk answers; from now on both may say:
 *   ── [message 7 luid name 2 args kwargs] ──►   2: answer, and keep the result as result 7
 *   ── [message 8 [result 7] name 1 …] ──►       a call on a result that is not there yet
 *   ── [release 7] ──►                           it is needed no longer
 *   ── [cancel 8] ──►                            nobody wants the answer any more
 * ```
 * @module
 */
import { JellyError, PBError, ProtocolError } from "./errors.ts";
import type { Failure } from "@ropewalk/deferred";

/** How far two peers have got in finding out. */
export type Agreement = "unknown" | "asked" | "agreed";

/** Something that can be told to stop. */
export interface Cancellable {
  cancel(): void;
  /** Called when the connection is lost; a Deferred has none: its work may matter to others than the caller. */
  lost?(): void;
}

type Waiter = (outcome: Kept, waited: boolean) => void;

/** The result of a call that others may be waiting to call. */
export class Kept {
  settled = false;
  failure: Failure | null = null;
  value: unknown = undefined;
  readonly waiters: Waiter[] = [];
}

/** The state of one connection. */
export class Extensions {
  agreement: Agreement = "unknown";
  /** How often the peer has told its version. */
  versions = 0;
  readonly #kept = new Map<number, Kept>();
  readonly #serving = new Map<number, Cancellable>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Whether any call that runs can be stopped by the peer. */
  get busy(): boolean {
    return this.#serving.size > 0 || this.#kept.size > 0;
  }

  /** The result of call `id` is to be kept. */
  keep(id: number): void {
    if (this.agreement !== "agreed") {
      throw new ProtocolError("A result was to be kept before that was agreed on");
    }
    if (this.#kept.size >= this.#most) {
      throw new JellyError(`Cannot keep a result: ${this.#most} are kept already`);
    }
    this.#kept.set(id, new Kept());
  }

  /** The outcome of call `id` is there. */
  settle(id: number, value: unknown, failure: Failure | null): void {
    const kept = this.#kept.get(id);
    if (kept === undefined || kept.settled) return;
    kept.settled = true;
    kept.value = value;
    kept.failure = failure;
    for (const waiter of kept.waiters.splice(0)) waiter(kept, true);
  }

  /** Calls `waiter` when the result of call `id` is there; at once if it is, else `waits` now. */
  whenSettled(id: number, waits: () => void, waiter: Waiter): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) throw new PBError(`The result of call ${id} is not kept`);
    if (kept.settled) {
      waiter(kept, false);
      return;
    }
    kept.waiters.push(waiter);
    waits();
  }

  /** The result of call `id` is needed no longer. */
  release(id: number): void {
    this.#kept.delete(id);
  }

  /** Call `id` runs, and can be stopped. */
  serve(id: number, work: Cancellable): void {
    this.#serving.set(id, work);
  }

  /** Call `id` is through. */
  served(id: number): void {
    this.#serving.delete(id);
  }

  /** Nobody wants the answer of call `id` any more. */
  cancel(id: number): void {
    const work = this.#serving.get(id);
    this.#serving.delete(id);
    work?.cancel();
  }

  /** The connection is lost: what runs is told. */
  clear(): Cancellable[] {
    const works = [...this.#serving.values()];
    this.#serving.clear();
    this.#kept.clear();
    return works;
  }
}
