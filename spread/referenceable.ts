/**
 * `Referenceable`: an object that stays where it is, and that a peer can call. `Root`: the first one it gets.
 * @module
 */
import { NoSuchMethod } from "./errors.ts";
import type { Jellier, Jellyable } from "./jellier.ts";
import type { Broker } from "./broker.ts";
import type { Kwargs } from "./values.ts";
import { REMOTE } from "./_vocabulary.ts";

/** Under this key a target says on whose behalf its methods run: an avatar. */
export const PERSPECTIVE: unique symbol = Symbol.for("ropewalk.perspective") as never;
/** Under this key a target that stands for another object says for which. */
export const STANDS_FOR: unique symbol = Symbol.for("ropewalk.standsFor") as never;

/** An object that takes calls from a peer. */
export interface CallTarget {
  /** On whose behalf its methods run; what they return is copied for that avatar. */
  readonly [PERSPECTIVE]?: unknown;
  /** The object it stands for, which is what comes home in its place. */
  readonly [STANDS_FOR]?: object;
  /**
   * A call came.
   *
   * @param broker The connection.
   * @param name The method, without prefix.
   * @param args Its arguments.
   * @param named Its keyword arguments, if there are any.
   * @returns The result, or a Deferred or promise of it.
   */
  remoteMessageReceived(broker: Broker, name: string, args: unknown[], named: Kwargs | null): unknown;
}

// Names with their prefix, so that they are joined once. Only names that led to a method are kept: a peer can make up
// as many others as it likes.
const joined = new Map<string, Map<string, string>>();
const MOST = 4096;

/**
 * Calls the method `prefix` + `name` of an object; what has no such prefix cannot be called.
 *
 * @throws {NoSuchMethod} If there is none.
 */
export function callExposed(
  object: object,
  prefix: string,
  name: string,
  args: unknown[],
  named: Kwargs | null,
): unknown {
  let names = joined.get(prefix);
  if (names === undefined) joined.set(prefix, names = new Map());
  const known = names.get(name);
  const full = known ?? prefix + name;
  const method = (object as Record<string, unknown>)[full];
  if (typeof method !== "function") throw new NoSuchMethod(`No such method: ${full}`);
  if (known === undefined && names.size < MOST) names.set(name, full);
  if (named !== null) args.push(named);
  switch (args.length) {
    case 0:
      return method.call(object);
    case 1:
      return method.call(object, args[0]);
    default:
      return method.apply(object, args);
  }
}

/**
 * An object that a peer can call through a reference: sent in an argument or a result it arrives as a
 * `RemoteReference`. Its methods that begin with `remote_` can be called, no others.
 *
 * @example
 * ```ts
 * import { Referenceable } from "@ropewalk/spread";
 *
 * class Echoer extends Referenceable {
 *   remote_echo(text: string): string {
 *     return text;
 *   }
 * }
 * ```
 */
export class Referenceable implements CallTarget, Jellyable {
  /** Calls the `remote_` method of that name. */
  remoteMessageReceived(_broker: Broker, name: string, args: unknown[], named: Kwargs | null): unknown {
    return callExposed(this, "remote_", name, args, named);
  }

  /** Sends a reference. */
  jellyFor(jellier: Jellier): void {
    jellier.remote(this, REMOTE);
  }
}

/** The object that a client gets from `getRootObject`. */
export class Root extends Referenceable {
  /**
   * The root for one connection; by default this object itself.
   *
   * @param _broker The connection.
   */
  rootObject(_broker: Broker): CallTarget {
    return this;
  }
}

/** Makes any object callable, under a prefix of its own. */
export class AsReferenceable extends Referenceable {
  readonly #object: object;
  readonly #prefix: string;

  /**
   * Makes one.
   *
   * @param object Its method `<prefix>MessageReceived` takes the calls; without one its methods that begin with
   * `<prefix>_` do.
   * @param prefix For example `"perspective"`.
   */
  constructor(object: object, prefix = "remote") {
    super();
    this.#object = object;
    this.#prefix = prefix;
  }

  /** The object. */
  get [PERSPECTIVE](): unknown {
    return this.#prefix === "perspective" ? this.#object : null;
  }

  /** The object. */
  get [STANDS_FOR](): object {
    return this.#object;
  }

  /** Hands the call to the object. */
  override remoteMessageReceived(
    broker: Broker,
    name: string,
    args: unknown[],
    named: Kwargs | null,
  ): unknown {
    const object = this.#object as Record<string, unknown>;
    const receive = object[`${this.#prefix}MessageReceived`];
    if (typeof receive === "function") return receive.call(object, broker, name, args, named);
    return callExposed(object, `${this.#prefix}_`, name, args, named);
  }
}
