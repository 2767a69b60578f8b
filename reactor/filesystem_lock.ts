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
}

/** A lock file that holds the number of the process that has it. That of a process which is gone is taken over. */
export class DeferredFilesystemLock {
  /** True while we have it. */
  locked = false;
  readonly #file: FilePath;
  readonly #reactor: ReactorTime;
  readonly #interval: number;
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
      // By rename, so that of several who find it abandoned one alone removes this very file.
      const old = this.#file.sibling(`${this.#file.basename()}.${crypto.randomUUID()}.old`);
      await this.#file.moveTo(old).then(() => old.remove(), ignoreMissing);
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

  // Whether the process that made the file is gone. A file without a number is being written just now.
  async #abandoned(): Promise<boolean> {
    let text: string;
    try {
      text = new TextDecoder().decode(await this.#file.getContent());
    } catch (error) {
      if (isMissing(error)) return true;
      throw error;
    }
    if (!/^\d+$/.test(text)) return false;
    try {
      process.kill(Number(text), 0);
      return false;
    } catch (error) {
      return (error as { code?: unknown }).code === "ESRCH";
    }
  }
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
