/**
 * Logging in: Twisted's challenge and response, and guests.
 *
 * ```text
 *   client                                             server
 *     ── root.login(name) ───────────────────────────►
 *     ◄──────────────── (challenge, reference) ───────     16 random bytes
 *     ── reference.respond(answer, mind) ────────────►     answer = MD5(MD5(password) + challenge)
 *     ◄──────────────────────── avatar ───────────────
 * ```
 * @module
 */
import {
  Anonymous,
  type Credentials,
  type Login,
  md5,
  type Portal,
  sameSecret,
  UnhandledCredentials,
  UsernameHashedPassword,
  UsernamePassword,
} from "@ropewalk/cred";
import { type Deferred, fail } from "@ropewalk/deferred";
import { Avatar } from "./avatar.ts";
import type { Broker } from "./broker.ts";
import { JellyError } from "./errors.ts";
import { AsReferenceable, type CallTarget, Referenceable, Root } from "./referenceable.ts";
import { RemoteReference } from "./remote_reference.ts";
import { type Tuple, tuple } from "./values.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const bytesOf = (secret: string | Uint8Array): Uint8Array =>
  typeof secret === "string" ? encoder.encode(secret) : secret;

/** What answers a challenge. */
export function respond(challenge: Uint8Array, password: string | Uint8Array): Uint8Array {
  return respondWithDigest(challenge, md5(bytesOf(password)));
}

function respondWithDigest(challenge: Uint8Array, digest: Uint8Array): Uint8Array {
  const both = new Uint8Array(digest.length + challenge.length);
  both.set(digest);
  both.set(challenge, digest.length);
  return md5(both);
}

/** The root of a server that logs users in: a different one for each connection. */
export class PortalRoot {
  readonly #portal: Portal;

  /**
   * Makes one.
   *
   * @param portal Where users are let in.
   */
  constructor(portal: Portal) {
    this.#portal = portal;
  }

  /** The door for one connection. */
  rootObject(broker: Broker): CallTarget {
    return new Door(this.#portal, broker);
  }
}

class Door extends Root {
  constructor(readonly portal: Portal, readonly broker: Broker) {
    super();
  }

  remote_login(username: unknown): Tuple {
    const name = username instanceof Uint8Array ? decoder.decode(username) : username;
    if (typeof name !== "string") throw new JellyError("A user name is text");
    const challenge = crypto.getRandomValues(new Uint8Array(16));
    return tuple(challenge, new Challenger(this, name, challenge)) as Tuple;
  }

  remote_loginAnonymous(mind: unknown): Deferred<CallTarget> {
    return this.enter(new Anonymous(), mind);
  }

  enter(credentials: Credentials, mind: unknown): Deferred<CallTarget> {
    return this.portal.login(credentials, mind, Avatar).addCallback((login) => this.admit(login as Login));
  }

  admit(login: Login): CallTarget {
    const { avatar } = login;
    if (typeof avatar !== "object" || avatar === null) throw new JellyError("The realm gave no avatar");
    const target = avatar instanceof Referenceable ? avatar : new AsReferenceable(avatar, "perspective");
    // Whoever hung up while being let in has left again.
    if (this.broker.disconnected) login.logout();
    else this.broker.onRelease(target, login.logout);
    return target;
  }
}

/** Waits for the answer to one challenge. */
class Challenger extends Referenceable {
  #answered = false;

  constructor(readonly door: Door, readonly username: string, readonly challenge: Uint8Array) {
    super();
  }

  remote_respond(response: unknown, mind: unknown): Deferred<CallTarget> {
    if (this.#answered) throw new JellyError("The challenge was answered already");
    if (!(response instanceof Uint8Array)) throw new JellyError("An answer to a challenge is bytes");
    this.#answered = true;
    return this.door.enter(new HashedPassword(this.username, this.challenge, response), mind);
  }
}

/** The answer to a challenge, as credentials. */
export class HashedPassword extends UsernameHashedPassword {
  /**
   * Makes one.
   *
   * @param username The name.
   * @param challenge What was asked.
   * @param response What was answered.
   */
  constructor(
    readonly username: string,
    readonly challenge: Uint8Array,
    readonly response: Uint8Array,
  ) {
    super();
  }

  /** Whether it was answered with this password. */
  override checkPassword(password: string | Uint8Array): boolean {
    return sameSecret(this.response, respond(this.challenge, password));
  }

  /** As {@linkcode checkPassword}, where only the MD5 of the password is known. */
  checkMD5Password(digest: Uint8Array): boolean {
    return sameSecret(this.response, respondWithDigest(this.challenge, digest));
  }
}

/** The client's part. */
export function logIn(
  root: RemoteReference,
  credentials: Credentials,
  mind: unknown,
): Deferred<RemoteReference> {
  if (credentials instanceof Anonymous) {
    return root.callRemote("loginAnonymous", mind) as Deferred<RemoteReference>;
  }
  if (!(credentials instanceof UsernamePassword)) {
    return fail(new UnhandledCredentials("Cannot log in over PB: a UsernamePassword or Anonymous is needed"));
  }
  return root.callRemote("login", encoder.encode(credentials.username)).addCallback((answer) => {
    const [challenge, challenger] = Array.isArray(answer) ? answer : [];
    if (!(challenge instanceof Uint8Array) || !(challenger instanceof RemoteReference)) {
      throw new JellyError("The server sent no challenge");
    }
    const avatar = (challenger as RemoteReference).callRemote(
      "respond",
      respond(challenge, credentials.password),
      mind,
    );
    challenger[Symbol.dispose]();
    return avatar as Deferred<RemoteReference>;
  });
}
