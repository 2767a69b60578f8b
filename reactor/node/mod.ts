/**
 * The reactor on Node.
 * @module
 */
export { NodeReactor } from "./node_reactor.ts";
