/**
 * `RemoteReference`: an object of the peer, as we hold it.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import type { Broker } from "./broker.ts";
import { DeadReferenceError, JellyError } from "./errors.ts";
import type { Jellier, Jellyable } from "./jellier.ts";
import type { RemotePromise } from "./remote_promise.ts";
import { iterate } from "./stream_source.ts";
import type { Arguments, MethodName, RemoteProxy, Result, StreamItem, Untyped } from "./types.ts";
import { LOCAL } from "./_vocabulary.ts";

/**
 * An object that lives at the peer. While its reference lives here, the peer keeps it; the peer is told when the
 * reference is collected, or at once when it is disposed of.
 *
 * @typeParam T The class of the object, for the names and types of its methods.
 *
 * @example
 * ```ts
 * import type { RemoteReference, Root } from "@ropewalk/spread";
 *
 * interface Store extends Root {
 *   remote_get(key: string): string;
 * }
 * async function show(store: RemoteReference<Store>) {
 *   const value = await store.callRemote("get", "k");
 *   console.log(value.toUpperCase(), await store.proxy.get("k"));
 * }
 * ```
 */
export class RemoteReference<T = Untyped> implements Jellyable, Disposable {
  /** The connection. */
  readonly broker: Broker;
  /** The object's number at the peer, or its name. */
  readonly luid: number | string;
  #perspective: unknown;
  #given = false;
  #proxy: RemoteProxy<T> | null = null;
  #watchers: ((reference: this) => void)[] | null = null;
  /** For inference only: nothing is there. */
  declare readonly "~type"?: T;

  /** For the broker. */
  constructor(broker: Broker, luid: number | string, perspective: unknown = null) {
    this.broker = broker;
    this.luid = luid;
    this.#perspective = perspective;
  }

  /**
   * Calls a method of the object.
   *
   * @param name The method's name, without `remote_` or another prefix.
   * @param args Its arguments; keyword arguments go last, as `kwargs({ … })`.
   * @returns Its result. The Deferred fails with `RemoteError` (or the class registered for it) if the method does, with
   * `PBConnectionLost` if the connection is lost first, and with `BananaError` or `JellyError` if an argument cannot be sent.
   * @throws {DeadReferenceError} If the connection is gone already, or the reference was disposed of.
   */
  callRemote<N extends MethodName<T>>(name: N, ...args: Arguments<T, N>): Deferred<Result<T, N>> {
    if (this.#given) throw new DeadReferenceError("Cannot call: the reference was given up");
    return this.broker.call(this.luid, name, args as unknown[], this.#perspective) as Deferred<Result<T, N>>;
  }

  /**
   * Calls a method and asks for no answer: neither its result nor its error comes back.
   *
   * @throws {DeadReferenceError} As {@linkcode callRemote}.
   * @throws {BananaError | JellyError} If an argument cannot be sent.
   */
  callRemoteOnly<N extends MethodName<T>>(name: N, ...args: Arguments<T, N>): void {
    if (this.#given) throw new DeadReferenceError("Cannot call: the reference was given up");
    this.broker.send(this.luid, name, args as unknown[], this.#perspective);
  }

  /**
   * Calls a method that gives an object, which can be called at once, before it is there. Between two Ropewalk peers such
   * a chain of calls takes one round trip; with another peer each waits for the one before.
   *
   * @throws {DeadReferenceError} As {@linkcode callRemote}.
   */
  pipeline<N extends MethodName<T>>(name: N, ...args: Arguments<T, N>): RemotePromise<Result<T, N>> {
    if (this.#given) throw new DeadReferenceError("Cannot call: the reference was given up");
    return this.broker.pipeline(this.luid, name, args as unknown[], this.#perspective);
  }

  /**
   * Iterates over an async iterable of the peer's. It is asked for a few items ahead, no more; leaving the loop, or coming
   * to the end, gives the reference up.
   */
  [Symbol.asyncIterator](): AsyncGenerator<StreamItem<T>, void> {
    return iterate(this as unknown as RemoteReference) as AsyncGenerator<StreamItem<T>, void>;
  }

  /** The reference as an object with the remote methods: `await reference.proxy.get("k")`. */
  get proxy(): RemoteProxy<T> {
    return this.#proxy ??= makeProxy(this);
  }

  /**
   * Calls `f` with this reference when the connection is lost; once. If it is lost already, at once.
   *
   * @param f Called synchronously from `connectionLost`, after the pending calls have failed.
   */
  notifyOnDisconnect(f: (reference: this) => void): void {
    if (this.#watchers === null) {
      this.#watchers = [f];
      this.broker.notifyOnDisconnect(this.#lost);
    } else this.#watchers.push(f);
  }

  /** Takes {@linkcode notifyOnDisconnect} back; one that is not there is ignored. */
  dontNotifyOnDisconnect(f: (reference: this) => void): void {
    const at = this.#watchers?.indexOf(f) ?? -1;
    if (at < 0) return;
    this.#watchers!.splice(at, 1);
    if (this.#watchers!.length === 0) {
      this.#watchers = null;
      this.broker.dontNotifyOnDisconnect(this.#lost);
    }
  }

  #lost = (): void => {
    const watchers = this.#watchers;
    this.#watchers = null;
    for (const f of watchers ?? []) this.broker.guard(f, this);
  };

  /** Goes home as the peer's own object. */
  jellyFor(jellier: Jellier): void {
    if (this.#given) throw new DeadReferenceError("Cannot send a reference: it was given up");
    const luid = jellier.invoker?.ownReference(this) ?? null;
    if (luid === null) throw new JellyError("Cannot send a reference to another connection than its own");
    jellier.pair(LOCAL, luid);
  }

  /** Gives the object up, as often as it was received: it may go away at the peer. */
  [Symbol.dispose](): void {
    if (this.#given) return;
    this.#given = true;
    this.broker.giveUp(this);
  }

  /** `[RemoteReference 3]` */
  toString(): string {
    return `[RemoteReference ${this.luid}]`;
  }
}

function makeProxy<T>(reference: RemoteReference<T>): RemoteProxy<T> {
  const methods = new Map<string, (...args: never[]) => unknown>();
  return new Proxy(Object.create(null), {
    get(_target, name) {
      // A proxy is not a promise: awaiting it must not call a remote method named "then".
      if (typeof name !== "string" || name === "then") return undefined;
      let method = methods.get(name);
      if (method === undefined) {
        method = (...args) => reference.callRemote(name as MethodName<T>, ...(args as never));
        methods.set(name, method);
      }
      return method;
    },
  }) as RemoteProxy<T>;
}
