/**
 * Pages for those who log in: HTTP authentication over a portal of `@ropewalk/cred`.
 * @module
 */
import {
  Anonymous,
  type Credentials,
  type Login,
  LoginFailed,
  type Portal,
  UsernamePassword,
} from "@ropewalk/cred";
import { decodeUtf8, fromLatin1 } from "@ropewalk/protocols/bytes";
import { errorBody } from "./_error_body.ts";
import type { Request } from "./request.ts";
import { type Child, type RenderResult, Resource } from "./resource.ts";

/** One scheme of HTTP authentication. */
export interface CredentialFactory {
  /** Its name, in lower case: `"basic"`. */
  readonly scheme: string;
  /** What the client is told it needs: the parameters of `WWW-Authenticate`. */
  getChallenge(request: Request): Record<string, string>;
  /**
   * Reads what the client sent after the scheme's name.
   *
   * @throws {LoginFailed} If it is malformed.
   */
  decode(response: string, request: Request): Credentials;
}

/**
 * Name and password in the clear (RFC 7617): over TLS only.
 *
 * @example
 * ```ts
 * import { BasicCredentialFactory, HTTPAuthSessionWrapper, Resource } from "@ropewalk/web";
 * import { InMemoryUsernamePasswordDatabase, Portal } from "@ropewalk/cred";
 *
 * const users = new InMemoryUsernamePasswordDatabase();
 * users.addUser("ada", "secret");
 * const realm = { requestAvatar: () => ({ avatar: new Resource() }) };
 * const wrapper = new HTTPAuthSessionWrapper(new Portal(realm, [users]), [new BasicCredentialFactory("my site")]);
 * ```
 */
export class BasicCredentialFactory implements CredentialFactory {
  /** `"basic"` */
  readonly scheme = "basic";

  /**
   * Offers basic authentication.
   *
   * @param realm What the user is asked to log in to.
   */
  constructor(readonly realm: string) {}

  /** Tells the realm. */
  getChallenge(_request: Request): Record<string, string> {
    return { realm: this.realm, charset: "UTF-8" };
  }

  /** Takes name and password apart. */
  decode(response: string, _request: Request): UsernamePassword {
    let text: string;
    try {
      text = decodeUtf8(fromLatin1(atob(response.trim())));
    } catch (cause) {
      throw new LoginFailed("The credentials are no base64", { cause });
    }
    const colon = text.indexOf(":");
    if (colon < 0) throw new LoginFailed("The credentials have no colon");
    return new UsernamePassword(text.slice(0, colon), text.slice(colon + 1));
  }
}

/** Lets those pass who can log in: the avatar, a {@linkcode Resource}, answers for all below. */
export class HTTPAuthSessionWrapper extends Resource {
  readonly #portal: Portal<Resource>;
  readonly #factories: readonly CredentialFactory[];

  /**
   * Puts a portal before a tree.
   *
   * @param portal Its realm makes avatars that are resources. Who sends no credentials is {@linkcode Anonymous}.
   * @param factories The schemes that are offered.
   */
  constructor(portal: Portal<Resource>, factories: readonly CredentialFactory[]) {
    super();
    this.#portal = portal;
    this.#factories = factories;
  }

  /** The child for one segment of the path. */
  override getChildWithDefault(path: string, request: Request): Child {
    request.postpath.unshift(path);
    request.prepath.pop();
    return this.#authorized(request).then((avatar) => {
      if (avatar.isLeaf || request.postpath.length === 0) return avatar;
      const next = request.postpath.shift()!;
      request.prepath.push(next);
      return avatar.getChildWithDefault(next, request);
    });
  }

  /** Answers a request. */
  override render(request: Request): RenderResult {
    return this.#authorized(request).then((avatar) => avatar.render(request)) as RenderResult;
  }

  async #authorized(request: Request): Promise<Resource> {
    let login: Login<Resource>;
    try {
      login = await this.#portal.login(this.#credentials(request), null, Resource);
    } catch (error) {
      if (error instanceof LoginFailed) return new Unauthorized(this.#factories);
      throw error;
    }
    request.notifyFinish().addBoth(() => void login.logout());
    return login.avatar;
  }

  #credentials(request: Request): Credentials {
    const header = request.getHeader("authorization");
    if (header === undefined) return new Anonymous();
    const space = header.indexOf(" ");
    const scheme = (space < 0 ? header : header.slice(0, space)).toLowerCase();
    const factory = this.#factories.find((one) => one.scheme === scheme);
    if (factory === undefined) throw new LoginFailed("This scheme is not offered");
    return factory.decode(space < 0 ? "" : header.slice(space + 1), request);
  }
}

/** 401, with what the client may use. */
class Unauthorized extends Resource {
  override isLeaf = true;

  constructor(readonly factories: readonly CredentialFactory[]) {
    super();
  }

  override render(request: Request): RenderResult {
    for (const factory of this.factories) {
      const parameters = Object.entries(factory.getChallenge(request))
        .map(([name, value]) => `${name}="${value.replace(/["\\]/g, "\\$&")}"`).join(", ");
      request.responseHeaders.append("www-authenticate", `${factory.scheme} ${parameters}`);
    }
    return errorBody(request, 401, "Log in to see this.");
  }
}
