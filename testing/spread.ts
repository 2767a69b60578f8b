/**
 * Tests of Perspective Broker programs with no network.
 *
 * @example
 * ```ts
 * import { PBError, Root } from "@ropewalk/spread";
 * import { failureResultOf } from "@ropewalk/testing";
 * import { connectedRoot } from "@ropewalk/testing/spread";
 *
 * class NotHere extends PBError {}
 * class Fussy extends Root {
 *   remote_get(key: string): string {
 *     throw new NotHere(`no ${key} here`);
 *   }
 * }
 *
 * const { reference, pump } = connectedRoot(new Fussy());
 * const answer = reference.callRemote("get", "k");
 * pump.flush();
 * failureResultOf(answer, "NotHere");
 * ```
 *
 * @module
 */
export { type ConnectedRoot, connectedRoot, type ConnectedRootOptions } from "./spread/connected_root.ts";
