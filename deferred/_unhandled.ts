/**
 * Reports a failure that was left in a Deferred: when the Deferred is collected, or when the program ends.
 *
 * Most failures that a chain ends with are handled a moment later (`fail(e)` is given its errback), and registering for
 * collection is dear. So a failure first goes on a list, and only if it is still there in the next microtask is it
 * registered. What is held on to then is a copy: the error itself may hold the Deferred (see `_stand_in.ts`).
 * @module
 */
import { storyOf } from "./_debug.ts";
import { standInFor } from "./_stand_in.ts";
import type { Failure } from "./failure.ts";
import { reportError } from "./report.ts";

/** A failure that a chain ended with. */
export interface Left {
  /** The failure, then the copy of it; `null` when it was handled or reported. */
  failure: Failure | null;
  /** The error, where `failure` is a copy: as long as anybody else has it, it is the one that is reported. */
  original: WeakRef<object> | null;
  /** The Deferred, until it is registered for collection. */
  deferred: object | null;
  readonly story: string;
}

const fresh: Left[] = [];
const left = new Set<Left>();
const registry = new FinalizationRegistry<Left>(report);
let watchingExit = false;

/** The chain of `deferred` ended with `failure`: it is reported unless {@linkcode forget} comes first. */
export function remember(deferred: object, failure: Failure): Left {
  const record: Left = { failure, original: null, deferred, story: storyOf(deferred) };
  if (fresh.length === 0) queueMicrotask(register);
  fresh.push(record);
  if (!watchingExit) watchExit();
  return record;
}

/** Somebody takes the failure in hand after all. */
export function forget(record: Left): void {
  record.failure = null;
  if (record.deferred === null) {
    left.delete(record);
    registry.unregister(record);
  } else if (fresh.length > 1 && fresh[fresh.length - 1] === record) {
    fresh.pop(); // the first stays, for it stands for the microtask that is under way
  }
}

function register(): void {
  for (const record of fresh) {
    if (record.failure === null) continue;
    left.add(record);
    registry.register(record.deferred!, record, record);
    record.deferred = null;
    const copy = standInFor(record.failure) as Failure;
    if (copy.value === record.failure.value) continue;
    record.original = new WeakRef(record.failure.value as object);
    record.failure = copy;
  }
  fresh.length = 0;
}

function report(record: Left): void {
  const original = record.original?.deref();
  const failure = original === undefined ? record.failure : record.failure?.withValue(original) ?? null;
  left.delete(record);
  record.failure = null;
  if (failure !== null) reportError(failure, `Unhandled error in Deferred${record.story}`);
}

// Whatever is still unhandled when the program ends was never collected: report it then.
function watchExit(): void {
  watchingExit = true;
  const host = globalThis as {
    addEventListener?: (type: "unload", listener: () => void) => void;
    Deno?: unknown;
    process?: { once?: (event: "exit", listener: () => void) => void };
  };
  const reportAll = () => {
    for (const record of [...left, ...fresh]) report(record);
  };
  if (host.Deno !== undefined && host.addEventListener) host.addEventListener("unload", reportAll);
  else host.process?.once?.("exit", reportAll);
}
