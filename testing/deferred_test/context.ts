/**
 * What a `deferredTest` is given.
 * @module
 */
import { type Deferred, maybeDeferred } from "@ropewalk/deferred";

type Cleanup = () => unknown;

/** What the function of a `deferredTest` is given. */
export class TestContext<R> {
  readonly #cleanups: Cleanup[] = [];

  /** Made by `deferredTest`.
   *
   * @param reactor The test's reactor.
   */
  constructor(
    /** The reactor that the test's options name. */
    readonly reactor: R,
  ) {}

  /**
   * Arranges something for the end of the test, whether it passes or not. What is added last runs first; a Deferred or
   * promise that one returns is awaited before the next.
   *
   * @param f What to do.
   * @param args Its arguments.
   */
  addCleanup<A extends unknown[]>(f: (...args: A) => unknown, ...args: A): void {
    this.#cleanups.push(() => f(...args));
  }

  /** The next cleanup, begun; `null` when none is left. */
  nextCleanup(): Deferred<unknown> | null {
    const f = this.#cleanups.pop();
    return f === undefined ? null : maybeDeferred(f);
  }
}
