/**
 * `Portal`: where credentials become an avatar.
 *
 * ```text
 *   credentials ──► Portal ──► the checker for their kind ──► avatar id ──► realm ──► avatar and logout
 * ```
 * @module
 */
import { type Deferred, fail, maybeDeferred } from "@ropewalk/deferred";
import type { Credentials, CredentialsClass } from "./credentials.ts";
import { UnhandledCredentials } from "./errors.ts";

/** What an avatar must be able to do: a class, told from others by `===`. */
// deno-lint-ignore no-explicit-any -- a constructor's parameters are contravariant: only `any` takes every class
export type Interface = abstract new (...args: any[]) => unknown;

/** Who a guest is. */
export const ANONYMOUS: unique symbol = Symbol.for("ropewalk.cred.anonymous") as never;

/** Who somebody is, once checked: a name, {@linkcode ANONYMOUS}, or whatever checker and realm agree on. */
export type AvatarId = string | symbol;

/** Now, or later. */
export type Soon<T> = T | Deferred<T> | PromiseLike<T>;

/** What a realm gives: an object with `avatar` and `logout`, or the triple of interface, avatar, logout. */
export type AvatarAndLogout<A = unknown> =
  | { avatar: A; logout?: (() => unknown) | null; interface?: Interface }
  | readonly [iface: Interface, avatar: A, logout: () => unknown];

/** Knows the users of an application, and makes their avatars. */
export interface Realm<A = unknown> {
  /**
   * The avatar of a user who was let in.
   *
   * @param avatarId Who it is.
   * @param mind The user's own end, which the avatar may talk to, or `null`.
   * @param interfaces What the avatar must be able to do; the realm may choose among them.
   */
  requestAvatar(avatarId: AvatarId, mind: unknown, ...interfaces: Interface[]): Soon<AvatarAndLogout<A>>;
}

/** Checks one or several kinds of credentials. */
export interface CredentialsChecker {
  /** The kinds: classes of credentials. */
  readonly credentialInterfaces: readonly CredentialsClass[];
  /**
   * Says who it is.
   *
   * @throws {UnauthorizedLogin} (or the Deferred fails with it) If the credentials are wrong.
   */
  requestAvatarId(credentials: never): Soon<AvatarId>;
}

/** Somebody who was let in. It can be taken apart as Twisted's triple. */
export class Login<A = unknown> {
  /** Which of the interfaces the realm chose. */
  readonly interface: Interface | undefined;
  #logout: (() => unknown) | null;

  /**
   * Makes one.
   *
   * @param chosen Which of the interfaces the realm chose.
   * @param avatar What the user may do.
   * @param logout Called when the user leaves.
   */
  constructor(chosen: Interface | undefined, readonly avatar: A, logout: (() => unknown) | null) {
    this.interface = chosen;
    this.#logout = logout;
  }

  /** Tells the realm that the user has left; only the first call does anything. It needs no `this`. */
  readonly logout = (): unknown => {
    const logout = this.#logout;
    this.#logout = null;
    return logout?.();
  };

  /** `[interface, avatar, logout]` */
  *[Symbol.iterator](): Generator<unknown, void> {
    yield this.interface;
    yield this.avatar;
    yield this.logout;
  }
}

/** Lets people in: asks the checker for their kind of credentials, then the realm. */
export class Portal<A = unknown> {
  /** The realm. */
  readonly realm: Realm<A>;
  /** The checkers, by the kind of credentials. */
  readonly checkers: Map<CredentialsClass, CredentialsChecker> = new Map();

  /**
   * Makes one.
   *
   * @param realm Makes the avatars.
   * @param checkers As {@linkcode registerChecker}, each for all its kinds.
   */
  constructor(realm: Realm<A>, checkers: readonly CredentialsChecker[] = []) {
    this.realm = realm;
    for (const checker of checkers) this.registerChecker(checker);
  }

  /** The kinds of credentials that are known here. */
  listCredentialsInterfaces(): CredentialsClass[] {
    return [...this.checkers.keys()];
  }

  /**
   * Adds a checker.
   *
   * @param checker The checker; it takes the place of others for the same kinds.
   * @param kinds For which kinds; by default all that it knows.
   */
  registerChecker(checker: CredentialsChecker, ...kinds: CredentialsClass[]): void {
    for (const kind of kinds.length > 0 ? kinds : checker.credentialInterfaces) {
      this.checkers.set(kind, checker);
    }
  }

  /**
   * Lets somebody in.
   *
   * @param credentials What they show.
   * @param mind Their own end, or `null`.
   * @param interfaces What the avatar must be able to do.
   * @returns A Deferred that fails with `UnauthorizedLogin`, or with `UnhandledCredentials` if no checker knows this
   * kind.
   */
  login(credentials: Credentials, mind: unknown, ...interfaces: Interface[]): Deferred<Login<A>> {
    for (const [kind, checker] of this.checkers) {
      if (!(credentials instanceof kind)) continue;
      return maybeDeferred(() => checker.requestAvatarId(credentials as never))
        .addCallback((id) => this.realm.requestAvatar(id as AvatarId, mind, ...interfaces))
        .addCallback((given) => toLogin(given as AvatarAndLogout<A>, interfaces));
    }
    return fail(new UnhandledCredentials(`No checker for ${kindsOf(credentials)}`));
  }
}

function toLogin<A>(given: AvatarAndLogout<A>, interfaces: readonly Interface[]): Login<A> {
  if (Array.isArray(given)) {
    const [chosen, avatar, logout] = given as readonly [Interface, A, () => unknown];
    return new Login(chosen, avatar, logout);
  }
  const { avatar, logout, interface: chosen } = given as Exclude<typeof given, readonly unknown[]>;
  return new Login(chosen ?? interfaces[0], avatar, logout ?? null);
}

function kindsOf(credentials: Credentials): string {
  const names: string[] = [];
  for (let proto = Object.getPrototypeOf(credentials); proto !== null; proto = Object.getPrototypeOf(proto)) {
    if (proto !== Object.prototype) names.push(proto.constructor?.name ?? "Object");
  }
  return names.join(", ") || "Object";
}
