/**
 * `LimitedAttempts`: a checker that stops listening to whoever guesses.
 * @module
 */
import { type Deferred, fail, type Failure, maybeDeferred, type TimeProvider } from "@ropewalk/deferred";
import type { CredentialsClass } from "./credentials.ts";
import { TooManyAttempts } from "./errors.ts";
import type { AvatarId, CredentialsChecker } from "./portal.ts";

/** Options of {@linkcode LimitedAttempts}. */
export interface LimitedAttemptsOptions {
  /** Where time comes from. */
  reactor: TimeProvider;
  /** How many attempts may fail. @default 5 */
  attempts?: number;
  /** In how many seconds; counted from the first that failed. @default 60 */
  perSeconds?: number;
  /** For how many names attempts are counted; beyond, the oldest is forgotten. @default 10000 */
  maxNames?: number;
}

interface Count {
  failed: number;
  readonly until: number;
}

/**
 * Counts the attempts that failed for each user name, and refuses further ones for a while, right or wrong, without
 * asking the checker inside. An attempt that succeeds clears the count.
 */
export class LimitedAttempts implements CredentialsChecker {
  /** Those of the checker inside. */
  readonly credentialInterfaces: readonly CredentialsClass[];
  readonly #checker: CredentialsChecker;
  readonly #clock: TimeProvider;
  readonly #attempts: number;
  readonly #perSeconds: number;
  readonly #maxNames: number;
  // In the order in which they were first counted, so that the oldest is found at once.
  readonly #counts = new Map<string, Count>();

  /**
   * Makes one.
   *
   * @param checker The checker inside.
   * @param options How many attempts, in what time.
   */
  constructor(checker: CredentialsChecker, options: LimitedAttemptsOptions) {
    this.credentialInterfaces = checker.credentialInterfaces;
    this.#checker = checker;
    this.#clock = options.reactor;
    this.#attempts = options.attempts ?? 5;
    this.#perSeconds = options.perSeconds ?? 60;
    this.#maxNames = options.maxNames ?? 10_000;
  }

  /** For how many names attempts are being counted. */
  get remembered(): number {
    return this.#counts.size;
  }

  /** Asks the checker inside, unless too many attempts failed: then fails with `TooManyAttempts`. */
  requestAvatarId(credentials: never): Deferred<AvatarId> {
    const { username } = credentials as { username?: unknown };
    if (typeof username !== "string") return maybeDeferred(() => this.#checker.requestAvatarId(credentials));
    const now = this.#clock.seconds();
    const count = this.#counts.get(username);
    if (count !== undefined && count.until <= now) this.#counts.delete(username);
    else if (count !== undefined && count.failed >= this.#attempts) {
      return fail(new TooManyAttempts(count.until - now));
    }
    return maybeDeferred(() => this.#checker.requestAvatarId(credentials)).addCallbacks(
      (id) => {
        this.#counts.delete(username);
        return id as AvatarId;
      },
      (failure: Failure) => {
        this.#count(username);
        return failure;
      },
    ) as Deferred<AvatarId>;
  }

  #count(username: string): void {
    const count = this.#counts.get(username);
    if (count !== undefined) {
      count.failed++;
      return;
    }
    if (this.#counts.size >= this.#maxNames) {
      for (const oldest of this.#counts.keys()) {
        this.#counts.delete(oldest);
        break;
      }
    }
    this.#counts.set(username, { failed: 1, until: this.#clock.seconds() + this.#perSeconds });
  }
}
