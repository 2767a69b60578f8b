/**
 * `DeferredFilesystemLock`: a lock between processes, which is waited for without blocking.
 *
 * @example
 * ```ts ignore
 * import { reactor } from "@ropewalk/reactor";
 * import { FilePath } from "@ropewalk/reactor/filepath";
 * import { DeferredFilesystemLock } from "@ropewalk/reactor/filesystem-lock";
 *
 * const lock = new DeferredFilesystemLock(new FilePath("/tmp/app.lock"), { reactor });
 * await lock.deferUntilLocked(10);
 * await lock.unlock();
 * ```
 *
 * @module
 */
import process from "node:process";
import { Deferred, TimeoutError } from "@ropewalk/deferred";
import type { DelayedCall, ReactorTime } from "./core/interfaces.ts";
import { type FilePath, isMissing } from "./filepath/mod.ts";

/** Options of {@linkcode DeferredFilesystemLock}. */
export interface FilesystemLockOptions {
  /** Where the time comes from. */
  reactor: ReactorTime;
  /** How long it waits between two attempts. @default 1 */
  intervalSeconds?: number;
  /**
   * Whether there is a process of that number.
   *
   * @default Asks the system, for which Deno wants `--allow-run`; without it every process counts as alive.
   */
  isAlive?: (pid: number) => boolean;
}

/**
 * A lock file that holds the number of the process that has it. That of a process which is gone is taken over; while
 * that happens there is a second file, its name with `.clearing` after it. A process that dies in that moment leaves it
 * there, and then nobody takes over until somebody removes it. So it is with one that dies between making the file and
 * writing its number.
 */
export class DeferredFilesystemLock {
  /** True while we have it. */
  locked = false;
  readonly #file: FilePath;
  readonly #reactor: ReactorTime;
  readonly #interval: number;
  readonly #isAlive: (pid: number) => boolean;
  #waiting = false;

  /**
   * Makes one.
   *
   * @param file The lock file.
   * @param options The clock, and the interval.
   */
  constructor(file: FilePath, options: FilesystemLockOptions) {
    this.#file = file;
    this.#reactor = options.reactor;
    this.#interval = options.intervalSeconds ?? 1;
    this.#isAlive = options.isAlive ?? processIsAlive;
  }

  /** Takes the lock if it is free. Resolves to whether we have it now. */
  async lock(): Promise<boolean> {
    if (this.locked) throw new TypeError("Cannot lock: the lock is ours already");
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        const file = await this.#file.open("new");
        await file.write(new TextEncoder().encode(String(process.pid))).finally(() => file.close());
        return this.locked = true;
      } catch (error) {
        if ((error as { code?: unknown }).code !== "EEXIST") throw error;
      }
      if (!await this.#abandoned()) return false;
      if (!await this.#clearAway()) return false;
    }
    return false;
  }

  /** Gives the lock back. */
  async unlock(): Promise<void> {
    if (!this.locked) throw new TypeError("Cannot unlock: the lock is not ours");
    this.locked = false;
    await this.#file.remove();
  }

  /**
   * Waits for the lock. Cancelling the Deferred gives the waiting up.
   *
   * @param timeoutSeconds How long at most; without it, for ever.
   * @returns Fires when the lock is ours; fails with `TimeoutError`.
   */
  deferUntilLocked(timeoutSeconds?: number): Deferred<void> {
    let next: DelayedCall | null = null;
    let over = false;
    const end = (): void => {
      over = true;
      this.#waiting = false;
      if (next?.active()) next.cancel();
    };
    const done = new Deferred<void>(end);
    if (this.#waiting) {
      done.errback(new TypeError("Cannot wait for the lock: it is waited for already"));
      return done;
    }
    this.#waiting = true;
    const latest = this.#reactor.seconds() + (timeoutSeconds ?? Infinity);
    const attempt = (): void => {
      this.lock().then((ours) => {
        if (over) {
          if (ours) void this.unlock();
          return;
        }
        if (ours) {
          end();
          done.callback();
        } else if (this.#reactor.seconds() >= latest) {
          end();
          done.errback(new TimeoutError(timeoutSeconds!));
        } else {
          const wait = Math.min(this.#interval, Math.max(0, latest - this.#reactor.seconds()));
          next = this.#reactor.callLater(wait, attempt);
        }
      }, (error) => {
        if (over) return;
        end();
        done.errback(error);
      });
    };
    attempt();
    return done;
  }

  // One alone clears away: of two who found the file abandoned, the slower would else remove what the faster has made.
  async #clearAway(): Promise<boolean> {
    const guard = this.#file.sibling(`${this.#file.basename()}.clearing`);
    try {
      await (await guard.open("new")).close();
    } catch (error) {
      if ((error as { code?: unknown }).code === "EEXIST") return false;
      throw error;
    }
    try {
      if (await this.#abandoned()) await this.#file.remove().catch(ignoreMissing);
    } finally {
      await guard.remove();
    }
    return true;
  }

  // Whether the process that made the file is gone. A file without a number is being written just now.
  async #abandoned(): Promise<boolean> {
    let text: string;
    try {
      text = new TextDecoder().decode(await this.#file.getContent());
    } catch (error) {
      if (isMissing(error)) return true;
      throw error;
    }
    return /^\d+$/.test(text) && !this.#isAlive(Number(text));
  }
}

/** Whether there is such a process; one that we may not ask about counts as alive. */
function processIsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code !== "ESRCH";
  }
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
