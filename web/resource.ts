/**
 * `Resource`: one node of the tree that a site is made of.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import { errorBody, refuseMethod } from "./_error_body.ts";
import type { NOT_DONE_YET } from "./not_done_yet.ts";
import type { Request } from "./request.ts";

/** What a render method may return: the body, a promise of it, or word that it comes later. */
export type RenderResult =
  | string
  | Uint8Array
  | typeof NOT_DONE_YET
  | ReadableStream<Uint8Array>
  | AsyncIterable<string | Uint8Array>
  | Response
  | Deferred<RenderBody>
  | Promise<RenderBody>;

/** What a Deferred or promise of a render method may come to. */
export type RenderBody =
  | string
  | Uint8Array
  | typeof NOT_DONE_YET
  | ReadableStream<Uint8Array>
  | AsyncIterable<string | Uint8Array>
  | Response;

/** A child, or a Deferred or promise of it. */
export type Child = Resource | Deferred<Resource> | Promise<Resource>;

type RenderMethod = (request: Request) => RenderResult;
type Methods = Record<string, RenderMethod | undefined>;

const allowed = new WeakMap<object, readonly string[]>();

/**
 * One node of a site. A subclass has `render_GET`, `render_POST` and so on for what it answers, and {@linkcode getChild}
 * if its children are made on demand. HEAD is answered through `render_GET`; other methods get a 405 that says which
 * there are.
 *
 * @example
 * ```ts
 * import { type Request, Resource, Site } from "@ropewalk/web";
 *
 * class Greeting extends Resource {
 *   override isLeaf = true;
 *   render_GET(request: Request) {
 *     return `hello, ${request.args.get("name") ?? "you"}`;
 *   }
 * }
 *
 * const root = new Resource();
 * root.putChild("greeting", new Greeting());
 * const site = new Site(root); // give it to a port
 * ```
 */
export class Resource {
  /** The methods a class answers, where it does not show from its `render_` methods. */
  static allowedMethods?: readonly string[];
  /** True for a resource that answers for everything below it too; the rest of the path is in `request.postpath`. */
  isLeaf = false;
  /**
   * True for a resource that is rendered as soon as the head of a request is there, if the body is not: it takes that by
   * `request.deliverBody`, at its own pace. `request.content` and the arguments of a form stay empty then.
   */
  streamsBody = false;
  /** The children that {@linkcode putChild} added. */
  get children(): Map<string, Resource> {
    return this.#children ??= new Map();
  }

  #children: Map<string, Resource> | null = null; // many resources are made for one request, and have none

  /**
   * Adds a child. It goes before what {@linkcode getChild} would return.
   *
   * @param path One segment of a path, decoded; `""` is the page of the directory itself.
   * @param child The resource.
   */
  putChild(path: string, child: Resource): void {
    if (typeof path !== "string") throw new TypeError("Cannot add a child: its path is no text");
    if (!(child instanceof Resource)) throw new TypeError("Cannot add a child: it is no Resource");
    this.children.set(path, child);
  }

  /** Removes a child that {@linkcode putChild} added. */
  delEntity(path: string): void {
    this.children.delete(path);
  }

  /** The names of the children that {@linkcode putChild} added. */
  listNames(): string[] {
    return [...this.children.keys()];
  }

  /**
   * Makes a child on demand.
   *
   * @param _path One segment, decoded.
   * @param _request The request; `request.postpath` holds the segments after this one.
   * @returns The child, or a Deferred or promise of it. Without an override there are none: a 404.
   */
  getChild(_path: string, _request: Request): Child {
    return MISSING;
  }

  /** The child that {@linkcode putChild} added, else what {@linkcode getChild} returns. */
  getChildWithDefault(path: string, request: Request): Child {
    return this.#children?.get(path) ?? this.getChild(path, request);
  }

  /**
   * Whether the body of a request is a stream for whoever answers it: asked when the head is there, of the root first.
   * Children are looked for among those of {@linkcode putChild} only, since others may want to see the body. A resource
   * that stands before others, and finds them in its own way, overrides this if it can tell without a body.
   *
   * @param path The segments of the path below this resource, decoded.
   * @param request The request; it must stay as it is.
   */
  streamsBodyAt(path: readonly string[], request: Request): boolean {
    if (this.isLeaf || path.length === 0) return this.streamsBody;
    if (this.getChildWithDefault !== Resource.prototype.getChildWithDefault) return false;
    return this.children.get(path[0]!)?.streamsBodyAt(path.slice(1), request) ?? false;
  }

  /**
   * Answers a request, by the `render_` method for it.
   *
   * @returns The body; or {@linkcode NOT_DONE_YET}, and the answer comes by `request.write` and `request.finish`.
   */
  render(request: Request): RenderResult {
    const methods = this as unknown as Methods;
    switch (request.method) { // the usual ones without making a name
      case "GET":
        if (methods.render_GET !== undefined) return methods.render_GET(request);
        break;
      case "POST":
        if (methods.render_POST !== undefined) return methods.render_POST(request);
        break;
      case "HEAD":
        if (methods.render_HEAD !== undefined) return methods.render_HEAD(request);
        if (methods.render_GET !== undefined) return methods.render_GET(request);
        break;
      default: {
        const name = `render_${request.method}`;
        if (typeof methods[name] === "function") return methods[name](request);
      }
    }
    return this.renderUnsupported(request);
  }

  /** Answers a method for which there is no `render_` method. */
  protected renderUnsupported(request: Request): RenderResult {
    return refuseMethod(request, this.allowedMethods());
  }

  /** The methods that this resource answers. */
  allowedMethods(): readonly string[] {
    return (this.constructor as typeof Resource).allowedMethods ?? methodsOf(this);
  }
}

function methodsOf(resource: Resource): readonly string[] {
  const proto = Object.getPrototypeOf(resource) as object;
  const known = allowed.get(proto);
  const own = Object.keys(resource).filter((key) => key.startsWith("render_")); // assigned to the object itself
  if (known !== undefined && own.length === 0) return known;
  const found = new Set(own.map((key) => key.slice("render_".length)));
  for (let at: object = proto; at !== Resource.prototype; at = Object.getPrototypeOf(at)) {
    for (const key of Object.getOwnPropertyNames(at)) {
      if (key.startsWith("render_")) found.add(key.slice("render_".length));
    }
  }
  if (found.has("GET")) found.add("HEAD");
  const methods = [...found].sort();
  if (own.length === 0) allowed.set(proto, methods);
  return methods;
}

class Missing extends Resource {
  override isLeaf = true;

  override render(request: Request): RenderResult {
    return errorBody(request, 404, "There is nothing at this address.");
  }
}

const MISSING = new Missing();
