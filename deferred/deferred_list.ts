/**
 * Several Deferreds as one: `DeferredList`, `gatherResults`, `race`.
 * @module
 */
import { Deferred, type Outcome, postpone } from "./deferred.ts";
import { FailureGroup, FirstError } from "./errors.ts";
import { Failure } from "./failure.ts";
import { toDeferred } from "./functions.ts";
import { reportError } from "./report.ts";

/** How a {@linkcode DeferredList} behaves. */
export interface DeferredListOptions {
  /**
   * Fires with `[value, index]` as soon as one of the Deferreds has a value.
   *
   * @default {false}
   */
  readonly fireOnOneCallback?: boolean;
  /**
   * Fails with {@linkcode FirstError} as soon as one of the Deferreds fails.
   *
   * @default {false}
   */
  readonly fireOnOneErrback?: boolean;
  /**
   * Leaves `undefined` in place of the failures of the Deferreds themselves, so that nobody else has to handle them.
   *
   * @default {false}
   */
  readonly consumeErrors?: boolean;
}

/** How one of several Deferreds came out: `[true, value]` or `[false, failure]`. */
export type Settled<T> = [ok: true, value: T] | [ok: false, failure: Failure];

/** What a {@linkcode DeferredList} of `D` fires with under the options `O`. */
export type DeferredListResult<D extends readonly unknown[], O> =
  | { -readonly [K in keyof D]: Settled<Outcome<D[K]>> }
  | (O extends { readonly fireOnOneCallback: infer B }
    ? (true extends B ? [value: Outcome<D[number]>, index: number] : never)
    : never);

/**
 * Waits for several Deferreds: fires with one `[ok, value]` for each, in the order they were given, when the last has
 * its result. It never fails, unless it is told to by `fireOnOneErrback`.
 *
 * The Deferreds keep their results, and their failures, which stay theirs to handle unless `consumeErrors` is set.
 * Cancelling the list cancels every one of them that has no result yet.
 *
 * @example
 * ```ts
 * import { DeferredList, fail, succeed } from "@ropewalk/deferred";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: string[] = [];
 * new DeferredList([succeed(1), fail(new Error("no"))], { consumeErrors: true }).addCallback((results) => {
 *   for (const [ok, value] of results) seen.push(ok ? `got ${value}` : value.getErrorMessage());
 * });
 * assertEquals(seen, ["got 1", "no"]);
 * ```
 */
export class DeferredList<
  const D extends readonly unknown[] = readonly unknown[],
  const O extends DeferredListOptions = DeferredListOptions,
> extends Deferred<DeferredListResult<D, O>> {
  /** How many of the Deferreds have a result by now. */
  finishedCount = 0;
  /** What they came out as so far; places without a result yet are empty. */
  readonly resultList: Settled<unknown>[];

  /**
   * Starts to wait.
   *
   * @param deferreds What to wait for: Deferreds; promises and plain values will do as well.
   * @param options When to fire, and whose the failures are.
   */
  constructor(deferreds: readonly [...D], options?: O) {
    const members = deferreds.map((member) => toDeferred(member));
    super(() => {
      cancelAll(members);
      if (!this.called) fired = postpone(this); // a member goes on waiting in spite of that, and so does the list
    });
    let fired: Deferred<unknown> = this as unknown as Deferred<unknown>;
    const { fireOnOneCallback = false, fireOnOneErrback = false, consumeErrors = false } = options ?? {};
    this.resultList = new Array(members.length);
    const done = (result: unknown, index: number): unknown => {
      const failed = Failure.is(result);
      this.resultList[index] = failed ? [false, result] : [true, result];
      this.finishedCount++;
      if (!fired.called) {
        if (!failed && fireOnOneCallback) fired.callback([result, index]);
        else if (failed && fireOnOneErrback) fired.errback(new FirstError(result, index));
        else if (this.finishedCount === members.length) fired.callback(this.resultList);
      }
      // A promise's Deferred was made here: nobody else could handle its failure.
      return failed && (consumeErrors || members[index] !== deferreds[index]) ? undefined : result;
    };
    // As in Twisted: with nothing to wait for there is no first value either, so that one waits for ever.
    if (members.length === 0 && !fireOnOneCallback) fired.callback([]);
    members.forEach((member, index) => member.addBoth(done, index));
  }
}

