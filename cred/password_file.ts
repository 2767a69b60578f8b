/**
 * `PasswordFile`: users and passwords in a file, one `name:password` a line.
 * @module
 */
import { type Deferred, maybeDeferred } from "@ropewalk/deferred";
import { checkPassword } from "./checkers.ts";
import { sameSecret } from "./constant_time.ts";
import {
  type CredentialsClass,
  type PasswordCredentials,
  UsernameHashedPassword,
  UsernamePassword,
} from "./credentials.ts";
import { UnauthorizedLogin, UnhandledCredentials } from "./errors.ts";
import type { AvatarId, CredentialsChecker, Soon } from "./portal.ts";

/** A file that can be read: a `FilePath`, for example. */
export interface ReadableFile {
  /** All that is in it. */
  getContent(): Soon<Uint8Array | string>;
}

/** Options of {@linkcode PasswordFile}. */
export interface PasswordFileOptions {
  /**
   * Makes of what a user gave what stands in the file. Without it the file holds the passwords themselves.
   *
   * @param username Who says it.
   * @param given The password that was given.
   * @param stored What stands in the file: it may hold a salt.
   */
  hash?: (username: string, given: Uint8Array, stored: string) => Soon<string>;
}

/**
 * Asks a file. It is read for each login, so a change counts at once. Empty lines and those that begin with `#` are
 * passed over. With hashes in the file a challenge cannot be answered, and is refused in words.
 */
export class PasswordFile implements CredentialsChecker {
  /** Passwords, in plain text or as an answer to a challenge. */
  readonly credentialInterfaces: readonly CredentialsClass[] = [UsernamePassword, UsernameHashedPassword];
  readonly #file: ReadableFile;
  readonly #hash: PasswordFileOptions["hash"];

  /**
   * Makes one.
   *
   * @param file The file.
   * @param options Whether it holds hashes.
   */
  constructor(file: ReadableFile, options: PasswordFileOptions = {}) {
    this.#file = file;
    this.#hash = options.hash;
  }

  /** The user's name; fails with `UnauthorizedLogin` for a wrong name and for a wrong password. */
  requestAvatarId(credentials: PasswordCredentials): Deferred<AvatarId> {
    const hash = this.#hash;
    if (hash !== undefined && !(credentials instanceof UsernamePassword)) {
      throw new UnhandledCredentials("Cannot check a challenge: only hashes of the passwords are known here");
    }
    return maybeDeferred(() => this.#file.getContent()).addCallback((content) => {
      const text = typeof content === "string" ? content : new TextDecoder().decode(content as Uint8Array);
      const stored = parsePasswords(text).get(credentials.username);
      if (hash === undefined) return checkPassword(credentials, stored);
      const { username, password } = credentials as UsernamePassword;
      const given = typeof password === "string" ? new TextEncoder().encode(password) : password;
      return maybeDeferred(() => hash(username, given, stored ?? "")).addCallback((hashed) => {
        const same = sameSecret(hashed as string, stored ?? ""); // an unknown name is compared, too
        if (stored === undefined || !same) throw new UnauthorizedLogin();
        return username as AvatarId;
      });
    }) as Deferred<AvatarId>;
  }
}

/** Takes the lines of a password file apart at their first colon. */
export function parsePasswords(text: string): Map<string, string> {
  const passwords = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("#")) passwords.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return passwords;
}
