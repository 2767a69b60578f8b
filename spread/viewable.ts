/**
 * `Viewable`: an object that is told who calls it.
 * @module
 */
import type { Broker } from "./broker.ts";
import type { Jellier, Jellyable } from "./jellier.ts";
import { callExposed, type CallTarget, PERSPECTIVE, STANDS_FOR } from "./referenceable.ts";
import type { Kwargs } from "./values.ts";
import { REMOTE } from "./_vocabulary.ts";

/**
 * As `Referenceable`, but each call brings the avatar it was sent to. Its methods that begin with `view_` can be
 * called; their first argument is the avatar.
 *
 * @example
 * ```ts
 * import { type Avatar, Viewable } from "@ropewalk/spread";
 *
 * class Board extends Viewable {
 *   readonly moves: [Avatar, string][] = [];
 *   view_move(who: Avatar, move: string): void {
 *     this.moves.push([who, move]);
 *   }
 * }
 * ```
 */
export class Viewable implements Jellyable {
  /** Calls the `view_` method of that name. */
  viewMessageReceived(
    _broker: Broker,
    perspective: unknown,
    name: string,
    args: unknown[],
    named: Kwargs | null,
  ): unknown {
    return callExposed(this, "view_", name, [perspective, ...args], named);
  }

  /** Sends a reference that belongs to the avatar it is sent for. */
  jellyFor(jellier: Jellier): void {
    viewPoint(jellier.perspective, this).jellyFor(jellier);
  }
}

/** What can be seen by several avatars: a `Viewable`, or another object that takes calls in this form. */
export interface Visible {
  /** A call came from `perspective`. */
  viewMessageReceived(
    broker: Broker,
    perspective: unknown,
    name: string,
    args: unknown[],
    named: Kwargs | null,
  ): unknown;
}

/** One avatar's view of one object. */
export class ViewPoint implements CallTarget, Jellyable {
  /**
   * Makes one.
   *
   * @param perspective The avatar.
   * @param object What it sees.
   */
  constructor(readonly perspective: unknown, readonly object: Visible) {}

  /** The avatar. */
  get [PERSPECTIVE](): unknown {
    return this.perspective;
  }

  /** The object. */
  get [STANDS_FOR](): object {
    return this.object;
  }

  /** Hands the call to the object, with the avatar. */
  remoteMessageReceived(broker: Broker, name: string, args: unknown[], named: Kwargs | null): unknown {
    return this.object.viewMessageReceived(broker, this.perspective, name, args, named);
  }

  /** Sends a reference. */
  jellyFor(jellier: Jellier): void {
    jellier.remote(this, REMOTE);
  }
}

// The same avatar and the same object make the same view, so that it is one reference for the peer.
const views = new WeakMap<Visible, WeakMap<object, ViewPoint>>();
const NOBODY = {};

/** The view that an avatar has of an object; always the same. */
export function viewPoint(perspective: unknown, object: Visible): ViewPoint {
  const key = typeof perspective === "object" && perspective !== null ? perspective : NOBODY;
  let ofObject = views.get(object);
  if (ofObject === undefined) views.set(object, ofObject = new WeakMap());
  let view = ofObject.get(key);
  if (view === undefined) ofObject.set(key, view = new ViewPoint(perspective, object));
  return view;
}
