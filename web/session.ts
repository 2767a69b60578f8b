/**
 * `Session`: what a site remembers of a client from one request to the next.
 * @module
 */
import { reportError } from "@ropewalk/deferred";
import type { DelayedCall, ReactorTime } from "@ropewalk/reactor/core";

/** What a session needs of its site. */
export interface SessionOwner {
  /** How long a session lives after it was last touched, in seconds. */
  readonly sessionSeconds: number;
  /** A session has ended. */
  sessionEnded(session: Session): void;
}

/**
 * What a site remembers of a client: until the client has not been seen for some time, or {@linkcode expire}. Parts of a
 * program keep what is theirs under a class of their own ({@linkcode getComponent}).
 */
export class Session {
  /** The name of it in the cookie: 64 hexadecimal digits. */
  readonly uid: string;
  /** Values for small programs, by any key. */
  readonly values: Map<unknown, unknown> = new Map();
  /** When it was last touched, on the reactor's clock. */
  lastModified: number;
  /** How long it lives after it was last touched, in seconds. */
  sessionSeconds: number;
  /** False once it has ended. */
  active = true;
  /** True if its name was only ever sent under TLS: one that was not is no session there, and the other way round. */
  secure = false;
  readonly #owner: SessionOwner;
  readonly #reactor: ReactorTime;
  // deno-lint-ignore no-explicit-any -- a constructor's parameters are contravariant
  readonly #components = new Map<new (session: any) => unknown, unknown>();
  #call: DelayedCall;
  #onExpire: (() => void)[] = [];

  /**
   * Makes one.
   *
   * @param owner The site.
   * @param uid The name.
   * @param reactor Runs its expiry.
   */
  constructor(owner: SessionOwner, uid: string, reactor: ReactorTime) {
    this.#owner = owner;
    this.uid = uid;
    this.#reactor = reactor;
    this.sessionSeconds = owner.sessionSeconds;
    this.lastModified = reactor.seconds();
    this.#call = reactor.callLater(this.sessionSeconds, () => this.expire());
  }

  /**
   * The object of a class that belongs to this session; made when it is first asked for.
   *
   * @param Component The class; its constructor is given the session.
   */
  getComponent<T>(Component: new (session: Session) => T): T {
    let component = this.#components.get(Component) as T | undefined;
    if (component === undefined) {
      component = new Component(this);
      this.#components.set(Component, component);
    }
    return component;
  }

  /** Puts an object in place of the one {@linkcode getComponent} would make. */
  setComponent<T>(Component: new (session: Session) => T, component: T): void {
    this.#components.set(Component, component);
  }

  /** Calls `f` when the session ends. */
  notifyOnExpire(f: () => void): void {
    this.#onExpire.push(f);
  }

  /** The client was seen: the session's time begins anew. */
  touch(): void {
    if (!this.active) return;
    this.lastModified = this.#reactor.seconds();
    this.#call.reset(this.sessionSeconds);
  }

  /** Ends the session. */
  expire(): void {
    if (!this.active) return;
    this.active = false;
    if (this.#call.active()) this.#call.cancel();
    this.#owner.sessionEnded(this);
    for (const f of this.#onExpire) {
      try {
        f();
      } catch (error) {
        reportError(error, "Error while a session ended");
      }
    }
  }
}

/** A name that cannot be guessed: 256 random bits. */
export function makeUid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
