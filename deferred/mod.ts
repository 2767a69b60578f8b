/**
 * Results that are not there yet: Twisted's `Deferred`, typed.
 *
 * @example
 * ```ts
 * import { Deferred } from "@ropewalk/deferred";
 *
 * const page = new Deferred<string>();
 * page.addCallback((text) => text.length).addErrback((failure) => {
 *   failure.trap(RangeError);
 *   return 0;
 * });
 * page.callback("hello");
 * ```
 *
 * @module
 */
export { Deferred, type OnlyAny, type Outcome, type TimeProvider } from "./deferred.ts";
export {
  DeferredList,
  type DeferredListOptions,
  type DeferredListResult,
  type GatherOptions,
  gatherResults,
  race,
  type Settled,
} from "./deferred_list.ts";
export { DeferredQueue, type DeferredQueueOptions } from "./deferred_queue.ts";
export { type ErrorClass, errorNames, Failure } from "./failure.ts";
export { abortable, execute, fail, maybeDeferred, succeed } from "./functions.ts";
export { type DeferredGenerator, ensureDeferred, inlineCallbacks } from "./inline_callbacks.ts";
export { type ErrorReporter, reportError, reportToConsole, setErrorReporter } from "./report.ts";
export { DeferredLock, DeferredSemaphore } from "./semaphore.ts";
export { getDebugging, setDebugging } from "./_debug.ts";
export {
  AlreadyCalledError,
  CancelledError,
  FailureGroup,
  FirstError,
  NotACoroutineError,
  QueueOverflow,
  QueueUnderflow,
  TimeoutError,
} from "./errors.ts";
