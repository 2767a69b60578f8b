/**
 * Several sites on one port, and one site behind another server.
 * @module
 */
import { notFound } from "./error_page.ts";
import type { Request } from "./request.ts";
import { type Child, type RenderResult, Resource } from "./resource.ts";

/**
 * Chooses a tree by the host that the client asks for. Ports and case make no difference.
 *
 * @example
 * ```ts
 * import { Data, NameVirtualHost, Site } from "@ropewalk/web";
 *
 * const hosts = new NameVirtualHost();
 * hosts.addHost("a.example", new Data("this is a", "text/plain"));
 * hosts.default = new Data("who?", "text/plain");
 * const site = new Site(hosts);
 * ```
 */
export class NameVirtualHost extends Resource {
  /** Answers for hosts that were not added; without it they get a 404. */
  default: Resource | null = null;
  /** The trees by host. */
  readonly hosts: Map<string, Resource> = new Map();

  /**
   * Adds a host.
   *
   * @param name The host, without a port.
   * @param resource The root of its tree.
   */
  addHost(name: string, resource: Resource): void {
    this.hosts.set(name.toLowerCase(), resource);
  }

  /** Removes a host. */
  removeHost(name: string): void {
    this.hosts.delete(name.toLowerCase());
  }

  #resourceFor(request: Request): Resource {
    return this.hosts.get(request.getRequestHostname().toLowerCase()) ?? this.default ?? notFound();
  }

  /** The child for one segment of the path. */
  override getChildWithDefault(path: string, request: Request): Child {
    const root = this.#resourceFor(request);
    if (!root.isLeaf) return root.getChildWithDefault(path, request);
    request.postpath.unshift(request.prepath.pop()!); // a leaf answers for the whole path
    return root;
  }

  /** As the tree of the host says. */
  override streamsBodyAt(path: readonly string[], request: Request): boolean {
    return this.#resourceFor(request).streamsBodyAt(path, request);
  }

  /** Answers a request. */
  override render(request: Request): RenderResult {
    return this.#resourceFor(request).render(request);
  }
}

/**
 * For a site behind another server that knows its real name: `/http/www.example:80/a/b` is `/a/b`, and the request
 * believes that it was asked for at `http://www.example/`.
 *
 * @example
 * ```ts
 * import { Resource, VHostMonsterResource } from "@ropewalk/web";
 *
 * const root = new Resource();
 * root.putChild("vhost", new VHostMonsterResource());
 * ```
 */
export class VHostMonsterResource extends Resource {
  /** The child for one segment of the path. */
  override getChild(path: string): Child {
    return path === "http" || path === "https" ? new MonsterHost(path === "https") : notFound();
  }
}

class MonsterHost extends Resource {
  constructor(readonly secure: boolean) {
    super();
  }

  override getChild(path: string, request: Request): Child {
    const match = /^(\[[^\]]+\]|[^:]*)(?::(\d{1,5}))?$/.exec(path);
    if (match === null || match[1] === "") return notFound();
    request.setHost(match[1]!, Number(match[2] ?? (this.secure ? 443 : 80)), this.secure);
    const gone = request.prepath.length; // where the monster is, the scheme and the host
    request.path = `/${request.path.split("/").slice(1 + gone).join("/")}`;
    request.uri = request.query === "" ? request.path : `${request.path}?${request.query}`;
    request.prepath = [];
    return request.site.getResourceFor(request);
  }
}
