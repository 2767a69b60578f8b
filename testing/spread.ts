/**
 * Tests of Perspective Broker programs with no network.
 *
 * @example
 * ```ts
 * import { Root } from "@ropewalk/spread";
 * import { failureResultOf } from "@ropewalk/testing";
 * import { connectedRoot } from "@ropewalk/testing/spread";
 *
 * class Fussy extends Root {
 *   remote_get(key: string): string {
 *     throw new RangeError(`no ${key} here`);
 *   }
 * }
 *
 * const { reference, pump } = connectedRoot(new Fussy());
 * const answer = reference.callRemote("get", "k");
 * pump.flush();
 * failureResultOf(answer, "RangeError");
 * ```
 *
 * @module
 */
export { type ConnectedRoot, connectedRoot, type ConnectedRootOptions } from "./spread/connected_root.ts";
