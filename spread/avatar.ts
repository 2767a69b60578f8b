/**
 * `Avatar`: what a user who has logged in may do.
 * @module
 */
import type { Broker } from "./broker.ts";
import { callExposed } from "./referenceable.ts";
import type { Kwargs } from "./values.ts";

/**
 * The object a client gets from `login`. Its methods that begin with `perspective_` can be called, no others.
 *
 * @example
 * ```ts
 * import { Avatar } from "@ropewalk/spread";
 *
 * class User extends Avatar {
 *   constructor(readonly name: string) {
 *     super();
 *   }
 *   perspective_whoami(): string {
 *     return this.name;
 *   }
 * }
 * ```
 */
export class Avatar {
  /** Calls the `perspective_` method of that name. */
  perspectiveMessageReceived(_broker: Broker, name: string, args: unknown[], named: Kwargs | null): unknown {
    return callExposed(this, "perspective_", name, args, named);
  }
}
