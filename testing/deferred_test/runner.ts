/**
 * `deferredTest`: a `Deno.test` that knows of Deferreds, reactors and reported errors.
 * @module
 */
import { Deferred, Failure, maybeDeferred } from "@ropewalk/deferred";
import type { ReactorTime } from "@ropewalk/reactor/core";
import { settle } from "../_settle.ts";
import { Clock } from "../clock.ts";
import { collectErrors } from "../logged_errors.ts";
import { failOnLogged } from "../simulation/simulate.ts";
import { SimulatedNetwork } from "../simulation/simulated_network.ts";
import { TestContext } from "./context.ts";
import { Tracker } from "./tracker.ts";

/** Options of {@linkcode deferredTest}. */
export interface DeferredTestOptions<R extends ReactorTime = ReactorTime> {
  /** How long the test may take in real time, and on a virtual clock in virtual time too. @default 120 */
  timeoutSeconds?: number;
  /**
   * The reactor it uses, or a function that makes one for each run. It has to be clean at the end. A `Clock` or a
   * `SimulatedNetwork` is moved on until a Deferred that the test returned has fired.
   * @default a new `Clock`
   */
  reactor?: R | (() => R);
  /** As for `Deno.test`: whether to leave this test out. @default false */
  ignore?: boolean;
  /** As for `Deno.test`: whether to run only the tests that say so. @default false */
  only?: boolean;
}

/** What a test does; a Deferred or promise that it returns is awaited. */
export type DeferredTestFunction<R> = (t: TestContext<R>) => unknown;

/** How long a reactor has, in real time, to close what the test has let go of. */
const CLOSING_MILLISECONDS = 1000;

/**
 * Defines a test with `Deno.test`. It fails, beside what it throws itself, if the Deferred that it returned fails or
 * does not fire in time; if its reactor is dirty at the end (delayed calls, ports or connections are left, each named
 * with where it was made); and if errors were reported that it did not take with `flushLoggedErrors`.
 *
 * @param name A sentence.
 * @param options The reactor and the time-out.
 * @param fn The test.
 *
 * @example
 * ```ts ignore
 * import { Deferred } from "@ropewalk/deferred";
 * import { Clock, deferredTest } from "@ropewalk/testing";
 * import { assertEquals } from "@std/assert";
 *
 * deferredTest("an hour passes at once", { reactor: () => new Clock() }, (t) => {
 *   const hour = new Deferred<void>();
 *   t.reactor.callLater(3600, () => hour.callback());
 *   return hour.addCallback(() => assertEquals(t.reactor.seconds(), 3600));
 * });
 * ```
 */
export function deferredTest<R extends ReactorTime>(
  name: string,
  options: DeferredTestOptions<R>,
  fn: DeferredTestFunction<R>,
): void;
/** The same with the defaults: a new `Clock`, and 120 seconds. */
export function deferredTest(name: string, fn: DeferredTestFunction<Clock>): void;
export function deferredTest(
  name: string,
  second: DeferredTestOptions | DeferredTestFunction<Clock>,
  third?: DeferredTestFunction<never>,
): void {
  const [options, fn] = typeof second === "function"
    ? [{} as DeferredTestOptions, second as DeferredTestFunction<never>]
    : [second, third!];
  Deno.test({
    name,
    ignore: options.ignore ?? false,
    only: options.only ?? false,
    fn: () => runDeferredTest(options, fn as DeferredTestFunction<ReactorTime>),
  });
}

/**
 * Runs what {@linkcode deferredTest} defines; for other test runners.
 *
 * @param options The reactor and the time-out.
 * @param fn The test.
 * @returns Rejects with what was wrong; with an `AggregateError` if it was more than one thing.
 */
