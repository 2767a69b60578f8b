/**
 * Who may come in: credentials, the checkers that judge them, and the realm that turns a user into an avatar.
 *
 * @example
 * ```ts
 * import { InMemoryUsernamePasswordDatabase, Portal, UsernamePassword } from "@ropewalk/cred";
 * import { assertEquals } from "@std/assert";
 *
 * const realm = { requestAvatar: (id: unknown) => ({ avatar: `the desk of ${String(id)}`, logout: () => {} }) };
 * const portal = new Portal(realm, [new InMemoryUsernamePasswordDatabase({ alice: "secret" })]);
 * const { avatar, logout } = await portal.login(new UsernamePassword("alice", "secret"), null);
 * assertEquals(avatar, "the desk of alice");
 * logout();
 * ```
 *
 * @module
 */
export { AllowAnonymousAccess, checkPassword, InMemoryUsernamePasswordDatabase } from "./checkers.ts";
export { sameSecret } from "./constant_time.ts";
export {
  Anonymous,
  type Credentials,
  type CredentialsClass,
  type PasswordCredentials,
  TrustedUsername,
  UsernameHashedPassword,
  UsernamePassword,
} from "./credentials.ts";
export {
  LoginFailed,
  TooManyAttempts,
  Unauthorized,
  UnauthorizedLogin,
  UnhandledCredentials,
} from "./errors.ts";
export { LimitedAttempts, type LimitedAttemptsOptions } from "./limited_attempts.ts";
export { md5 } from "./md5.ts";
export { PasswordFile, type PasswordFileOptions, type ReadableFile } from "./password_file.ts";
export {
  ANONYMOUS,
  type AvatarAndLogout,
  type AvatarId,
  type CredentialsChecker,
  type Interface,
  Login,
  Portal,
  type Realm,
  type Soon,
} from "./portal.ts";
