/**
 * Credentials: what somebody shows to be let in.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import { sameSecret } from "./constant_time.ts";

/** Anything that is shown to a portal. Its class tells what kind it is. */
export type Credentials = object;

/** A kind of credentials: their class. */
// deno-lint-ignore no-explicit-any -- a constructor's parameters are contravariant: only `any` takes every class
export type CredentialsClass = abstract new (...args: any[]) => Credentials;

/** Credentials that can tell whether a password is theirs. */
export interface PasswordCredentials {
  /** Who they say they are. */
  readonly username: string;
  /**
   * Whether they were made with this password.
   *
   * @param password The right one, as the checker knows it.
   */
  checkPassword(password: string | Uint8Array): boolean | Deferred<boolean> | PromiseLike<boolean>;
}

/** Credentials made with a password that they do not contain: a digest, an answer to a challenge. */
export abstract class UsernameHashedPassword implements PasswordCredentials {
  /** Who they say they are. */
  abstract readonly username: string;
  /** Whether they were made with this password. */
  abstract checkPassword(
    password: string | Uint8Array,
  ): boolean | Deferred<boolean> | PromiseLike<boolean>;
}

/** A name and a password in plain text. */
export class UsernamePassword implements PasswordCredentials {
  /**
   * Makes one.
   *
   * @param username The name.
   * @param password The password.
   */
  constructor(readonly username: string, readonly password: string | Uint8Array) {}

  /** Compares in constant time. */
  checkPassword(password: string | Uint8Array): boolean {
    return sameSecret(this.password, password);
  }
}

/** No credentials at all: a guest. */
export class Anonymous {
  /** Stands in for a name. */
  readonly anonymous = true;
}

/** Credentials that were checked elsewhere: by TLS, by a proxy. */
export class TrustedUsername {
  /**
   * Makes one.
   *
   * @param username The name.
   */
  constructor(readonly username: string) {}
}
