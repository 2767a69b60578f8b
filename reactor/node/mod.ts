/**
 * The reactor on Node.
 * @module
 */
export { NodeReactor } from "./node_reactor.ts";
export { registerHostEndpoints, StandardIOEndpoint } from "./host_endpoints.ts";
