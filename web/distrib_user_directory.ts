/**
 * `UserDirectory`: the pages of a machine's users.
 * @module
 */
import type { ReactorTCP, ReactorUNIX } from "@ropewalk/reactor/core";
import type { FilePath } from "@ropewalk/reactor/filepath";
import { notFound } from "./error_page.ts";
import { File, type FileOptions } from "./file.ts";
import { escapeHTML } from "./html.ts";
import type { Request } from "./request.ts";
import { type Child, Resource } from "./resource.ts";
import { ResourceSubscription } from "./distrib_subscription.ts";

/** Says where the files of a user are; `null` if there is none of this name. */
export type HomeOf = (name: string) => FilePath | null | Promise<FilePath | null>;

/** Options of {@linkcode UserDirectory}. */
export interface UserDirectoryOptions {
  /** The directory in a home whose files are pages. @default "public_html" */
  userDirName?: string;
  /** The socket in a home where a user's own process answers, as a `ResourcePublisher`. @default ".twistd-web-pb" */
  userSocketName?: string;
  /** Makes the connections to these processes; without it there are none. */
  reactor?: ReactorTCP & ReactorUNIX;
  /** The names that are listed; without it nobody is told who is there. */
  names?: () => Iterable<string> | Promise<Iterable<string>>;
  /** Types, index pages and listings of the files. */
  files?: FileOptions;
}

/**
 * The pages of users: `ann/` is what is in `public_html` of her home, and, if there is a reactor, `ann.twistd/` what a
 * process of her own answers. Nothing outside a home can be reached, also not by a link that its owner made.
 *
 * @example
 * ```ts
 * import { Resource } from "@ropewalk/web";
 * import { UserDirectory } from "@ropewalk/web/distrib";
 * import { FilePath } from "@ropewalk/reactor/filepath";
 *
 * const homes = new FilePath("/home");
 * const root = new Resource();
 * root.putChild("users", new UserDirectory((name) => homes.child(name))); // /users/ann/
 * ```
 */
export class UserDirectory extends Resource {
  readonly #homeOf: HomeOf;
  readonly #options: UserDirectoryOptions;
  readonly #processes = new Map<string, ResourceSubscription>();

  /**
   * Makes one.
   *
   * @param homeOf Says where a user's files are. It is asked for any name that a client may think of; that it throws
   * `InsecurePath`, as `FilePath.child` does, is 404 too.
   * @param options Names of directories and sockets, and who is listed.
   */
  constructor(homeOf: HomeOf, options: UserDirectoryOptions = {}) {
    super();
    this.#homeOf = homeOf;
    this.#options = options;
  }

  /** The pages of a user; for `""` the list of users. */
  override getChild(name: string, _request: Request): Child {
    if (name === "") return new UserList(this);
    return this.#find(name);
  }

  /** Without its slash the address of the list would make wrong links: the client is sent on. */
  render_GET(request: Request): string {
    request.redirect(`${request.path}/`);
    return "";
  }

  async #find(name: string): Promise<Resource> {
    const { reactor, userDirName = "public_html", userSocketName = ".twistd-web-pb", files } = this.#options;
    const home = await this.#homeFor(name);
    if (home !== null) return new File(home.child(userDirName), files, home);
    const owner = /^(.+)\.twistd$/.exec(name)?.[1];
    if (reactor === undefined || owner === undefined) return notFound();
    const ownersHome = await this.#homeFor(owner);
    if (ownersHome === null) return notFound();
    const { path } = ownersHome.child(userSocketName);
    let process = this.#processes.get(path);
    if (process === undefined) {
      process = new ResourceSubscription("unix", path, { reactor });
      this.#processes.set(path, process);
    }
    return process;
  }

  async #homeFor(name: string): Promise<FilePath | null> {
    try {
      const home = await this.#homeOf(name);
      return home !== null && await home.isDirectory() ? home : null;
    } catch (error) {
      if ((error as { name?: unknown } | null)?.name === "InsecurePath") return null;
      throw error;
    }
  }

  /** @ignore */
  async _list(): Promise<string> {
    const names = [...await this.#options.names?.() ?? []];
    const item = (name: string) =>
      `<li><a href="./${escapeHTML(encodeURIComponent(name))}/">${escapeHTML(name)}</a></li>\n`;
    return '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n' +
      '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>Users</title>\n</head>\n' +
      `<body>\n<h1>Users</h1>\n<ul>\n${names.map(item).join("")}</ul>\n</body>\n</html>\n`;
  }
}

class UserList extends Resource {
  constructor(readonly users: UserDirectory) {
    super();
  }

  render_GET(): Promise<string> {
    return this.users._list();
  }
}
