/**
 * The answer to `OPTIONS *`.
 * @module
 */
import { refuseMethod } from "./_error_body.ts";
import type { Request } from "./request.ts";
import { type RenderResult, Resource } from "./resource.ts";

/** Answers `OPTIONS *`, which asks about the server and no page (RFC 9110 §9.3.7). */
export class ServerOptions extends Resource {
  override isLeaf = true;

  override render(request: Request): RenderResult {
    if (request.method !== "OPTIONS") return refuseMethod(request, ["OPTIONS"]);
    request.setHeader("allow", "GET, HEAD, OPTIONS, POST, PUT, DELETE, PATCH");
    return "";
  }
}
