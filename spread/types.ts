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
type ViewMethod<F> = F extends (who: infer _W, ...args: infer A) => infer R ? (...args: A) => R : never;

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

/** What may be sent where the other side expects a `P`: an object of ours for a reference to one. */
export type Sent<P> = P extends RemoteReference<infer T> ? P | (T & object) : P;

/** What arrives where the other side gives a `V`: a reference for an object that stays there. */
export type Received<V> = V extends RemoteReference<infer T> ? T | RemoteReference<T>
  : V extends Referenceable | Avatar | Viewable ? RemoteReference<V>
  : V extends undefined ? null
  : V extends void ? null
  : V extends readonly (infer E)[]
    ? { [I in keyof V]: Received<V[I]> } & (unknown extends E ? unknown : unknown)
  : V;

/** A reference in the form of an object: each remote method is a method that gives a Deferred. */
export type RemoteProxy<T> = {
  readonly [N in MethodName<T>]: (...args: Arguments<T, N>) => Deferred<Result<T, N>>;
};
