/**
 * An HTTP/1.1 client: an agent that requests pages over the reactor, and agents to put around it.
 *
 * @module
 */
export { Agent } from "./_client/agent.ts";
export { HTTPConnectionPool } from "./_client/pool.ts";
export { readBody } from "./_client/read_body.ts";
export { FileBodyProducer, StreamBodyProducer } from "./_client/body_sources.ts";
export * from "./_client/errors.ts";
export { ClientResponse, UNKNOWN_LENGTH } from "./_client/response.ts";
