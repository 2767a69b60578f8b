/**
 * Tests of web programs with no server: render a resource, and stand in for the whole web.
 *
 * @example
 * ```ts
 * import { Data } from "@ropewalk/web";
 * import { renderResource } from "@ropewalk/testing/web";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(renderResource(new Data("hello", "text/plain"), "GET /").text(), "hello");
 * ```
 *
 * @module
 */
export { RenderedResponse, type RenderOptions, renderResource } from "./web/rendered_response.ts";
export { RequestTraversalAgent, type RequestTraversalAgentOptions } from "./web/request_traversal_agent.ts";
