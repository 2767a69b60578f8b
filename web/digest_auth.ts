/**
 * Digest authentication (RFC 7616): the password is proved, not sent.
 * @module
 */
import { LoginFailed, md5, sameSecret, UsernameHashedPassword } from "@ropewalk/cred";
import { concatBytes, encodeUtf8 } from "@ropewalk/protocols/bytes";
import type { CredentialFactory } from "./http_auth.ts";
import type { Request } from "./request.ts";

/** How long a challenge can be answered, in seconds. */
const CHALLENGE_SECONDS = 900;

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const digest = (text: string): string => hex(md5(encodeUtf8(text)));
const randomHex = (): string => hex(crypto.getRandomValues(new Uint8Array(16)));

/** The answer to a challenge of {@linkcode DigestCredentialFactory}. */
export class DigestedCredentials extends UsernameHashedPassword {
  /** Who they say they are. */
  override readonly username: string;
  readonly #method: string;
  readonly #realm: string;
  readonly #fields: ReadonlyMap<string, string>;

  /**
   * Makes one.
   *
   * @param username The name.
   * @param method The method of the request that was signed.
   * @param realm The realm of the challenge.
   * @param fields What the client sent, by names in lower case.
   */
  constructor(username: string, method: string, realm: string, fields: ReadonlyMap<string, string>) {
    super();
    this.username = username;
    this.#method = method;
    this.#realm = realm;
    this.#fields = fields;
  }

  /** Whether the answer was made with this password. */
  override checkPassword(password: string | Uint8Array): boolean {
    const start = encodeUtf8(`${this.username}:${this.#realm}:`);
    const secret = typeof password === "string" ? encodeUtf8(password) : password;
    return this.checkHash(hex(md5(concatBytes([start, secret]))));
  }

  /**
   * Whether the answer was made with the password of this hash: for checkers that do not store passwords.
   *
   * @param hash The MD5 of `user:realm:password`, in hexadecimal digits, as `htdigest` writes it.
   */
  checkHash(hash: string): boolean {
    const field = (name: string): string => this.#fields.get(name) ?? "";
    const signed = digest(`${this.#method}:${field("uri")}`);
    const between = this.#fields.has("qop")
      ? `${field("nonce")}:${field("nc")}:${field("cnonce")}:${field("qop")}`
      : field("nonce"); // the way of RFC 2069
    return sameSecret(digest(`${hash.toLowerCase()}:${between}:${signed}`), field("response").toLowerCase());
  }
}

/**
 * Digest authentication with MD5, which is what all browsers have. A challenge is good for 900 seconds, for the address
 * it was sent to; nothing is kept of it: what has to be known is in its `opaque`, signed.
 *
 * @example
 * ```ts
 * import { DigestCredentialFactory, HTTPAuthSessionWrapper, Resource } from "@ropewalk/web";
 * import { InMemoryUsernamePasswordDatabase, Portal } from "@ropewalk/cred";
 *
 * const users = new InMemoryUsernamePasswordDatabase({ ada: "secret" });
 * const realm = { requestAvatar: () => ({ avatar: new Resource() }) };
 * const factory = new DigestCredentialFactory("md5", "my site");
 * const wrapper = new HTTPAuthSessionWrapper(new Portal(realm, [users]), [factory]);
 * ```
 */
export class DigestCredentialFactory implements CredentialFactory {
  /** `"digest"` */
  readonly scheme = "digest";
  /** The algorithm, in lower case. */
  readonly algorithm: string;
  readonly #key = randomHex();

  /**
   * Offers digest authentication.
   *
   * @param algorithm `"md5"`, in any case.
   * @param realm What the user is asked to log in to.
   * @throws {RangeError} If the algorithm is another one.
   */
  constructor(algorithm: string, readonly realm: string) {
    this.algorithm = algorithm.toLowerCase();
    if (this.algorithm !== "md5") throw new RangeError(`Cannot digest with ${algorithm}: only MD5 is here`);
  }

  /** A new challenge. */
  getChallenge(request: Request): Record<string, string> {
    const nonce = randomHex();
    return {
      nonce,
      opaque: this.#opaque(`${nonce},${clientOf(request)},${Math.floor(request.reactor.seconds())}`),
      qop: "auth",
      algorithm: this.algorithm.toUpperCase(), // as the RFC writes it: some clients know no other
      realm: this.realm,
    };
  }

  /** Takes the answer to a challenge apart, and makes sure that the challenge was ours and is not too old. */
  decode(response: string, request: Request): DigestedCredentials {
    const fields = parseFields(response);
    const username = fields.get("username") ?? "";
    if (username === "") throw new LoginFailed("The answer names no user");
    if (!fields.has("nonce")) throw new LoginFailed("The answer has no nonce");
    if (!fields.has("opaque")) throw new LoginFailed("The answer has no opaque value");
    if ((fields.get("algorithm") ?? "md5").toLowerCase() !== this.algorithm) {
      throw new LoginFailed("The answer is by another algorithm");
    }
    if ((fields.get("qop") ?? "auth") !== "auth") throw new LoginFailed("The answer protects something else");
    if (fields.get("uri") !== request.uri) throw new LoginFailed("The answer is for another address");
    if ((fields.get("realm") ?? this.realm) !== this.realm) {
      throw new LoginFailed("The answer is for another realm");
    }
    this.#verify(fields.get("opaque")!, fields.get("nonce")!, request);
    return new DigestedCredentials(username, request.method, this.realm, fields);
  }

  #opaque(told: string): string {
    return `${this.#sign(told)}-${btoa(told)}`;
  }

  // Two rounds, as HMAC has: what one round signs can be made longer by others.
  #sign(told: string): string {
    return digest(this.#key + digest(this.#key + told));
  }

  #verify(opaque: string, nonce: string, request: Request): void {
    const dash = opaque.indexOf("-");
    let told: string;
    try {
      told = atob(opaque.slice(dash + 1));
    } catch (cause) {
      throw new LoginFailed("The opaque value is malformed", { cause });
    }
    if (!sameSecret(opaque.slice(0, Math.max(0, dash)), this.#sign(told))) {
      throw new LoginFailed("The opaque value is not ours");
    }
    const [itsNonce, client, when] = told.split(",");
    if (itsNonce !== nonce) throw new LoginFailed("The opaque value belongs to another nonce");
    if (client !== clientOf(request)) throw new LoginFailed("The challenge was sent to another address");
    if (Math.floor(request.reactor.seconds()) - Number(when) > CHALLENGE_SECONDS) {
      throw new LoginFailed("The challenge is too old");
    }
  }
}

function clientOf(request: Request): string {
  return request.getClientIP() ?? "-";
}

const FIELD = /\s*([!#$%&'*+.^_`|~\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]*))\s*(?:,|$)/y;

// name=value, name="va\"lue"
function parseFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < text.length) {
    const match = FIELD.exec(text);
    if (match === null) throw new LoginFailed("The answer is malformed");
    const name = match[1]!.toLowerCase();
    if (fields.has(name)) throw new LoginFailed("The answer says something twice");
    fields.set(name, match[3] ?? match[2]!.replace(/\\(.)/g, "$1"));
  }
  return fields;
}