/** How {@linkcode gatherResults} behaves. */
export interface GatherOptions {
  /**
   * Leaves `undefined` in place of the failures of the Deferreds themselves, so that nobody else has to handle them.
   *
   * @default {false}
   */
  readonly consumeErrors?: boolean;
}

/**
 * Waits for several Deferreds and gives their values; fails with `FirstError` as soon as one of them fails.
 * Cancelling the result cancels all of them.
 *
 * @param deferreds What to wait for: Deferreds, promises, plain values.
 * @param options Whose the failures of the Deferreds are.
 * @returns A Deferred for the values, as a tuple in the order of the Deferreds.
 *
 * @example
 * ```ts
 * import { gatherResults, succeed } from "@ropewalk/deferred";
 * import { assertEquals } from "@std/assert";
 *
 * let text = "";
 * gatherResults([succeed("answer"), succeed(42)]).addCallback(([name, n]) => text = `${name}: ${n.toFixed()}`);
 * assertEquals(text, "answer: 42");
 * ```
 */
export function gatherResults<const D extends readonly unknown[]>(
  deferreds: readonly [...D],
  options: GatherOptions = {},
): Deferred<{ -readonly [K in keyof D]: Outcome<D[K]> }> {
  const list = new DeferredList<readonly unknown[]>(deferreds, { ...options, fireOnOneErrback: true });
  return list.addCallback((results) => results.map(([, value]) => value)) as Deferred<never>;
}

/**
 * Takes the first value that several Deferreds come to, and cancels the others. Fails with `FailureGroup` when all of
 * them failed. The Deferreds are used up: their results, late ones too, are dropped.
 *
 * @param deferreds What to wait for: Deferreds, promises, plain values.
 * @returns A Deferred for `[index, value]` of the first. Cancelling it cancels all of them.
 *
 * @example
 * ```ts
 * import { Deferred, race } from "@ropewalk/deferred";
 * import { assertEquals } from "@std/assert";
 *
 * const slow = new Deferred<string>();
 * const quick = new Deferred<string>();
 * let winner: unknown;
 * race([slow, quick]).addCallback((first) => winner = first);
 * quick.callback("here");
 * assertEquals(winner, [1, "here"]);
 * assertEquals(slow.called, true); // it was cancelled
 * ```
 */
export function race<const D extends readonly unknown[]>(
  deferreds: readonly [...D],
): Deferred<[index: number, value: Outcome<D[number]>]> {
  const members = deferreds.map((member) => toDeferred(member));
  const failures: Failure[] = new Array(members.length);
  const result = new Deferred<unknown>(() => cancelAll(members));
  let failedCount = 0;
  let decided = false;
  const succeeded = (value: unknown, index: number): void => {
    if (decided) return;
    decided = true;
    cancelAll(members.filter((_, other) => other !== index)); // first: nothing of theirs may come after the result
    if (!result.called) result.callback([index, value]);
  };
  const failed = (failure: Failure, index: number): void => {
    failures[index] = failure;
    if (++failedCount < members.length || decided) return;
    decided = true;
    result.errback(new FailureGroup(failures));
  };
  if (members.length === 0) result.errback(new FailureGroup(failures));
  members.forEach((member, index) => {
    member.addCallbacks((value) => succeeded(value, index), (failure) => failed(failure, index));
  });
  return result as Deferred<never>;
}

/** Cancels each; a canceller that throws is reported, and does not keep the others from being cancelled. */
function cancelAll(members: readonly Deferred<unknown>[]): void {
  for (const member of members) {
    try {
      member.cancel();
    } catch (error) {
      reportError(error, "A canceller failed");
    }
  }
}