export async function runDeferredTest<R extends ReactorTime>(
  options: DeferredTestOptions<R>,
  fn: DeferredTestFunction<R>,
): Promise<void> {
  const { timeoutSeconds = 120 } = options;
  const reactor = typeof options.reactor === "function"
    ? (options.reactor as () => R)()
    : options.reactor ?? new Clock() as unknown as R;
  const errors: unknown[] = [];
  const note = (error: unknown) => void errors.push(error);
  const doneCollecting = collectErrors();
  const tracker = new Tracker(reactor);
  const context = new TestContext(reactor);
  const virtualEnd = reactor.seconds() + timeoutSeconds;
  const handedIn = options.reactor !== undefined;
  const inTime = (d: Deferred<unknown>, drive: boolean) =>
    within(d, timeoutSeconds, drive ? driver(reactor, virtualEnd, handedIn) : null).catch(note);
  try {
    let returned: unknown;
    const d = maybeDeferred(() => returned = noGenerator(fn(context)));
    await inTime(d, Deferred.is(returned));
    if (isVirtual(reactor) && reactor.seconds() > virtualEnd) {
      note(new Error(`The test took ${reactor.seconds() - virtualEnd + timeoutSeconds} s of virtual time`));
    }
    for (let cleanup = context.nextCleanup(); cleanup !== null; cleanup = context.nextCleanup()) {
      await inTime(cleanup, true);
    }
    await clean(reactor, tracker).catch(note);
  } finally {
    tracker.stop();
  }
  await dropGarbage();
  try {
    failOnLogged();
  } catch (error) {
    note(error);
  }
  doneCollecting();
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, errors.map(describe).join("\n\nand then:\n"));
}

// Where the program is run with `--expose-gc`, failures that nobody handled are found out now, not in a later test.
async function dropGarbage(): Promise<void> {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) return;
  gc();
  await settle();
}

function describe(error: unknown): string {
  return error instanceof Error ? error.stack ?? String(error) : String(error);
}

function noGenerator(result: unknown): unknown {
  if (typeof (result as { next?: unknown } | null)?.next === "function") {
    throw new TypeError("A test that is a generator does nothing: wrap it in inlineCallbacks");
  }
  return result;
}

function isVirtual(reactor: ReactorTime): reactor is Clock | SimulatedNetwork {
  return reactor instanceof Clock || reactor instanceof SimulatedNetwork;
}

// Awaits a Deferred for some real time, moving virtual time along meanwhile.
async function within(d: Deferred<unknown>, seconds: number, drive: Drive | null): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`The test is still running after ${seconds} s: ${d}`));
    }, seconds * 1000);
  });
  const settled = new Promise<void>((resolve, reject) => {
    d.addBoth((result) => {
      if (Failure.is(result)) reject(result.value);
      else resolve();
    });
  });
  try {
    await Promise.race([settled, timeout, drive === null ? settled : drive(d, () => over)]);
  } finally {
    over = true;
    clearTimeout(timer);
    d.cancel(); // nothing, if it has fired
  }
}

/** Moves virtual time along until a Deferred has fired. It fails when that cannot be, and never ends otherwise. */
type Drive = (d: Deferred<unknown>, isOver: () => boolean) => Promise<never>;

// A test that was handed no clock may be waiting for a reactor of its own, or for a promise: then real time decides.
function driver(reactor: ReactorTime, end: number, handedIn: boolean): Drive | null {
  if (!isVirtual(reactor)) return null;
  return async (d, isOver) => {
    for (;;) {
      await settle();
      if (isOver()) return await new Promise<never>(() => {});
      const next = reactor.getDelayedCalls()[0];
      if (next === undefined && !handedIn) return await new Promise<never>(() => {});
      if (next === undefined || next.getTime() > end) {
        const why = next === undefined
          ? "nothing is left that could fire it"
          : `its virtual time is over (${end} s)`;
        throw new Error(`The test is still running, and ${why}: ${d}`);
      }
      const seconds = Math.max(0, next.getTime() - reactor.seconds());
      if (reactor instanceof Clock) reactor.advance(seconds);
      else reactor.run(seconds);
    }
  };
}

// What was let go of may need a few turns to close; a test that leaves nothing waits for nothing.
async function clean(reactor: ReactorTime, tracker: Tracker): Promise<void> {
  if (tracker.leftovers().length === 0) return;
  if (!isVirtual(reactor)) {
    const end = performance.now() + CLOSING_MILLISECONDS;
    while (tracker.leftovers().length > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  const left = tracker.leftovers();
  if (left.length === 0) return;
  throw new Error(`The reactor is dirty: the test leaves\n${left.map((line) => `- ${line}`).join("\n")}`);
}
