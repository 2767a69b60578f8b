/**
 * The reactor on Node.
 * @example
 * ```ts
 * import { NodeReactor } from "@ropewalk/reactor/node";
 *
 * const reactor = new NodeReactor(); // opens nothing until it is used
 * await new Promise<void>((resolve) => reactor.callLater(0, () => resolve())); // in a later turn
 * ```
 *
 * @module
 */
export { NodeReactor } from "./node_reactor.ts";
export { registerHostEndpoints, StandardIOEndpoint } from "./host_endpoints.ts";
