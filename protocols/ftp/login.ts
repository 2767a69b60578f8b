/**
 * Who may come in to an FTP server: by a function, or by a `Portal`.
 * @module
 */
import {
  Anonymous,
  type Portal,
  UnauthorizedLogin,
  UnhandledCredentials,
  UsernamePassword,
} from "@ropewalk/cred";
import { type Deferred, maybeDeferred } from "@ropewalk/deferred";
import { FTPShell, readOnlyShell, type Soon } from "./shell.ts";

/** Who may come in, and to what. */
export interface FTPLoginOptions {
  /** Lets a user in: the tree that the user sees, or `null`. */
  login?: (user: string, password: string) => Soon<FTPShell | null>;
  /** What anonymous users see; nothing in it can be changed. @default there are none */
  anonymous?: FTPShell;
  /**
   * Lets in whom neither of the other two knows. Its realm is asked for a {@linkcode FTPShell}; `logout` is called when
   * the user leaves. Guests come in if it has a checker for `Anonymous`, and change nothing.
   */
  portal?: Portal<FTPShell>;
}

/** Somebody who is in. */
export interface FTPSession {
  /** What the user sees. */
  readonly shell: FTPShell;
  /** To be called when the user leaves. */
  readonly logout: () => unknown;
}

/** Whether this is what a guest calls himself, and guests are let in. */
export function isGuest(options: FTPLoginOptions, user: string): boolean {
  const welcome = options.anonymous !== undefined || options.portal?.checkers.has(Anonymous);
  return welcome === true && /^(anonymous|ftp)$/i.test(user);
}

/**
 * Lets somebody in.
 *
 * @returns `null` for wrong credentials.
 */
export function enter(options: FTPLoginOptions, user: string, password: string): Deferred<FTPSession | null> {
  const guest = isGuest(options, user);
  const nothing = () => null;
  if (guest && options.anonymous !== undefined) {
    return maybeDeferred(() => ({ shell: readOnlyShell(options.anonymous!), logout: nothing }));
  }
  const known = guest ? null : options.login?.(user, password) ?? null;
  return maybeDeferred(() => known).addCallback((shell) => {
    if (shell !== null) return { shell, logout: nothing };
    if (options.portal === undefined) return null;
    const credentials = guest ? new Anonymous() : new UsernamePassword(user, password);
    return options.portal.login(credentials, null, FTPShell).addCallbacks(
      ({ avatar, logout }) => ({ shell: guest ? readOnlyShell(avatar) : avatar, logout }),
      (failure) => {
        failure.trap(UnauthorizedLogin, UnhandledCredentials);
        return null;
      },
    ) as Deferred<FTPSession | null>;
  }) as Deferred<FTPSession | null>;
}
