/**
 * Protocols that never touch a socket.
 * @module
 */
export { ClientFactory, Factory, ServerFactory } from "./factory.ts";
export { Protocol } from "./protocol.ts";
