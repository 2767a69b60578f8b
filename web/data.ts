/**
 * `Data`: a page that never changes.
 * @module
 */
import { encodeUtf8 } from "@ropewalk/protocols/bytes";
import type { Request } from "./request.ts";
import { Resource } from "./resource.ts";

/**
 * A page that never changes: some bytes or text, and its type.
 *
 * @example
 * ```ts
 * import { Data, Resource } from "@ropewalk/web";
 *
 * const root = new Resource();
 * root.putChild("robots.txt", new Data("User-agent: *\n", "text/plain; charset=utf-8"));
 * ```
 */
export class Data extends Resource {
  /** Answers for everything below it too. */
  override isLeaf = true;
  /** The bytes. */
  readonly data: Uint8Array;

  /**
   * Makes one.
   *
   * @param data The bytes; text is sent as UTF-8.
   * @param type The value of `Content-Type`.
   */
  constructor(data: Uint8Array | string, readonly type: string) {
    super();
    this.data = typeof data === "string" ? encodeUtf8(data) : data;
  }

  /** Answers GET and HEAD. */
  render_GET(request: Request): Uint8Array {
    request.setHeader("content-type", this.type);
    return this.data;
  }
}
