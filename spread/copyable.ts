/**
 * `Copyable`: an object of which the peer gets a copy. `RemoteCopy`: the copy.
 * @module
 */
import type { Jellier, Jellyable } from "./jellier.ts";
import { type AnyClass, wireNameOf } from "./security.ts";
import { setField } from "./values.ts";

/**
 * An object that is copied to the peer, which has to know its type: `setUnjellyableForClass` there, or Twisted's
 * `pb.setUnjellyableForClass`.
 *
 * @example
 * ```ts
 * import { Copyable, RemoteCopy, setUnjellyableForClass } from "@ropewalk/spread";
 *
 * class Pond extends Copyable {
 *   static readonly wireName = "pond.Pond";
 *   frogs = 3;
 * }
 * class RemotePond extends RemoteCopy {
 *   frogs = 0;
 * }
 * setUnjellyableForClass("pond.Pond", RemotePond);
 * ```
 */
export class Copyable implements Jellyable {
  /** What the peer gets: by default the object's own fields, without the private ones. */
  getStateToCopy(): unknown {
    return { ...this };
  }

  /**
   * As {@linkcode getStateToCopy}, for one avatar.
   *
   * @param _perspective The avatar whose peer gets the copy, or `null`.
   */
  getStateToCopyFor(_perspective: unknown): unknown {
    return this.getStateToCopy();
  }

  /** The name of its type on the wire: by default the class's `static wireName`, else its name. */
  getTypeToCopy(): string {
    return wireNameOf(this.constructor as AnyClass);
  }

  /** As {@linkcode getTypeToCopy}, for one avatar. */
  getTypeToCopyFor(_perspective: unknown): string {
    return this.getTypeToCopy();
  }

  /** Sends type and state. */
  jellyFor(jellier: Jellier): void {
    const { perspective } = jellier;
    jellier.copy(this, this.getTypeToCopyFor(perspective), () => this.getStateToCopyFor(perspective));
  }
}

/** A copy of a peer's `Copyable`. */
export class RemoteCopy {
  /**
   * Takes the state; by default each field of it becomes one of this object.
   *
   * @param state What the peer's `getStateToCopy` gave.
   */
  setCopyableState(state: unknown): void {
    assignState(this, state);
  }
}

/** Makes the fields of a state those of an object. */
export function assignState(object: object, state: unknown): void {
  if (typeof state !== "object" || state === null) return;
  for (const name of Object.keys(state)) setField(object, name, (state as Record<string, unknown>)[name]);
}
