/**
 * `react`: a program that ends when its main Deferred does.
 * @module
 */
import { maybeDeferred, reportError } from "@ropewalk/deferred";
import { ReactorNotRunning } from "./core/errors.ts";
import type { Reactor } from "./core/interfaces.ts";
import { exitProcess } from "./deno/exit_process.ts";
import { reactor as defaultReactor } from "./default_reactor.ts";

/** Thrown (or failed with) by a main function to end the process with a code of its own. */
export class SystemExit extends Error {
  /** The name of its class. */
  override readonly name = "SystemExit";

  /**
   * Makes one.
   *
   * @param exitCode What the process ends with.
   */
  constructor(readonly exitCode = 0) {
    super(`Exit with ${exitCode}`);
  }
}

/** Options of {@linkcode react}. */
export interface ReactOptions {
  /** The reactor to run. */
  reactor?: Reactor;
  /** Ends the process. */
  exit?: (code: number) => void;
}

/**
 * Runs the reactor until `main` is through, then ends the process: with 0; with the code of a {@linkcode SystemExit} it
 * failed with; else with 1, once the error is reported. A reactor that is stopped meanwhile ends it with 0.
 *
 * @param main Returns a Deferred or a promise.
 * @param args Given to it after the reactor; none need be given.
 * @param options Stand-ins, for tests.
 */
export function react(
  main: (reactor: Reactor) => unknown,
  args?: [],
  options?: ReactOptions,
): Promise<void>;
/** As above, for a main function with arguments. */
export function react<A extends unknown[]>(
  main: (reactor: Reactor, ...args: A) => unknown,
  args: A,
  options?: ReactOptions,
): Promise<void>;
export async function react(
  main: (reactor: Reactor, ...args: unknown[]) => unknown,
  args: unknown[] = [],
  options: ReactOptions = {},
): Promise<void> {
  const { reactor = defaultReactor, exit = exitProcess } = options;
  let code = 0;
  let stopping = false;
  reactor.addSystemEventTrigger("before", "shutdown", () => void (stopping = true));
  reactor.callWhenRunning(() => {
    maybeDeferred(main, reactor, ...args).addErrback((failure) => {
      if (failure.value instanceof SystemExit) code = failure.value.exitCode;
      else if (!stopping) {
        code = 1;
        reportError(failure, "The main function failed");
      }
    }).addBoth(() => {
      if (!reactor.running || stopping) return;
      try {
        reactor.stop();
      } catch (error) {
        if (!(error instanceof ReactorNotRunning)) throw error; // else main has asked it to stop, in this very turn
      }
    });
  });
  await reactor.run();
  exit(code);
}
