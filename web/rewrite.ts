/**
 * Paths that are changed on their way through the tree.
 * @module
 */
import type { Request } from "./request.ts";
import { type Child, type RenderResult, Resource } from "./resource.ts";

/** Changes a request's `postpath`, or anything else of it. */
export type RewriteRule = (request: Request) => void;

/** A tree that sees its requests after some rules have changed them. `rewrite` makes it. */
export class RewriterResource extends Resource {
  readonly #rules: readonly RewriteRule[];

  /**
   * Makes one.
   *
   * @param resource The tree.
   * @param rules Called in order, for each request.
   */
  constructor(readonly resource: Resource, ...rules: RewriteRule[]) {
    super();
    this.#rules = rules;
  }

  /** The child for one segment of the path. */
  override getChildWithDefault(path: string, request: Request): Child {
    request.postpath.unshift(path);
    request.prepath.pop();
    for (const rule of this.#rules) rule(request);
    const { resource } = this;
    if (resource.isLeaf || request.postpath.length === 0) return resource;
    const next = request.postpath.shift()!;
    request.prepath.push(next);
    return resource.getChildWithDefault(next, request);
  }

  /** Answers a request. */
  override render(request: Request): RenderResult {
    for (const rule of this.#rules) rule(request);
    return this.resource.render(request);
  }
}

/**
 * Puts rules before a tree.
 *
 * @param resource The tree.
 * @param rules Called in order, for each request.
 *
 * @example
 * ```ts
 * import { alias, Resource, rewrite, Site } from "@ropewalk/web";
 *
 * const site = new Site(rewrite(new Resource(), alias("old/place", "new")));
 * ```
 */
export function rewrite(resource: Resource, ...rules: RewriteRule[]): Resource {
  return new RewriterResource(resource, ...rules);
}

/**
 * A rule that puts one path in place of another.
 *
 * @param from What a path has to begin with: `"old/place"`.
 * @param to What stands there instead.
 */
export function alias(from: string, to: string): RewriteRule {
  const before = from.split("/").filter((segment) => segment !== "");
  const after = to.split("/").filter((segment) => segment !== "");
  return ({ postpath }) => {
    if (before.every((segment, index) => postpath[index] === segment)) {
      postpath.splice(0, before.length, ...after);
    }
  };
}
