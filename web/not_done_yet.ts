/**
 * What a render method returns in place of a body.
 * @module
 */

/**
 * Returned by a render method whose answer comes later: it will call `request.write` and `request.finish` itself.
 *
 * @example
 * ```ts
 * import { NOT_DONE_YET, type Request, Resource } from "@ropewalk/web";
 *
 * class Slow extends Resource {
 *   override isLeaf = true;
 *   render_GET(request: Request): typeof NOT_DONE_YET {
 *     request.reactor.callLater(1, () => {
 *       request.write("done");
 *       request.finish();
 *     });
 *     return NOT_DONE_YET;
 *   }
 * }
 * ```
 */
export const NOT_DONE_YET: unique symbol = Symbol.for("ropewalk.NOT_DONE_YET");

/**
 * Returned by `setETag` and `setLastModified` when the client has the page already: the answer is 304 (or 412), and no
 * body is sent.
 */
export const CACHED: unique symbol = Symbol.for("ropewalk.CACHED");
