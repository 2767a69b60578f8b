/**
 * Reports a failure that was left in a Deferred when the Deferred is collected, or when the program ends.
 * Only Deferreds whose chain *ended* failed are registered, so the path of success pays nothing; what is
 * held on to is the failure, never the Deferred.
 * @module
 */
import { storyOf } from "./_debug.ts";
import type { Failure } from "./failure.ts";
import { reportError } from "./report.ts";

interface Left {
  readonly failure: Failure;
  readonly story: string;
}

const left = new Set<Left>();
const byDeferred = new WeakMap<object, Left>();
const registry = new FinalizationRegistry<Left>(report);
let watchingExit = false;

function report(record: Left): void {
  if (!left.delete(record)) return;
  reportError(record.failure, `Unhandled error in Deferred${record.story}`);
}

/** The chain of `deferred` ended with `failure`: it is reported unless {@linkcode forget} comes first. */
export function remember(deferred: object, failure: Failure): void {
  if (!watchingExit) watchExit();
  const record = { failure, story: storyOf(deferred) };
  registry.register(deferred, record, record);
  byDeferred.set(deferred, record);
  left.add(record);
}

/** Somebody takes the failure of `deferred` in hand after all. */
export function forget(deferred: object): void {
  const record = byDeferred.get(deferred);
  if (record === undefined) return;
  left.delete(record);
  byDeferred.delete(deferred);
  registry.unregister(record);
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
    for (const record of [...left]) report(record);
  };
  if (host.Deno !== undefined && host.addEventListener) host.addEventListener("unload", reportAll);
  else host.process?.once?.("exit", reportAll);
}
