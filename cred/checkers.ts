/**
 * Checkers that keep what they need in memory.
 * @module
 */
import { type Deferred, maybeDeferred } from "@ropewalk/deferred";
import {
  Anonymous,
  type CredentialsClass,
  type PasswordCredentials,
  UsernameHashedPassword,
  UsernamePassword,
} from "./credentials.ts";
import { UnauthorizedLogin } from "./errors.ts";
import { ANONYMOUS, type AvatarId, type CredentialsChecker } from "./portal.ts";

/** Lets guests in: their avatar id is `ANONYMOUS`. */
export class AllowAnonymousAccess implements CredentialsChecker {
  /** Guests only. */
  readonly credentialInterfaces: readonly CredentialsClass[] = [Anonymous];

  /** Always `ANONYMOUS`. */
  requestAvatarId(_credentials: Anonymous): AvatarId {
    return ANONYMOUS;
  }
}

/**
 * Asks credentials whether a password is theirs. An unknown user costs the same as a wrong password, and fails the same.
 *
 * @param password The right one, or `undefined` for an unknown user.
 */
export function checkPassword(
  credentials: PasswordCredentials,
  password: string | Uint8Array | undefined,
): Deferred<AvatarId> {
  return maybeDeferred(() => credentials.checkPassword(password ?? "no such user")).addCallback((right) => {
    if (right !== true || password === undefined) throw new UnauthorizedLogin();
    return credentials.username as AvatarId;
  }) as Deferred<AvatarId>;
}

/** Users and passwords in memory: for tests and small programs. */
export class InMemoryUsernamePasswordDatabase implements CredentialsChecker {
  /** Passwords, in plain text or as an answer to a challenge. */
  readonly credentialInterfaces: readonly CredentialsClass[] = [UsernamePassword, UsernameHashedPassword];
  readonly #users: Map<string, string | Uint8Array>;

  /**
   * Makes one.
   *
   * @param users Passwords by name.
   */
  constructor(users: Readonly<Record<string, string | Uint8Array>> = {}) {
    this.#users = new Map(Object.entries(users));
  }

  /** Adds a user, or changes the password of one. */
  addUser(username: string, password: string | Uint8Array): void {
    this.#users.set(username, password);
  }

  /** The user's name; fails with `UnauthorizedLogin` for a wrong name and for a wrong password. */
  requestAvatarId(credentials: PasswordCredentials): Deferred<AvatarId> {
    return checkPassword(credentials, this.#users.get(credentials.username));
  }
}
