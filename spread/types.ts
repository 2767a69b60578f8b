/**
 * Types of what can be called from afar: names, arguments and results out of a class's own methods.
 * @module
 */
import type { Deferred, Failure } from "@ropewalk/deferred";
import type { Referenceable } from "./referenceable.ts";
import type { RemoteReference } from "./remote_reference.ts";
import type { Avatar } from "./avatar.ts";
import type { Viewable } from "./viewable.ts";

/** Something whose methods are not known: every name can be called, with anything. */
export interface Untyped {
  /** Any method. */
  [method: `remote_${string}`]: (...args: unknown[]) => unknown;
}

/** The methods of `T` that can be called, by their names on the wire. */
export type RemoteMethods<T> =
  & { [K in keyof T as K extends `remote_${infer Name}` ? Name : never]: T[K] }
  & { [K in keyof T as K extends `perspective_${infer Name}` ? Name : never]: T[K] }
  & { [K in keyof T as K extends `view_${infer Name}` ? Name : never]: ViewMethod<T[K]> };

/** A `view_` method without its first argument, which the server fills in. */
export type ViewMethod<F> = F extends (who: infer _W, ...args: infer A) => infer R ? (...args: A) => R
  : never;

/** The names that can be called on a `T`. */
export type MethodName<T> = string & keyof RemoteMethods<T>;

/** The arguments of a method, as the caller gives them. */
export type Arguments<T, N extends MethodName<T>> = RemoteMethods<T>[N] extends (...args: infer A) => unknown
  ? { [I in keyof A]: Sent<A[I]> }
  : never;

/** The result of a method, as the caller gets it. */
export type Result<T, N extends MethodName<T>> = RemoteMethods<T>[N] extends (...args: never[]) => infer R
  ? Received<Exclude<Awaited<R>, Failure>>
  : never;

/**
 * What the caller gives where a method takes a `P`: an object of the caller's own where the method gets a reference, and
 * a reference where the method gets back an object of its own side. Lists and plain objects are looked into.
 */
export type Sent<P, Depth extends unknown[] = []> = Depth["length"] extends 5 ? P
  : P extends RemoteReference<infer T> ? P | (T & object)
  : P extends Referenceable | Avatar | Viewable ? RemoteReference<P>
  : P extends Opaque ? P
  : P extends object ? Unchanged<P, { [K in keyof P]: Sent<P[K], [...Depth, 0]> }>
  : P;

/**
 * What the caller gets where a method gives a `V`: a reference for an object that stays there, its own object for a
 * reference that comes home, `null` for `undefined`. Lists and plain objects are looked into.
 */
export type Received<V, Depth extends unknown[] = []> = Depth["length"] extends 5 ? V
  : V extends RemoteReference<infer T> ? T | RemoteReference<T>
  : V extends Referenceable | Avatar | Viewable ? RemoteReference<V>
  : V extends AsyncIterable<infer E> ? RemoteReference<RemoteStream<Received<E, [...Depth, 0]>>>
  : V extends undefined | void ? null
  : V extends Opaque ? V
  : V extends object ? Unchanged<V, { [K in keyof V]: Received<V[K], [...Depth, 0]> }>
  : V;

/** An async iterable of the peer's. */
export interface RemoteStream<E> {
  /** The next item. */
  remote_next(): [boolean, E];
}

/** What comes when a reference is iterated over. */
export type StreamItem<T> = T extends RemoteStream<infer E> ? E : unknown;

/** What is not looked into: values with methods of their own. */
export type Opaque =
  | ((...args: never[]) => unknown)
  | Uint8Array
  | Date
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | PromiseLike<unknown>;

/** The type under its own name where looking into it changed nothing. */
export type Unchanged<V, Mapped> = V extends Mapped ? Mapped extends V ? V : Mapped : Mapped;

/** A reference in the form of an object: each remote method is a method that gives a Deferred. */
export type RemoteProxy<T> = {
  readonly [N in MethodName<T>]: (...args: Arguments<T, N>) => Deferred<Result<T, N>>;
};
